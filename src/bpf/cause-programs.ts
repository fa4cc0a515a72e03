/**
 * Why processes end, from programs in the kernel: open, or not to be had for a reason. Nothing they write wakes anybody: it is read with
 * the end that it explains, which the kernel tells later.
 */
import type { CauseSource, CauseTaker } from '../cause/cause-source.ts';
import { CAUSE_KIND, SENT, signalAt, VICTIM, victimAt } from './cause-record.ts';
import { readKernelTypes } from './kernel-types.ts';
import { asBuffer } from './record-fields.ts';
import { orReason } from './refusal.ts';
import { signalProgram } from './signal-program.ts';
import { pageBytes } from './syscalls.ts';
import { Tracepoint } from './tracepoint.ts';
import { victimProgram } from './victim-program.ts';

export interface CauseOptions {
  /** Another file than the kernel's own description of its types. */
  readonly types?: string;
  /** A power of two and a multiple of the page. */
  readonly ringBytes?: number;
}

/** Some 7,700 signals. */
const RING_BYTES = 1024 * 1024;

class CausePrograms implements CauseSource {
  private readonly programs: Tracepoint;
  private readonly bytes: Buffer;
  private readonly pageBytes = pageBytes();

  constructor(programs: Tracepoint) {
    this.programs = programs;
    this.bytes = asBuffer(programs.bytes);
  }

  drain(taker: CauseTaker): boolean {
    const { bytes, programs } = this;
    programs.read((_, at, length) => {
      const kind = bytes.readUInt32LE(at + SENT.kind);
      if (kind === CAUSE_KIND.signal && length >= SENT.bytes) taker.take(signalAt(bytes, at));
      else if (kind === CAUSE_KIND.victim && length >= VICTIM.bytes) taker.mark(victimAt(bytes, at, this.pageBytes));
    });
    return programs.held === 0;
  }

  takeLost(): number {
    return this.programs.takeLost();
  }

  close(): void {
    this.programs.close();
  }
}

/** Takes some milliseconds, and what reading the kernel's types takes. */
export function openCausePrograms({
  types,
  ringBytes = RING_BYTES,
}: CauseOptions = {}): CauseSource | { readonly reason: string } {
  return orReason(() => {
    const btf = readKernelTypes(types);
    // Marks first: a signal for want of memory without its mark would be taken for another.
    return new CausePrograms(new Tracepoint([victimProgram(btf), signalProgram(btf)], { ringBytes }));
  });
}

/**
 * Execs that fail, from programs in the kernel: open, or not to be had for a reason. At the end of the calls themselves where the kernel
 * allows that, else at the end of every call.
 */
import type { Attempt, AttemptHook, AttemptSource } from '../attempts/attempt.ts';
import { type ArgsWish, everyCallProgram, execPrograms } from './attempt-program.ts';
import { attemptAt, FAILED } from './attempt-record.ts';
import type { Btf } from './btf.ts';
import { readKernelTypes } from './kernel-types.ts';
import { asBuffer } from './record-fields.ts';
import { orReason, Refusal } from './refusal.ts';
import { Tracepoint } from './tracepoint.ts';
import type { TracepointProgram } from './tracepoint-program.ts';

export interface AttemptOptions {
  readonly types?: string;
  readonly ringBytes?: number;
  /** Without arguments they are not even copied out of the process. */
  readonly args?: ArgsWish;
  /** Only there. */
  readonly hook?: AttemptHook;
}

/** Some 8,000 attempts of usual length. */
const RING_BYTES = 1024 * 1024;

class AttemptPrograms implements AttemptSource {
  readonly hook: AttemptHook;
  private readonly programs: Tracepoint;
  private readonly bytes: Buffer;

  constructor(hook: AttemptHook, programs: Tracepoint) {
    this.hook = hook;
    this.programs = programs;
    this.bytes = asBuffer(programs.bytes);
  }

  drain(take: (attempt: Attempt) => void): void {
    this.programs.read((_, at, length) => {
      if (length >= FAILED.args) take(attemptAt(this.bytes, at));
    });
  }

  takeLost(): number {
    return this.programs.takeLost();
  }

  onReadable: AttemptSource['onReadable'] = (listener) => this.programs.onReadable(listener);

  close(): void {
    this.programs.close();
  }
}

const HOOKS: Readonly<Record<AttemptHook, (btf: Btf, args: ArgsWish) => TracepointProgram[]>> = {
  fexit: execPrograms,
  sys_exit: (btf, args) => [everyCallProgram(btf, args)],
};

function open(btf: Btf, ringBytes: number, args: ArgsWish, [hook, ...others]: readonly AttemptHook[]): AttemptSource {
  try {
    return new AttemptPrograms(hook, new Tracepoint(HOOKS[hook](btf, args), { ringBytes, scratch: 'of each' }));
  } catch (error) {
    if (!(error instanceof Refusal) || others.length === 0) throw error;
    return open(btf, ringBytes, args, others);
  }
}

/** Takes some milliseconds, and what reading the kernel's types takes. */
export function openAttemptPrograms({
  types,
  ringBytes = RING_BYTES,
  args = 'with',
  hook,
}: AttemptOptions = {}): AttemptSource | { readonly reason: string } {
  const hooks: readonly AttemptHook[] = hook === undefined ? ['fexit', 'sys_exit'] : [hook];
  return orReason(() => open(readKernelTypes(types), ringBytes, args, hooks));
}

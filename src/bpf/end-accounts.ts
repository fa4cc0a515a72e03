/**
 * The exact account of every life (CPU time, peak memory, faults), from the kernel's last look at the process. It arrives 13 to 51 ms
 * after the end was told: right for summaries, and for records that may wait for it.
 */
import { endProgram } from './end-program.ts';
import { decodeEnd, type EndRecord } from './end-record.ts';
import { type CaptureOptions, orReason } from './exec-capture.ts';
import { readKernelTypes } from './kernel-types.ts';
import { Tracepoint } from './tracepoint.ts';

/** Some 2,000 ends. */
const RING_BYTES = 256 * 1024;

export class EndAccounts {
  private readonly tracepoint: Tracepoint;

  constructor(tracepoint: Tracepoint) {
    this.tracepoint = tracepoint;
  }

  /** What has arrived since, oldest first. */
  drain(): EndRecord[] {
    return this.tracepoint.drain().flatMap((bytes) => decodeEnd(bytes) ?? []);
  }

  takeLost(): number {
    return this.tracepoint.takeLost();
  }

  close(): void {
    this.tracepoint.close();
  }
}

/** Never throws for what the kernel, its types or the privileges refuse. */
export function openEndAccounts({
  types,
  ringBytes = RING_BYTES,
}: CaptureOptions = {}): { readonly accounts: EndAccounts } | { readonly reason: string } {
  return orReason(() => ({
    accounts: new EndAccounts(new Tracepoint(endProgram(readKernelTypes(types)), ringBytes)),
  }));
}

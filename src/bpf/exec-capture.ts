/**
 * The capture of every exec inside the kernel, open or not to be had: whatever stands in the way becomes one sentence, never an
 * exception, because /proc is always there to fall back on.
 */
import { execProgram } from './exec-program.ts';
import { readKernelTypes } from './kernel-types.ts';
import { reasonOf } from './refusal.ts';
import { Tracepoint } from './tracepoint.ts';

export interface ExecCapture {
  /** Records (exec-record.ts) that are complete, oldest first, each a copy of its own. */
  drain(): Uint8Array[];
  /** Execs without a record, because the ring was full, since this was last asked; exact. */
  takeLost(): number;
  close(): void;
}

export interface CaptureOptions {
  /** Another file than the kernel's own description of its types. */
  readonly types?: string;
  /** A power of two and a multiple of the page. */
  readonly ringBytes?: number;
  /** `without`: arguments are never copied out of the process. */
  readonly args?: 'with' | 'without';
}

/** Some 9,000 execs of usual length, or 32 of the longest. */
const RING_BYTES = 1024 * 1024;

/** Takes some 15 ms. Never throws for what the kernel, its types or the privileges refuse. */
export function openExecCapture({
  types,
  ringBytes = RING_BYTES,
  args = 'with',
}: CaptureOptions = {}): { readonly capture: ExecCapture } | { readonly reason: string } {
  return orReason(() => ({ capture: new Tracepoint([execProgram(readKernelTypes(types), args)], { ringBytes }) }));
}

/** What `open` gives, or the reason why it cannot. */
export function orReason<T>(open: () => T): T | { readonly reason: string } {
  try {
    return open();
  } catch (error) {
    const reason = reasonOf(error);
    if (reason === undefined) throw error;
    return { reason };
  }
}

/** Where accounts come from: exact ones from programs in the kernel, or taskstats. */
import type { WireEvent } from '../netlink/events.ts';
import type { Readiness } from '../netlink/socket.ts';
import type { ProcessRecord } from '../process/record.ts';
import type { Account } from './account.ts';

export interface AccountSource {
  /** An account may come after the exit was told, and is worth a wait. */
  readonly comesLate: boolean;
  /** Takes in all that is queued; returns how much that was. `now` in milliseconds. */
  drain(now: number): number;
  /** Ends of threads say whose they were, where accounts do not. */
  hear?(events: readonly WireEvent[], now: number): void;
  /** The account of this end, once. */
  take(end: ProcessRecord): Account | undefined;
  /** How many were lost on their way since this was last asked, where the kernel counts them. */
  takeLost?(): number;
  /** Called when the queue wants to be drained although nobody heard of an exit. */
  onReadable(listener: () => void): Readiness;
  close(): void;
}

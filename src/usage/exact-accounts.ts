/**
 * Exact accounts that have come from the programs in the kernel and wait to be asked for, within bounds. A process is known by its number
 * and its birth. Pure over its door.
 */
import type { Readiness } from '../netlink/socket.ts';
import type { Moment } from '../process/moment.ts';
import type { ProcessRecord } from '../process/record.ts';
import type { Account } from './account.ts';
import type { AccountSource } from './account-source.ts';
import type { ExactDoor, ExactEnd } from './doors.ts';

/** The clock tick of a birth that was read from /proc, and what lies between the event of a birth and the birth. */
const START_TOLERANCE_NANOS = 25e6;
/** Most are asked for within milliseconds; the others are of ends that nobody heard, or wanted. */
const MOST = 16_384;
const NANOS = 1e9;

const nanosOf = ({ seconds, nanos }: Moment): number => seconds * NANOS + nanos;

export class ExactAccounts implements AccountSource {
  readonly comesLate = true;
  private readonly door: ExactDoor;
  private readonly bootOffset: () => Moment;
  private readonly byPid = new Map<number, ExactEnd>();
  /** Nanoseconds; read once for all that is asked for until the next drain. */
  private ahead = 0;

  /** `bootOffset`: what CLOCK_BOOTTIME is ahead of the clock of the events. */
  constructor(door: ExactDoor, bootOffset: () => Moment) {
    this.door = door;
    this.bootOffset = bootOffset;
  }

  /** All that is kept. */
  get size(): number {
    return this.byPid.size;
  }

  drain(): number {
    const count = this.door.read(this.keep);
    this.ahead = nanosOf(this.bootOffset());
    for (const oldest of this.byPid.keys()) {
      if (this.byPid.size <= MOST) break;
      this.byPid.delete(oldest);
    }
    return count;
  }

  private readonly keep = (end: ExactEnd): void => {
    this.byPid.set(end.pid, end);
  };

  take({ pid, exit }: ProcessRecord): Account | undefined {
    const end = this.byPid.get(pid);
    if (end === undefined || !this.isOf(end, exit?.start, exit?.waitStatus)) return undefined;
    this.byPid.delete(pid);
    return end;
  }

  private isOf(end: ExactEnd, start: Moment | undefined, waitStatus: number | undefined): boolean {
    if (start === undefined) return waitStatus === end.waitStatus;
    return Math.abs(nanosOf(start) + this.ahead - end.startNanos) < START_TOLERANCE_NANOS;
  }

  onReadable(listener: () => void): Readiness {
    return this.door.onReadable(listener);
  }

  close(): void {
    this.door.close();
  }
}

/**
 * Exact accounts that have come from the program in the kernel and wait to be asked for, within bounds. A process is known by its number
 * and its birth. Pure.
 */
import { type Moment, minus, secondsBetween } from '../process/moment.ts';

/** What is used of the record our program writes when the kernel lets go of a process. */
export interface Exact {
  readonly tgid: number;
  /** On CLOCK_BOOTTIME. */
  readonly start: Moment;
  readonly waitStatus: number;
  readonly cpuNanos: number;
  /** Sampled by the clock tick: good for the ratio. */
  readonly userNanos: number;
  readonly systemNanos: number;
  readonly minorFaults: number;
  readonly majorFaults: number;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
}

/** Whose account is wanted, as far as it is known. */
export interface Whose {
  readonly pid: number;
  /** On CLOCK_MONOTONIC, as an event or a tick of /proc has it. */
  readonly start: Moment | undefined;
  readonly waitStatus: number | undefined;
}

const START_TOLERANCE_SECONDS = 0.025;
const MOST = 16_384;

export function isOf({ tgid, start, waitStatus }: Exact, whose: Whose, bootOffset: Moment): boolean {
  if (tgid !== whose.pid) return false;
  if (whose.start !== undefined) {
    return Math.abs(secondsBetween(whose.start, minus(start, bootOffset))) < START_TOLERANCE_SECONDS;
  }
  return whose.waitStatus === waitStatus;
}

/** They come before they are asked for only where exits are told late. */
export class ExactAccounts {
  private readonly byPid = new Map<number, Exact>();

  get size(): number {
    return this.byPid.size;
  }

  add(exact: Exact): void {
    this.byPid.delete(exact.tgid);
    this.byPid.set(exact.tgid, exact);
    if (this.byPid.size <= MOST) return;
    for (const oldest of this.byPid.keys()) {
      this.byPid.delete(oldest);
      break;
    }
  }

  take(whose: Whose, bootOffset: Moment): Exact | undefined {
    const exact = this.byPid.get(whose.pid);
    if (exact === undefined || !isOf(exact, whose, bootOffset)) return undefined;
    this.byPid.delete(whose.pid);
    return exact;
  }
}

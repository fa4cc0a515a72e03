/**
 * What an event leaves out, somebody must have seen: which program an exec runs, and whether the end of a thread was that of its process
 * and how that ended. There are two who can tell, facts from programs in the kernel (src/facts) and looks at /proc (src/looks). The
 * pipeline asks one of them and does not know which.
 */
import type { EventOf, WireEvent } from '../netlink/events.ts';
import type { Image } from './image.ts';
import type { Moment } from './moment.ts';
import type { ProcessStat } from './procstat.ts';
import type { Text } from './text.ts';

/** What a witness knows of a process at one moment. */
export interface Told {
  readonly image: Image;
  readonly ppid: number;
  /** When it was born, on the clock of the events; `startExact`: to the nanosecond, and not to a clock tick. */
  readonly start: Moment;
  readonly startExact: boolean;
  /** Name of its parent, where that was seen with it. */
  readonly parentComm?: Text | undefined;
  /** What it runs is its parent's: it has not executed anything itself. */
  readonly onlyForked?: boolean;
}

/** The end of a process. */
export interface ProcessExit {
  readonly pid: number;
  /** The end of the thread whose event told it: its last one, or its first one if that ended with it. */
  readonly last: EventOf<'exit'>;
  /** The parent at the end; 0 where the kernel named none: auto-reaped, or reaped before the event was built. */
  readonly parentTgid: number;
  /** As wait(2) gives it to the parent; undefined where it cannot be known. */
  readonly status: number | undefined;
  /** Its remains, where they could still be looked at. Only until the next batch. */
  readonly zombie: ProcessStat | undefined;
  /** Its birth on CLOCK_BOOTTIME, to the nanosecond, where the witness saw that at the end itself. Only until the next batch. */
  readonly birth?: Moment | undefined;
  /** Who it was, where the witness saw that at the end itself. Only until the next batch. */
  readonly told?: Told | undefined;
}

/** Name and effective user of a process at one moment. */
export interface WhoNow {
  readonly comm: Text;
  readonly uid: number;
}

/** An exec or an end whose event was lost, and which was witnessed all the same. */
export interface Unheard {
  readonly event: 'exec' | 'exit';
  readonly pid: number;
  readonly at: Moment;
  /** Always of an exec. */
  readonly told: Told | undefined;
  readonly status: number | undefined;
}

export interface Witnessed {
  readonly events: WireEvent[];
  /** When their draining began. */
  readonly at: Moment;
  /** More was queued. */
  readonly full: boolean;
}

export interface Witness {
  /** Nothing of what it tells is gone a moment later: it may be asked as late as one likes. */
  readonly isPatient: boolean;
  /**
   * Takes in a batch as it was drained, before anything is made of it, and may add ends to it that no event tells. `wanted` are the execs
   * that somebody wants to see. True if what is drained next must be shown to `heed`.
   */
  attend(batch: Witnessed, wanted: (exec: EventOf<'exec'>) => boolean): boolean;
  heed(later: readonly WireEvent[]): void;
  /** What a process was right after this exec; undefined when it was too late to know, `unread` when it was not wanted. */
  executed(exec: EventOf<'exec'>): Told | 'unread' | undefined;
  /** Takes the end of a thread, at its place in the batch; returns the end of its process if it is that. */
  ended(event: EventOf<'exit'>, index: number): ProcessExit | undefined;
  /** Of a child at its birth, of a process at its end, where that was seen: events of changes are not all that changes it. */
  whoNow?(event: EventOf<'fork'> | EventOf<'exit'>): WhoNow | undefined;
  /** A birth proves that the process which had the number before has ended: its end, if that was still open. */
  succeeded(pid: number): ProcessExit | undefined;
  /** It did not end after all: an exec was heard, or it was seen to be gone. */
  forget(pid: number): void;
  /** A process that was found without its first thread. */
  addLeaderless(pid: number): void;
  /** How many ends are still open, and may come without an event. */
  readonly unsettled: number;
  /** Looks at them again. */
  settle(): ProcessExit[];
  /** The batch is done with. True if something was seen that will not be told by an event, and cannot be told yet. */
  rest(): boolean;
  /** What was witnessed before this moment and whose event never came, oldest first. */
  takeUnheard(before: Moment): Unheard[];
  /** What the witness missed since this was last asked: as far as it has noticed, which costs nothing, or `all`. */
  takeLost(how?: 'all'): number;
  close(): void;
}

/** What a witness must know of the table of processes. */
export interface Acquaintance {
  /** When the living process of this number was born, as far as known. */
  startOf(pid: number): Moment | undefined;
  /** What CLOCK_BOOTTIME is ahead of the clock of the events. */
  bootOffset(): Moment;
}

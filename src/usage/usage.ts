/** What a process used, as its exit record tells it, and how the record gets it. Pure. */
import type { ProcessEnd, ProcessRecord } from '../process/record.ts';
import type { Account } from './account.ts';

/** A member that is undefined is not known. */
export interface Usage {
  readonly cpuNanos: number | undefined;
  /** Without the time since the last tick or sleep, which may be all of it, or without threads that a tracer holds. */
  readonly cpuIsLowerBound: boolean;
  readonly userMicros: number | undefined;
  readonly systemMicros: number | undefined;
  readonly maxRssKib: number | undefined;
  readonly minorFaults: number | undefined;
  readonly majorFaults: number | undefined;
  readonly readBytes: number | undefined;
  readonly writeBytes: number | undefined;
  readonly voluntarySwitches: number | undefined;
  readonly involuntarySwitches: number | undefined;
  readonly exeInode: number | undefined;
  readonly ioDelayNanos: number | undefined;
  /** Real group id. */
  readonly gid: number | undefined;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * Gives an exit what its account tells, also of who it was where nobody else knew. In place: tens of thousands come a second, what is
 * copied is what costs most, and nobody else has seen the record yet.
 */
export function accounted(record: ProcessRecord, account: Account): void {
  const { image, exit } = record;
  if (exit === undefined) return;
  (exit as Mutable<ProcessEnd>).usage = account;
  const told = record as Mutable<ProcessRecord>;
  told.ppid ??= account.ppid;
  const comm = image.comm ?? account.comm;
  const uid = image.uid ?? account.uid;
  if (comm === image.comm && uid === image.uid) return;
  told.image = { ...image, ...(comm !== undefined && { comm }), ...(uid !== undefined && { uid }) };
}

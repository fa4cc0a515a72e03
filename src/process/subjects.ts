/**
 * Who an event is about. Where every birth, program and end is heard, the process table is the authority (heard-subjects.ts). A narrower
 * selection cannot keep a table true: then the witness tells who it was with the event (told-subjects.ts), or each subject is read when
 * its event comes (read-subjects.ts).
 */
import type { EventOf } from '../netlink/events.ts';
import { type Image, type Missing, UNKNOWN_IMAGE } from './image.ts';
import { type Clocks, type Moment, momentOfTicks, secondsBetween } from './moment.ts';
import type { ProcessFacts, ProcReader } from './proc-reader.ts';
import type { ProcessStat } from './procstat.ts';
import type { Proc, ProcessTable } from './table.ts';
import type { Text } from './text.ts';
import type { ProcessExit, Told } from './witness.ts';

const NO_TREES: readonly number[] = [];

/** Two start times of one process, at least one read in ticks, are this far apart at the most. */
const START_TOLERANCE_SECONDS = 0.025;

export interface Subjects {
  readonly table: ProcessTable;
  /** The living process of this number. */
  of(pid: number): Proc;
  born(event: EventOf<'fork'>): Proc;
  /** `told` is what the witness knows of it right after the exec, if it was in time; `unread` if nobody wanted it. */
  executed(pid: number, told: Told | 'unread' | undefined): Proc;
  ended(exit: ProcessExit): Proc;
  /** An earlier holder of the number whose exit comes only now, after the birth of its successor. */
  takePrevious(pid: number): Proc | undefined;
  /** The image, read now if nobody wanted it before. */
  imageOf(proc: Proc): Image;
  cgroupOf(proc: Proc): string | undefined;
  /** Name of the process that `ppid` means to `child`. */
  parentComm(ppid: number, child: Proc): Text | undefined;
  readonly bootOffset: Moment;
  /** A new batch: what was read for the last one may be so no more. */
  begin(clocks: Pick<Clocks, 'bootOffset'>): void;
}

export function unknownProc(pid: number): Proc {
  return {
    pid,
    ppid: undefined,
    image: UNKNOWN_IMAGE,
    imageOf: undefined,
    start: undefined,
    startExact: false,
    startOffset: undefined,
    ended: false,
    trees: NO_TREES,
    cgroup: undefined,
    parentComm: undefined,
    previous: undefined,
  };
}

/** Of a process that was read below /proc. */
export function procOf(pid: number, { stat, image }: ProcessFacts, bootOffset: Moment): Proc {
  return { ...unknownProc(pid), ppid: stat.ppid, image, start: momentOfTicks(stat.startTicks, bootOffset) };
}

/** Of a process that the witness has told of. */
export function procTold(pid: number, { image, ppid, start, startExact, parentComm, onlyForked }: Told): Proc {
  const imageOf = onlyForked ? 'inherited' : undefined;
  return { ...unknownProc(pid), ppid, image, imageOf, start, startExact, parentComm };
}

/** Whether two births are one, as far as is known. */
export const isNear = (one: Moment | undefined, other: Moment): boolean =>
  one === undefined || Math.abs(secondsBetween(one, other)) < START_TOLERANCE_SECONDS;

export function isSameStart(known: Moment, stat: ProcessStat, bootOffset: Moment): boolean {
  return Math.abs(secondsBetween(known, momentOfTicks(stat.startTicks, bootOffset))) < START_TOLERANCE_SECONDS;
}

export function childOf({ tgid, parentTgid, stamp }: EventOf<'fork'>, parent: Partial<Proc> = {}): Proc {
  const { image, trees = NO_TREES, cgroup } = parent;
  return {
    pid: tgid,
    ppid: parentTgid,
    image: image ?? UNKNOWN_IMAGE,
    imageOf: image === undefined ? undefined : 'inherited',
    start: stamp,
    startExact: true,
    startOffset: undefined,
    ended: false,
    trees,
    cgroup,
    parentComm: undefined,
    previous: undefined,
  };
}

/** Why nothing could be read of a process: it lives, and /proc does not show it or does not let us read it; or it lives no more. */
export function whyUnread(reader: Pick<ProcReader, 'exists' | 'stat' | 'isListed'>, pid: number): Missing {
  const isThere = reader.exists(pid) && reader.stat(pid) === undefined && reader.exists(pid);
  if (!isThere) return 'gone';
  return reader.isListed?.(pid) ? 'denied' : 'hidden';
}

/** What an exec leaves of a process whose new image is not known: an exec changes the user only with an event of its own. */
export function onlyUser({ uid }: Image, why: { missing: Missing } | { unread: true }): Image {
  return uid === undefined ? why : { uid, ...why };
}

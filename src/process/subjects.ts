/**
 * Who an event is about. Two ways to know: where every birth, program and end is heard, the process table is the authority and
 * nothing is read but images at exec; a narrower selection cannot keep a table true, so each subject is read when its event comes.
 */
import type { EventOf } from '../netlink/events.ts';
import { type Image, UNKNOWN_IMAGE } from './image.ts';
import { type Clocks, type Moment, momentOfTicks, secondsBetween } from './moment.ts';
import type { ProcessFacts, ProcReader } from './proc-reader.ts';
import type { ProcessStat } from './procstat.ts';
import { type Proc, ProcessTable } from './table.ts';
import { readable, type Text } from './text.ts';

const NO_TREES: readonly number[] = [];

/** Two start times of one process, at least one read in ticks, are this far apart at the most. */
const START_TOLERANCE_SECONDS = 0.025;

export interface Subjects {
  readonly table: ProcessTable;
  /** The living process of this number. */
  of(pid: number): Proc;
  born(event: EventOf<'fork'>): Proc;
  /** `facts` is what was read right after the exec, if it was in time; `unread` if nobody wanted it. */
  executed(pid: number, facts: ProcessFacts | 'unread' | undefined): Proc;
  /** The process whose end was settled; `zombie` where its remains could still be looked at. */
  ended(pid: number, zombie: ProcessStat | undefined): Proc;
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
    ended: false,
    trees: NO_TREES,
    cgroup: undefined,
    previous: undefined,
  };
}

export function procOf(pid: number, { stat, image }: ProcessFacts, bootOffset: Moment): Proc {
  return { ...unknownProc(pid), ppid: stat.ppid, image, start: momentOfTicks(stat.startTicks, bootOffset) };
}

export function isSameStart(known: Moment, stat: ProcessStat, bootOffset: Moment): boolean {
  return Math.abs(secondsBetween(known, momentOfTicks(stat.startTicks, bootOffset))) < START_TOLERANCE_SECONDS;
}

function childOf({ tgid, parentTgid, stamp }: EventOf<'fork'>, parent: Partial<Proc> = {}): Proc {
  const { image, trees = NO_TREES, cgroup } = parent;
  return {
    pid: tgid,
    ppid: parentTgid,
    image: image ?? UNKNOWN_IMAGE,
    imageOf: image === undefined ? undefined : 'inherited',
    start: stamp,
    startExact: true,
    ended: false,
    trees,
    cgroup,
    previous: undefined,
  };
}

/** What an exec leaves of a process whose new image is not known: an exec changes the user only with an event of its own. */
function onlyUser({ uid }: Image, why: { missing: 'gone' } | { unread: true }): Image {
  return uid === undefined ? why : { uid, ...why };
}

/** The table is the authority. */
export class HeardSubjects implements Subjects {
  readonly table = new ProcessTable();
  private clocks: Pick<Clocks, 'bootOffset'> = { bootOffset: { seconds: 0, nanos: 0 } };
  private readonly reader: ProcReader;
  private readonly wantsCgroup: boolean;

  constructor(reader: ProcReader, wantsCgroup: boolean) {
    this.reader = reader;
    this.wantsCgroup = wantsCgroup;
  }

  get bootOffset(): Moment {
    return this.clocks.bootOffset;
  }

  begin(clocks: Pick<Clocks, 'bootOffset'>): void {
    this.clocks = clocks;
  }

  of(pid: number): Proc {
    return this.table.get(pid) ?? unknownProc(pid);
  }

  born(event: EventOf<'fork'>): Proc {
    const parent = this.table.get(event.parentTgid);
    if (parent !== undefined && this.wantsCgroup) this.cgroupOf(parent);
    return this.table.add(childOf(event, parent));
  }

  executed(pid: number, facts: ProcessFacts | 'unread' | undefined): Proc {
    const proc = this.table.living(pid) ?? this.table.add(unknownProc(pid));
    proc.imageOf = undefined;
    if (facts === 'unread') proc.image = onlyUser(proc.image, { unread: true });
    else if (facts === undefined) proc.image = onlyUser(proc.image, { missing: 'gone' });
    else {
      proc.image = facts.image;
      proc.ppid = facts.stat.ppid;
    }
    if (this.wantsCgroup) proc.cgroup = this.reader.cgroup(pid) ?? proc.cgroup;
    return proc;
  }

  ended(pid: number, zombie: ProcessStat | undefined): Proc {
    const proc = this.table.living(pid) ?? unknownProc(pid);
    // Its name outlives its arguments.
    if (proc.image.comm === undefined && zombie !== undefined) proc.image = { ...proc.image, comm: zombie.comm };
    this.table.end(proc);
    return proc;
  }

  takePrevious(pid: number): Proc | undefined {
    const holder = this.table.get(pid);
    const before = holder?.previous;
    if (holder !== undefined && before !== undefined) holder.previous = before.previous;
    return before;
  }

  imageOf(proc: Proc): Image {
    if (proc.image.unread) {
      const facts = this.reader.facts(proc.pid);
      const isIts = facts && (proc.start === undefined || isSameStart(proc.start, facts.stat, this.bootOffset));
      proc.image = isIts ? facts.image : onlyUser(proc.image, { missing: 'gone' });
    }
    return proc.image;
  }

  cgroupOf(proc: Proc): string | undefined {
    if (proc.cgroup === undefined && !proc.ended) proc.cgroup = this.reader.cgroup(proc.pid);
    return proc.cgroup;
  }

  parentComm(ppid: number, child: Proc): Text | undefined {
    const parent = this.table.named(ppid, child);
    return parent && this.imageOf(parent).comm;
  }
}

/**
 * Each subject is read when its event comes. The table holds what was alive at the start and, where execs and all exits are heard, what was
 * executed since.
 */
export class ReadSubjects implements Subjects {
  readonly table = new ProcessTable();
  private clocks: Pick<Clocks, 'bootOffset'> = { bootOffset: { seconds: 0, nanos: 0 } };
  private readonly reader: ProcReader;
  /** An end that is not heard would leave an entry to the next holder of its number. */
  private readonly everyEndIsHeard: boolean;
  private readonly parents = new Map<number, { readonly comm: Text | undefined }>();
  /** What the last exec made of a process holds until its end. */
  private readonly keepsExecs: boolean;

  constructor(reader: ProcReader, heard: { readonly everyEnd: boolean; readonly execs: boolean }) {
    this.reader = reader;
    this.everyEndIsHeard = heard.everyEnd;
    this.keepsExecs = heard.everyEnd && heard.execs;
  }

  get bootOffset(): Moment {
    return this.clocks.bootOffset;
  }

  begin(clocks: Pick<Clocks, 'bootOffset'>): void {
    this.clocks = clocks;
    this.parents.clear();
  }

  of(pid: number): Proc {
    const facts = this.reader.facts(pid);
    return facts === undefined ? unknownProc(pid) : procOf(pid, facts, this.bootOffset);
  }

  born(event: EventOf<'fork'>): Proc {
    const parent = this.reader.facts(event.parentTgid);
    this.parents.set(event.parentTgid, { comm: parent?.image.comm });
    return childOf(event, parent && { image: parent.image });
  }

  executed(pid: number, facts: ProcessFacts | 'unread' | undefined): Proc {
    const proc =
      facts === undefined || facts === 'unread'
        ? { ...unknownProc(pid), image: facts === undefined ? { missing: 'gone' as const } : UNKNOWN_IMAGE }
        : procOf(pid, facts, this.bootOffset);
    if (!this.keepsExecs) return proc;
    // The one before was the same process with another program: nobody else's end is still to come.
    return Object.assign(this.table.add(proc), { previous: undefined });
  }

  ended(pid: number, zombie: ProcessStat | undefined): Proc {
    const known = this.table.living(pid);
    const read = zombie && procOf(pid, { stat: zombie, image: { comm: zombie.comm } }, this.bootOffset);
    if (known !== undefined) this.table.end(known);
    if (this.keepsExecs && known !== undefined && known.imageOf === undefined) return known;
    return (this.isStillEarlier(known, zombie) ? known : read) ?? unknownProc(pid);
  }

  /** Whether what was read at the start still speaks of the process that ended: same start, and no other name since. */
  private isStillEarlier(earlier: Proc | undefined, zombie: ProcessStat | undefined): earlier is Proc {
    if (earlier?.start === undefined) return false;
    if (zombie === undefined) return this.everyEndIsHeard;
    return (
      isSameStart(earlier.start, zombie, this.bootOffset) &&
      readable(zombie.comm) === readable(earlier.image.comm ?? '')
    );
  }

  takePrevious(): Proc | undefined {
    return undefined;
  }

  imageOf(proc: Proc): Image {
    return proc.image;
  }

  cgroupOf(proc: Proc): string | undefined {
    return proc.cgroup ?? this.reader.cgroup(proc.pid);
  }

  /** Thousands of children of one parent come in one batch: it is asked for its name once. */
  parentComm(ppid: number): Text | undefined {
    const known = this.parents.get(ppid);
    if (known !== undefined) return known.comm;
    const comm = this.reader.stat(ppid)?.comm;
    this.parents.set(ppid, { comm });
    return comm;
  }
}

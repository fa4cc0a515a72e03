/**
 * Subjects of a narrow selection without a witness in the kernel: each is read below /proc when its event comes. The table holds what was
 * alive at the start and, where execs and all exits are heard, what was executed since.
 */
import type { EventOf } from '../netlink/events.ts';
import { type Image, UNKNOWN_IMAGE } from '../process/image.ts';
import type { Clocks, Moment } from '../process/moment.ts';
import type { ProcReader } from '../process/proc-reader.ts';
import type { ProcessStat } from '../process/procstat.ts';
import { childOf, isSameStart, procOf, procTold, type Subjects, unknownProc, whyUnread } from '../process/subjects.ts';
import { type Proc, ProcessTable } from '../process/table.ts';
import { readable, type Text } from '../process/text.ts';
import type { ProcessExit, Told } from '../process/witness.ts';

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

  executed(pid: number, told: Told | 'unread' | undefined): Proc {
    const proc =
      told === undefined || told === 'unread'
        ? { ...unknownProc(pid), image: told === undefined ? { missing: whyUnread(this.reader, pid) } : UNKNOWN_IMAGE }
        : procTold(pid, told);
    if (!this.keepsExecs) return proc;
    // The one before was the same process with another program: nobody else's end is still to come.
    return Object.assign(this.table.add(proc), { previous: undefined });
  }

  ended({ pid, zombie }: ProcessExit): Proc {
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

/** Subjects where every birth, program and end is heard: the table is the authority, and nothing is read of who is in it. */
import type { EventOf } from '../netlink/events.ts';
import { changed, type Image } from './image.ts';
import type { Clocks, Moment } from './moment.ts';
import type { ProcReader } from './proc-reader.ts';
import { childOf, isSameStart, onlyUser, procOf, procTold, type Subjects, unknownProc, whyUnread } from './subjects.ts';
import { type Proc, ProcessTable } from './table.ts';
import type { Text } from './text.ts';
import type { ProcessExit, Told } from './witness.ts';

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

  executed(pid: number, told: Told | 'unread' | undefined): Proc {
    const proc =
      this.table.living(pid) ?? this.table.add(typeof told === 'object' ? procTold(pid, told) : unknownProc(pid));
    proc.imageOf = undefined;
    if (told === 'unread') proc.image = onlyUser(proc.image, { unread: true });
    else if (told === undefined) proc.image = onlyUser(proc.image, { missing: whyUnread(this.reader, pid) });
    else {
      proc.image = told.image;
      proc.ppid = told.ppid;
    }
    if (this.wantsCgroup) proc.cgroup = this.reader.cgroup(pid) ?? proc.cgroup;
    return proc;
  }

  ended(exit: ProcessExit): Proc {
    const proc = this.table.living(exit.pid) ?? this.unheardOf(exit);
    // Its name outlives its arguments.
    if (proc.image.comm === undefined && exit.zombie !== undefined) {
      proc.image = changed(proc.image, { comm: exit.zombie.comm });
    }
    this.table.end(proc);
    return proc;
  }

  /** Its birth was lost: what is left of it tells when that was. */
  private unheardOf({ pid, zombie }: ProcessExit): Proc {
    return zombie === undefined
      ? unknownProc(pid)
      : procOf(pid, { stat: zombie, image: { comm: zombie.comm } }, this.bootOffset);
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
      proc.image = isIts ? facts.image : onlyUser(proc.image, { missing: whyUnread(this.reader, proc.pid) });
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

/** Subjects of execs alone, or of ends alone, where the witness tells with each event all that is to be known: no table, and no look. */
import type { EventOf } from '../netlink/events.ts';
import type { Image } from '../process/image.ts';
import type { Clocks, Moment } from '../process/moment.ts';
import type { ProcReader } from '../process/proc-reader.ts';
import { childOf, procTold, type Subjects, unknownProc } from '../process/subjects.ts';
import { type Proc, ProcessTable } from '../process/table.ts';
import type { Text } from '../process/text.ts';
import type { ProcessExit, Told } from '../process/witness.ts';

export class ToldSubjects implements Subjects {
  /** Stays empty. */
  readonly table = new ProcessTable();
  private clocks: Pick<Clocks, 'bootOffset'> = { bootOffset: { seconds: 0, nanos: 0 } };
  private readonly reader: Pick<ProcReader, 'cgroup'>;

  constructor(reader: Pick<ProcReader, 'cgroup'>) {
    this.reader = reader;
  }

  get bootOffset(): Moment {
    return this.clocks.bootOffset;
  }

  begin(clocks: Pick<Clocks, 'bootOffset'>): void {
    this.clocks = clocks;
  }

  of(pid: number): Proc {
    return unknownProc(pid);
  }

  born(event: EventOf<'fork'>): Proc {
    return childOf(event);
  }

  executed(pid: number, told: Told | 'unread' | undefined): Proc {
    return told === undefined || told === 'unread'
      ? { ...unknownProc(pid), image: { missing: 'gone' } }
      : procTold(pid, told);
  }

  ended({ pid, told, zombie }: ProcessExit): Proc {
    if (told !== undefined) return procTold(pid, told);
    return zombie === undefined ? unknownProc(pid) : { ...unknownProc(pid), image: { comm: zombie.comm } };
  }

  takePrevious(): undefined {
    return undefined;
  }

  imageOf(proc: Proc): Image {
    return proc.image;
  }

  cgroupOf(proc: Proc): string | undefined {
    return proc.cgroup ?? this.reader.cgroup(proc.pid);
  }

  parentComm(_ppid: number, child: Proc): Text | undefined {
    return child.parentComm;
  }
}

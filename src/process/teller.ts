/** Builds records: an event, whom it is about, and what only this event tells. Collects them for the batch at hand. */
import type { WireEvent } from '../netlink/events.ts';
import type { Moment } from './moment.ts';
import type { Ancestor, ProcessEnd, ProcessEventName, ProcessRecord } from './record.ts';
import type { Subjects } from './subjects.ts';
import type { Proc } from './table.ts';

/** What only some events tell. `ppid` is the parent as the event names it. */
export type Detail = Partial<Pick<ProcessRecord, 'exit' | 'ids' | 'tracer' | 'thread' | 'image' | 'ppid'>>;

/** Facts that cost something and are looked up only where they are shown or selected by. */
export interface Wants {
  readonly ancestry: boolean;
  readonly cgroup: boolean;
}

const ANCESTRY_LIMIT = 64;

export class Teller {
  private records: ProcessRecord[] = [];
  private readonly subjects: Subjects;
  private readonly wants: Wants;

  constructor(subjects: Subjects, wants: Wants) {
    this.subjects = subjects;
    this.wants = wants;
  }

  /** The records since the last call. */
  take(): ProcessRecord[] {
    const { records } = this;
    this.records = [];
    return records;
  }

  tell(event: ProcessEventName, { stamp, tid }: WireEvent, proc: Proc, detail: Detail): void {
    const ppid = detail.ppid ?? this.livingParent(proc);
    this.records.push({
      event,
      at: stamp,
      cpu: stamp.cpu,
      pid: proc.pid,
      tid,
      ppid,
      parentComm: ppid === undefined ? undefined : this.subjects.parentComm(ppid, proc),
      image: detail.image ?? this.subjects.imageOf(proc),
      imageOf: proc.imageOf,
      ancestry: this.wants.ancestry ? this.chain(ppid, proc) : undefined,
      cgroup: this.wants.cgroup ? this.subjects.cgroupOf(proc) : undefined,
      thread: detail.thread ?? false,
      inferred: false,
      exit: detail.exit,
      ids: detail.ids,
      tracer: detail.tracer,
    });
  }

  /** A record that no event told; the status only where the remains still show it. */
  infer(event: 'exit' | 'found', proc: Proc, at: Moment, waitStatus: number | undefined): void {
    const end: ProcessEnd = { waitStatus, start: proc.start, duration: undefined };
    const ppid = this.livingParent(proc);
    this.records.push({
      event,
      at,
      cpu: undefined,
      pid: proc.pid,
      tid: proc.pid,
      ppid,
      parentComm: ppid === undefined ? undefined : this.subjects.parentComm(ppid, proc),
      image: this.subjects.imageOf(proc),
      imageOf: proc.imageOf,
      ancestry: this.wants.ancestry ? this.chain(ppid, proc) : undefined,
      cgroup: this.wants.cgroup ? this.subjects.cgroupOf(proc) : undefined,
      thread: false,
      inferred: true,
      exit: event === 'exit' ? end : undefined,
      ids: undefined,
      tracer: undefined,
    });
  }

  /** The parent a process was born to, or had when it was read. Once that one has ended, another has taken over, unknown which. */
  private livingParent(proc: Proc): number | undefined {
    if (proc.ppid === undefined || proc.ppid === 0) return undefined;
    const parent = this.subjects.table.get(proc.ppid);
    return parent?.ended ? undefined : proc.ppid;
  }

  private chain(ppid: number | undefined, child: Proc): Ancestor[] {
    const ancestors: Ancestor[] = [];
    for (let pid = ppid, of = child; pid !== undefined && ancestors.length < ANCESTRY_LIMIT; ) {
      const parent = this.subjects.table.named(pid, of);
      ancestors.push({ pid, comm: parent?.image.comm });
      if (parent === undefined) break;
      pid = this.livingParent(parent);
      of = parent;
    }
    return ancestors;
  }
}

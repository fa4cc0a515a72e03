/** Builds records: an event, whom it is about, and what only this event tells. Collects them for the batch at hand. */
import type { FailedExec } from '../attempts/walks.ts';
import type { WireEvent } from '../netlink/events.ts';
import { ancestryOf, livingParent } from './ancestry.ts';
import type { Image } from './image.ts';
import type { Moment } from './moment.ts';
import type { Ancestor, ProcessEventName, ProcessRecord } from './record.ts';
import type { Subjects } from './subjects.ts';
import type { Proc } from './table.ts';

/** What only some events tell. `ppid` is the parent as the event names it. */
export type Detail = Partial<Pick<ProcessRecord, 'exit' | 'ids' | 'tracer' | 'thread' | 'image' | 'ppid' | 'failed'>>;

/** Facts that cost something and are looked up only where they are shown or selected by. */
export interface Wants {
  readonly ancestry: boolean;
  readonly cgroup: boolean;
}

/** What is concluded although no event told it. */
type InferredEvent = 'exec' | 'exit' | 'found';

export class Teller {
  private records: ProcessRecord[] = [];
  private readonly subjects: Subjects;
  private readonly wants: Wants;
  private readonly mayShow: (proc: Proc) => boolean;

  /** `mayShow` keeps processes that were not selected from being read about and told. */
  constructor(subjects: Subjects, wants: Wants, mayShow: (proc: Proc) => boolean) {
    this.subjects = subjects;
    this.wants = wants;
    this.mayShow = mayShow;
  }

  /** The records since the last call. */
  take(): ProcessRecord[] {
    const { records } = this;
    this.records = [];
    return records;
  }

  tell(event: ProcessEventName, { stamp, tid }: WireEvent, proc: Proc, detail: Detail): void {
    if (!this.mayShow(proc)) return;
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
      failed: detail.failed,
    });
  }

  /** What a process could not execute: no event, but a record like one. */
  tellFailed(proc: Proc, failed: FailedExec): void {
    if (!this.mayShow(proc)) return;
    const { at, tid, ppid, comm, path, args, uid } = failed.attempt;
    this.records.push({
      ...unheard('exec-failed', proc.pid, { comm, args, uid, ...(path !== undefined && { path }) }, at),
      tid,
      ppid,
      parentComm: this.subjects.parentComm(ppid, proc),
      ancestry: this.wants.ancestry ? this.chain(ppid, proc) : undefined,
      cgroup: this.wants.cgroup ? this.subjects.cgroupOf(proc) : undefined,
      inferred: false,
      failed,
    });
  }

  /** A record that no event told; the status only where the remains still show it. */
  infer(event: InferredEvent, proc: Proc, at: Moment, waitStatus: number | undefined): void {
    if (!this.mayShow(proc)) return;
    const ppid = this.livingParent(proc);
    this.records.push({
      ...unheard(event, proc.pid, this.subjects.imageOf(proc), at),
      ppid,
      parentComm: ppid === undefined ? undefined : this.subjects.parentComm(ppid, proc),
      imageOf: proc.imageOf,
      ancestry: this.wants.ancestry ? this.chain(ppid, proc) : undefined,
      cgroup: this.wants.cgroup ? this.subjects.cgroupOf(proc) : undefined,
      exit:
        event === 'exit'
          ? { waitStatus, start: proc.start, startOffset: proc.startOffset, duration: undefined }
          : undefined,
    });
  }

  private livingParent(proc: Proc): number | undefined {
    return livingParent(this.subjects.table, proc);
  }

  private chain(ppid: number | undefined, child: Proc): Ancestor[] {
    return ancestryOf(this.subjects.table, (proc) => this.subjects.imageOf(proc).comm, ppid, child);
  }
}

/** A record about a process that no event told: what it has in common with all such. */
export function unheard(event: InferredEvent | 'exec-failed', pid: number, image: Image, at: Moment): ProcessRecord {
  return {
    event,
    at,
    cpu: undefined,
    pid,
    tid: pid,
    ppid: undefined,
    parentComm: undefined,
    image,
    imageOf: undefined,
    ancestry: undefined,
    cgroup: undefined,
    thread: false,
    inferred: true,
    exit: undefined,
    ids: undefined,
    tracer: undefined,
  };
}

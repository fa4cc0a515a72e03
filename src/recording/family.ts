/**
 * Who descends from whom in a recording: the process table of a live watch, kept from records. What the table of a live watch knows from the
 * start, a recording tells as its state.
 */
import { ancestryOf } from '../process/ancestry.ts';
import { changed } from '../process/image.ts';
import { type Moment, secondsBetween } from '../process/moment.ts';
import type { Ancestor, ProcessRecord } from '../process/record.ts';
import { unknownProc } from '../process/subjects.ts';
import { type Proc, ProcessTable } from '../process/table.ts';

/** Two start times of one process, at least one of them in ticks. */
const SAME_START_SECONDS = 0.025;
const NO_TREES: readonly number[] = [];

const isSame = (a: Moment | undefined, b: Moment | undefined): boolean =>
  a === undefined || b === undefined || Math.abs(secondsBetween(a, b)) < SAME_START_SECONDS;

export class Family {
  readonly table = new ProcessTable();
  private readonly roots: readonly number[];
  /** Roots that nobody has told of yet: the first process of that number, and no later one. */
  private readonly rootsToCome: Set<number>;
  /** Numbers whose holder has ended, and nobody else has got since. */
  private readonly gone = new Set<number>();
  /** Of a state that is being read: whoever is in it may be told before its parent. */
  private fresh: Proc[] = [];

  constructor(roots: readonly number[]) {
    this.roots = roots;
    this.rootsToCome = new Set(roots);
  }

  /** To be given every record, in order. Returns whom it is about, as the table has it then. */
  take(record: ProcessRecord): Proc {
    if (record.event === 'alive') return this.alive(record);
    if (this.fresh.length > 0) this.settle();
    switch (record.event) {
      case 'fork':
        return this.born(record);
      case 'exit':
        return record.thread ? this.known(record) : this.ended(record);
      case 'exec':
      case 'comm':
      case 'uid':
        return this.changed(record);
      default:
        return this.known(record);
    }
  }

  /** Everybody of the state is there. */
  settle(): void {
    const { fresh } = this;
    this.fresh = [];
    for (const proc of fresh) if (this.rootsToCome.delete(proc.pid)) proc.trees = [proc.pid];
    // From the oldest down, whatever order they were told in.
    const open = new Set(fresh);
    const settle = (proc: Proc): void => {
      if (!open.delete(proc)) return;
      const parent = this.table.parentOf(proc);
      if (parent === undefined || parent === proc) return;
      settle(parent);
      if (parent.trees.length > 0) proc.trees = [...new Set([...proc.trees, ...parent.trees])];
    };
    if (this.roots.length > 0) for (const proc of fresh) settle(proc);
  }

  private alive(record: ProcessRecord): Proc {
    const known = this.table.living(record.pid);
    if (known !== undefined && isSame(known.start, record.start)) {
      known.image = record.image;
      known.ppid = record.ppid;
      return known;
    }
    // The end of who had the number before was not told.
    if (known !== undefined) this.table.end(known);
    const proc = this.add(record, { start: record.start });
    this.fresh.push(proc);
    return proc;
  }

  private add({ pid, ppid, image, imageOf, cgroup }: ProcessRecord, more: Partial<Proc>): Proc {
    this.gone.delete(pid);
    return this.table.add({ ...unknownProc(pid), ppid, image, imageOf, cgroup, ...more });
  }

  /** Its parent now: unknown once that one has ended, for then another has taken over, and nobody tells which. */
  parentOf(proc: Proc): number | undefined {
    const { ppid } = proc;
    if (ppid === undefined || ppid === 0 || this.table.get(ppid) === undefined) {
      return ppid !== undefined && this.gone.has(ppid) ? undefined : ppid;
    }
    return this.table.parentOf(proc)?.ended === false ? ppid : undefined;
  }

  private treesFor(pid: number, ppid: number | undefined): readonly number[] {
    const parent = ppid === undefined ? undefined : (this.table.get(ppid) ?? this.mentioned(ppid));
    const trees = parent?.trees ?? NO_TREES;
    return this.rootsToCome.delete(pid) ? [...trees, pid] : trees;
  }

  /** A parent that nothing else is known of. */
  private mentioned(pid: number): Proc | undefined {
    return this.rootsToCome.delete(pid) ? this.table.add({ ...unknownProc(pid), trees: [pid] }) : undefined;
  }

  private born(record: ProcessRecord): Proc {
    const trees = this.treesFor(record.pid, record.ppid);
    return this.add(record, { start: record.at, startExact: true, trees });
  }

  private known(record: ProcessRecord): Proc {
    const proc = this.table.get(record.pid);
    if (proc !== undefined && (!proc.ended || record.event !== 'found')) return proc;
    return this.add(record, { trees: this.treesFor(record.pid, record.ppid) });
  }

  private changed(record: ProcessRecord): Proc {
    const proc = this.known(record);
    proc.image = record.event === 'exec' ? record.image : changed(proc.image, record.image);
    proc.imageOf = record.imageOf;
    proc.ppid ??= record.ppid;
    return proc;
  }

  private ended(record: ProcessRecord): Proc {
    const holder = this.table.get(record.pid);
    for (let one = holder; one !== undefined; one = one.previous) {
      const before = one.previous;
      if (before === undefined || !isSame(before.start, record.exit?.start)) continue;
      if (isSame(one.start, record.exit?.start)) break;
      one.previous = before.previous;
      return before;
    }
    const proc = this.known(record);
    if (!proc.ended) this.table.end(proc);
    this.gone.add(record.pid);
    return proc;
  }

  /** The parent and those above it. */
  ancestryOf(record: ProcessRecord, proc: Proc): readonly Ancestor[] {
    return ancestryOf(this.table, ({ image }) => image.comm, record.ppid, proc);
  }
}

/**
 * The process table: who each pid is, as far as the events told. A reducer without I/O. Identity is pid and start: a
 * pid that is used again gets a new entry, and the old one answers for its own late exit.
 */
import type { Image } from './image.ts';
import { compareMoments, type Moment } from './moment.ts';
import type { Text } from './text.ts';

export interface Proc {
  readonly pid: number;
  /** Undefined when unknown. */
  ppid: number | undefined;
  image: Image;
  /** See `ProcessRecord.imageOf`. */
  imageOf: 'inherited' | 'earlier' | undefined;
  readonly start: Moment | undefined;
  /** The start is the stamp of a fork event, not a clock tick from /proc. */
  readonly startExact: boolean;
  /** What the wall clock was ahead when its birth was heard, or first told. */
  startOffset: Moment | undefined;
  ended: boolean;
  /** Roots of the selected trees it belongs to. */
  trees: readonly number[];
  /** Path of its control group, where somebody wants it; undefined while unread. */
  cgroup: string | undefined;
  /** Name of its parent, where the witness told that with it. */
  readonly parentComm: Text | undefined;
  /** An earlier process of this pid whose exit the kernel has not told yet. */
  previous: Proc | undefined;
}

/** Processes that ended stay this many ends longer: what comes late can still be named. */
const GRACE = 4096;

export class ProcessTable {
  private readonly entries = new Map<number, Proc>();
  /** A ring of the entries that ended, oldest next. */
  private readonly graves: (Proc | undefined)[] = new Array(GRACE).fill(undefined);
  private nextGrave = 0;

  get(pid: number): Proc | undefined {
    return this.entries.get(pid);
  }

  /** The living entry of a pid. */
  living(pid: number): Proc | undefined {
    const proc = this.entries.get(pid);
    return proc?.ended ? undefined : proc;
  }

  get size(): number {
    return this.entries.size;
  }

  all(): Iterable<Proc> {
    return this.entries.values();
  }

  add(proc: Proc): Proc {
    const before = this.living(proc.pid);
    if (before !== undefined) proc.previous = before;
    this.entries.set(proc.pid, proc);
    return proc;
  }

  /** Marks an end; the entry leaves after the grace. */
  end(proc: Proc): void {
    proc.ended = true;
    const oldest = this.graves[this.nextGrave];
    if (oldest !== undefined && this.entries.get(oldest.pid) === oldest) this.entries.delete(oldest.pid);
    this.graves[this.nextGrave] = proc;
    this.nextGrave = (this.nextGrave + 1) % GRACE;
  }

  /** Earlier holders of numbers whose exit was not told; after a loss it may never come. */
  takePrevious(): Proc[] {
    const found: Proc[] = [];
    for (const proc of this.entries.values()) {
      for (let one = proc.previous; one !== undefined; one = one.previous) found.push(one);
      proc.previous = undefined;
    }
    return found;
  }

  /** Finds out who descends from which of these; from then on a child belongs to the trees of its parent. */
  markTrees(roots: readonly number[]): void {
    for (const proc of this.entries.values()) {
      const line = [proc.pid, ...this.ancestorsOf(proc)];
      proc.trees = roots.filter((root) => line.includes(root));
    }
  }

  private ancestorsOf(proc: Proc): number[] {
    const pids: number[] = [];
    for (let at = this.parentOf(proc); at !== undefined && !pids.includes(at.pid); at = this.parentOf(at)) {
      pids.push(at.pid);
    }
    return pids;
  }

  /**
   * The process that `ppid` named when `child` was born. A parent is older than its child: a younger process of that pid is somebody
   * else who got the number later.
   */
  parentOf(child: Proc): Proc | undefined {
    return this.named(child.ppid, child);
  }

  /** The holder of `ppid` as seen from `child`; undefined if unknown or younger than the child. */
  named(ppid: number | undefined, child: Proc): Proc | undefined {
    const parent = ppid === undefined ? undefined : this.entries.get(ppid);
    if (parent?.start === undefined || child.start === undefined) return parent;
    const tickOfDoubt = parent.startExact === child.startExact ? 0 : 1;
    if (tickOfDoubt === 0) return compareMoments(parent.start, child.start) <= 0 ? parent : undefined;
    return parent.start.seconds <= child.start.seconds + tickOfDoubt ? parent : undefined;
  }
}

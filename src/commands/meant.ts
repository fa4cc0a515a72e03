/**
 * Whom `--pid` and `--tree` mean: the processes that have these numbers now, and not whoever gets them next. A watch of them ends with the
 * last of them; a number that nobody has is told, and means its next holder.
 */
import type { Host, Kernel } from '../host/host.ts';
import type { Pidfd } from '../process/pidfd.ts';
import type { StreamRecord } from '../process/record.ts';

export interface Wanted {
  readonly pids: readonly number[];
  readonly trees: readonly number[];
}

/** What is queued of the end of a process is heard by then. */
const LAST_EVENTS_MS = 100;

interface Surroundings {
  readonly host: Pick<Host, 'after'> & { readonly stderr: Pick<Host['stderr'], 'write'> };
  readonly kernel: Pick<Kernel, 'openPidfd' | 'reader'>;
  /** Tells all that has happened until now. */
  wake(): void;
  /** Whether any process of these trees lives. */
  livesIn(roots: readonly number[]): boolean;
  onOver(): void;
}

/** What of it a monitor knows. */
interface Monitoring {
  /** Where numbers are not ours there is nobody to be got hold of by them. */
  readonly stream: { readonly foreign?: unknown };
  wake(): void;
  livesIn(roots: readonly number[]): boolean;
}

/** Undefined where nobody's end is the end. */
export function meantBy(
  wanted: Wanted | undefined,
  around: Pick<Surroundings, 'host' | 'kernel' | 'onOver'>,
  monitor: Monitoring,
): Meant | undefined {
  if (wanted === undefined || monitor.stream.foreign !== undefined) return undefined;
  return new Meant(wanted, {
    ...around,
    wake: () => monitor.wake(),
    livesIn: (roots) => monitor.livesIn(roots),
  });
}

export class Meant {
  private readonly wanted: Wanted;
  private readonly around: Surroundings;
  /** Numbers whose process has ended, and trees that have begun. */
  private readonly ended = new Set<number>();
  private readonly begun = new Set<number>();
  private readonly pidfds: Pidfd[] = [];
  private timers: { cancel(): void }[] = [];

  constructor(wanted: Wanted, around: Surroundings) {
    this.wanted = wanted;
    this.around = around;
  }

  start(): void {
    for (const pid of this.wanted.pids) this.hold(pid);
    for (const root of this.wanted.trees) {
      if (this.around.kernel.reader.exists(root)) this.begun.add(root);
      else this.sayNobody('tree', root);
    }
  }

  private sayNobody(flag: string, pid: number): void {
    this.around.host.stderr.write(
      `procwatch: --${flag} ${pid}: there is no such process; the next that gets the number is meant\n`,
    );
  }

  /** By its descriptor, which means no other process, whatever is heard of it. */
  private hold(pid: number): void {
    const { kernel, host } = this.around;
    const pidfd = kernel.openPidfd(pid);
    if (pidfd === 'gone' || pidfd === 'thread') return this.sayNobody('pid', pid);
    if (typeof pidfd === 'string') return;
    this.pidfds.push(pidfd);
    pidfd.onEnd(() => {
      pidfd.ignore();
      this.timers.push(
        host.after(LAST_EVENTS_MS, () => {
          this.around.wake();
          this.ended.add(pid);
          this.look();
        }),
      );
    });
  }

  /** Without those of later holders of a number. */
  filter(records: readonly StreamRecord[]): readonly StreamRecord[] {
    const { pids, trees } = this.wanted;
    return records.filter((record) => {
      if (!('pid' in record)) return true;
      if (trees.includes(record.pid)) this.begun.add(record.pid);
      if (!pids.includes(record.pid)) return true;
      if (this.ended.has(record.pid)) return false;
      if (record.event === 'exit' && !record.thread) this.ended.add(record.pid);
      return true;
    });
  }

  /** Whether there is nobody left: to be asked when what was heard has been told. */
  look(): void {
    const { pids, trees } = this.wanted;
    const isPidOver = pids.length > 0 && pids.every((pid) => this.ended.has(pid));
    const isTreeOver = trees.length > 0 && trees.every((root) => this.begun.has(root)) && !this.around.livesIn(trees);
    if (isPidOver || isTreeOver) this.around.onOver();
  }

  close(): void {
    for (const timer of this.timers.splice(0)) timer.cancel();
    for (const pidfd of this.pidfds.splice(0)) pidfd.close();
  }
}

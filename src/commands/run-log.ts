/** What `procwatch run` tells: records as they come, and the tree at the end. */
import type { Formatter } from '../format/formatter.ts';
import type { LifeTree } from '../format/life-tree.ts';
import type { Sink } from '../pipeline/sink.ts';
import type { Moment } from '../process/moment.ts';
import { isProcessRecord, type StreamRecord } from '../process/record.ts';
import type { Plan } from './plan.ts';

/** Whether a record that may be there only for the tree was asked for. */
function isPrinted({ events, quiet }: Plan, record: StreamRecord): boolean {
  if (quiet) return false;
  if (!('pid' in record)) return true;
  if (record.event === 'found' || record.event === 'alive') return true;
  if (record.event !== 'exit') return events.includes(record.event);
  return events.includes('exit') || (events.includes('nonzero-exit') && record.exit?.waitStatus !== 0);
}

/** Records on their way to stderr or a file, and into the tree. */
export class Log {
  readonly tree: LifeTree;
  /** Events the kernel dropped; without a count where nobody counted. */
  private lost = 0;
  private isStarved = false;
  private readonly plan: Plan;
  private readonly formatter: Formatter;
  private readonly sink: Sink;
  private lastRoom: Moment;
  private isMuted = false;
  /** The command's number, and ours. */
  private command: { readonly pid: number; readonly ppid: number } | undefined;
  private hasBegun = false;
  /** Attempts to start the command that were none: the C library makes a process to find out. */
  private readonly attempts = new Set<number>();

  constructor(plan: Plan, formatter: Formatter, sink: Sink, tree: LifeTree, now: Moment) {
    this.plan = plan;
    this.formatter = formatter;
    this.sink = sink;
    this.tree = tree;
    this.lastRoom = now;
    if (!plan.quiet) sink.write(formatter.header?.() ?? '');
  }

  /** Which of our children is the command, once it has been started. */
  begin(pid: number, ppid: number): void {
    this.command = { pid, ppid };
  }

  private isAttempt(record: StreamRecord): boolean {
    if (this.command === undefined || !('pid' in record)) return false;
    this.hasBegun ||= record.pid === this.command.pid;
    if (!this.hasBegun && record.ppid === this.command.ppid) this.attempts.add(record.pid);
    return this.attempts.has(record.pid);
  }

  take(batch: readonly StreamRecord[], now: Moment): void {
    const records = batch.filter((record) => !this.isAttempt(record));
    for (const record of records) {
      if (isProcessRecord(record)) this.tree.add(record);
      else if (record.event === 'lost') {
        this.lost += record.count ?? 0;
        this.isStarved ||= record.count === undefined;
      }
    }
    if (this.isMuted) return;
    const printed = records.filter((record) => isPrinted(this.plan, record));
    if (printed.length === 0 || !this.sink.admits(printed.length)) return;
    this.sink.write(this.outputLoss(now) + printed.map((record) => this.formatter.format(record)).join(''));
  }

  /** What a slow reader of our records missed, told as soon as there is room again. */
  private outputLoss(at: Moment): string {
    const count = this.sink.takeDropped();
    const since = this.lastRoom;
    this.lastRoom = at;
    return count === 0 ? '' : this.formatter.format({ event: 'lost', reason: 'output', count, at, since });
  }

  /** Nothing more is shown. */
  mute(): void {
    this.isMuted = true;
  }

  summary(colour: boolean, width: number | undefined): string {
    const drawn = this.tree.render({ colour, width });
    if (this.lost === 0 && !this.isStarved) return drawn;
    const many = this.isStarved ? 'events of unknown number' : `${this.lost.toLocaleString('en-US')} events`;
    return `${drawn}${many} were lost: processes may be missing above\n`;
  }
}

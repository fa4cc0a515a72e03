/** What `procwatch run` does when its command has ended and others of its tree have not: wait, say for whom, give up, or end them. */
import type { Host } from '../host/host.ts';
import { SIGKILL, SIGTERM, type TimeLimit, TreeEnding } from './run-limit.ts';
import type { Signals } from './run-signals.ts';
import type { CommandTree, Left } from './run-tree.ts';
import type { StatusLine } from './status-line.ts';

export interface RestOptions {
  readonly all: boolean;
  readonly allTimeout: number | undefined;
  readonly killLeft: boolean;
  readonly killAfter: number | undefined;
}

/** How often to ask whether all is certain again after a loss, and how often at the most: losses may go on and on. */
const UNCERTAIN = { eachMs: 100, times: 30 } as const;
/** Who waits longer than this is told for whom. */
const SILENCE_MS = 2000;
/** Between the request to end and the end by force, unless --kill-after says otherwise. */
const KILL_AFTER_MS = 5000;
/** So many are named. */
const NAMED = 5;

/** Who is left, in so many words. */
function whoIsLeft(count: number, some: readonly Left[]): string {
  const named = some.map(({ pid, command }) => `${pid} ${command}`.trim());
  const more = count > some.length ? ` and ${count - some.length} more` : '';
  const many = count === 1 ? 'a process' : `${count} processes`;
  return `${many} that the command has left: ${named.join(', ')}${more}`;
}

export class Rest {
  private readonly host: Host;
  private readonly tree: CommandTree;
  private readonly limit: TimeLimit;
  private readonly signals: Signals;
  private readonly line: StatusLine;
  private readonly timers: { cancel(): void }[] = [];
  private killing: TreeEnding | undefined;
  private isTold = false;
  private hasSaid = false;
  private wake: () => void = () => {};

  constructor(host: Host, tree: CommandTree, limit: TimeLimit, signals: Signals, line: StatusLine) {
    this.host = host;
    this.tree = tree;
    this.limit = limit;
    this.signals = signals;
    this.line = line;
    limit.ending.onGivenUp = () => this.wake();
  }

  /** Something was told about the tree. */
  news(): void {
    if (this.isTold) this.say();
    this.wake();
  }

  /** Until nothing is left, or nobody wants to wait any longer. */
  async end({ all, allTimeout, killLeft, killAfter }: RestOptions): Promise<void> {
    const waits = all || allTimeout !== undefined;
    this.timers.push(this.host.after(SILENCE_MS, () => this.beginToTell()));
    if (waits) await this.until(allTimeout, () => false);
    else if (this.limit.isOver) await this.until(undefined, () => !this.limit.ending.goesOn);
    if (killLeft) await this.endLeft(killAfter ?? KILL_AFTER_MS);
    for (const timer of this.timers) timer.cancel();
    this.line.show('');
    this.tellUnended();
  }

  /** Those that would have been ended, and were not ours to end. */
  private tellUnended(): void {
    const { count, some } = this.tree.left(NAMED);
    const { sent } = this.killing ?? this.limit.ending;
    if (sent === SIGKILL && count > 0) this.line.write(`procwatch: could not end ${whoIsLeft(count, some)}\n`);
  }

  private async endLeft(killAfterMs: number): Promise<void> {
    if (this.tree.isEmpty) return;
    const ending = new TreeEnding(this.host, this.tree);
    this.killing = ending;
    // One more signal cuts this short too.
    const { cut } = this.signals;
    this.signals.cut = undefined;
    ending.onGivenUp = () => this.wake();
    ending.begin(SIGTERM, killAfterMs);
    await this.until(undefined, () => !ending.goesOn);
    ending.cancel();
    this.signals.cut ??= cut;
  }

  private async until(limitMs: number | undefined, isEnough: () => boolean): Promise<void> {
    let isLate = false;
    const timer =
      limitMs === undefined
        ? undefined
        : this.host.after(limitMs, () => {
            isLate = true;
            this.wake();
          });
    for (let doubts = 0; this.signals.cut === undefined && !isLate && !isEnough(); ) {
      const { isEmpty } = this.tree;
      if (isEmpty && (this.tree.isCertain || doubts >= UNCERTAIN.times)) break;
      if (isEmpty) doubts++;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        this.signals.onCut = resolve;
        if (isEmpty) this.host.after(UNCERTAIN.eachMs, resolve);
      });
    }
    timer?.cancel();
  }

  private beginToTell(): void {
    this.isTold = true;
    this.say();
  }

  /** In its place on a terminal; elsewhere once. */
  private say(): void {
    const { count, some } = this.tree.left(NAMED);
    const text = count === 0 ? '' : `procwatch: waiting for ${whoIsLeft(count, some)}`;
    if (this.line.isTerminal && this.host.env.TERM !== 'dumb') this.line.show(text);
    else if (!this.hasSaid && count > 0) this.line.write(`${text}\n`);
    this.hasSaid ||= count > 0;
  }
}

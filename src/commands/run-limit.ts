/** `--timeout` of run: ends the whole tree of a command that takes too long, as timeout(1) ends the command. */
import type { Host } from '../host/host.ts';
import type { CommandTree } from './run-tree.ts';

export const SIGKILL = 9;
export const SIGTERM = 15;
const SIGCONT = 18;

/** What may be forked while it is ended is ended in the next round. What stays for all of them is not ours to end. */
const ROUNDS = { eachMs: 50, times: 60 } as const;

/** Asks everything of a tree to end, and what then does not. */
export class TreeEnding {
  private readonly host: Pick<Host, 'after'>;
  private readonly tree: CommandTree;
  private timer: { cancel(): void } | undefined;
  private rounds = 0;
  /** Called when nothing harder will come. */
  onGivenUp: () => void = () => {};
  /** The last and hardest signal sent. */
  sent: number | undefined;

  constructor(host: Pick<Host, 'after'>, tree: CommandTree) {
    this.host = host;
    this.tree = tree;
  }

  /** @param killAfterMs undefined to leave it at the signal */
  begin(signal: number, killAfterMs: number | undefined): void {
    this.send(signal);
    if (signal === SIGKILL) this.kill();
    else if (killAfterMs !== undefined) this.timer = this.host.after(killAfterMs, () => this.kill());
  }

  private send(signal: number): void {
    this.sent = signal;
    this.tree.signal(signal);
    // Who is stopped could not hear it.
    if (signal !== SIGKILL) this.tree.signal(SIGCONT);
  }

  private kill(): void {
    this.send(SIGKILL);
    this.timer = this.host.after(ROUNDS.eachMs, () => {
      if (++this.rounds < ROUNDS.times) return this.kill();
      this.timer = undefined;
      this.onGivenUp();
    });
  }

  /** Whether something harder is still to come, or is being done. */
  get goesOn(): boolean {
    return this.timer !== undefined;
  }

  cancel(): void {
    this.timer?.cancel();
    this.timer = undefined;
  }
}

interface Limit {
  readonly timeout: number | undefined;
  readonly signal: number;
  readonly killAfter: number | undefined;
}

export class TimeLimit {
  readonly ending: TreeEnding;
  private readonly timer: { cancel(): void } | undefined;

  /** Counts from now on. */
  constructor(host: Pick<Host, 'after'>, tree: CommandTree, { timeout, signal, killAfter }: Limit) {
    this.ending = new TreeEnding(host, tree);
    if (timeout !== undefined && timeout > 0)
      this.timer = host.after(timeout, () => this.ending.begin(signal, killAfter));
  }

  get isOver(): boolean {
    return this.ending.sent !== undefined;
  }

  cancel(): void {
    this.timer?.cancel();
    this.ending.cancel();
  }
}

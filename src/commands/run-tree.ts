/** The processes that come of the command: which of them are left, hearing their ends, and sending them signals. */
import type { LifeTree } from '../format/life-tree.ts';
import type { Child, Host, Kernel } from '../host/host.ts';
import type { Monitor } from '../pipeline/monitor.ts';
import type { ForeignNumbers } from '../process/event-stream.ts';
import { isOver } from '../process/exits.ts';

/** What it needs of the pipeline: to take in what is queued, and to know whether something may be missing. */
export type Events = Pick<Monitor, 'wake' | 'settled' | 'isCertain'>;

/** A process of the tree, and its command line for a terminal. */
export interface Left {
  readonly pid: number;
  readonly command: string;
}

/** A process that is no more, and its status if it can still be found out. */
export interface UntoldEnd {
  readonly pid: number;
  readonly waitStatus: number | undefined;
}

/** The command where events have other numbers than ours: its own there, if it was heard, and whose numbers /proc has. */
export interface ForeignCommand {
  readonly pid: number | undefined;
  readonly proc: ForeignNumbers['proc'];
}

/** Between the end of a process and its event lie microseconds, on a loaded machine milliseconds. */
const PATIENCE_MS = [0, 1, 2, 5, 10, 20, 50, 100, 200] as const;

export class CommandTree {
  private readonly host: Pick<Host, 'after'>;
  private readonly kernel: Kernel;
  /** Undefined where there are none: then the tree is what /proc shows below the command. */
  private readonly events: Events | undefined;
  private readonly lives: LifeTree;
  private command: Child | undefined;
  private foreign: ForeignCommand | undefined;

  constructor(host: Pick<Host, 'after'>, kernel: Kernel, events: Events | undefined, lives: LifeTree) {
    this.host = host;
    this.kernel = kernel;
    this.events = events;
    this.lives = lives;
  }

  /** The command has been started. */
  begin(child: Child, foreign?: ForeignCommand): void {
    this.command = child;
    this.foreign = foreign;
  }

  /** The tree by our own numbers: where those of events are others, it is what /proc shows, if that has ours. */
  private get pids(): Iterable<number> {
    if (this.events !== undefined && this.foreign === undefined) return this.lives.alive;
    return this.foreign?.proc === 'as events' ? [] : this.descendants();
  }

  /** The number that events have for the command. */
  private get commandPid(): number | undefined {
    return this.foreign === undefined ? this.command?.pid : this.foreign.pid;
  }

  get isEmpty(): boolean {
    return this.events === undefined ? this.descendants().length === 0 : this.lives.aliveCount === 0;
  }

  /** How many are left, and some of them. */
  left(most: number): { readonly count: number; readonly some: readonly Left[] } {
    if (this.events !== undefined) return { count: this.lives.aliveCount, some: this.lives.someAlive(most) };
    const pids = this.descendants();
    return { count: pids.length, some: pids.slice(0, most).map((pid) => ({ pid, command: '' })) };
  }

  /** False as long as there may be processes that nobody has told about. */
  get isCertain(): boolean {
    return this.events?.isCertain ?? true;
  }

  /** The command and what still has its parents below it. */
  private descendants(): number[] {
    const { reader } = this.kernel;
    const children = new Map<number, number[]>();
    for (const pid of reader.pids()) {
      const stat = reader.stat(pid);
      if (stat !== undefined && !isOver(stat)) children.set(stat.ppid, [...(children.get(stat.ppid) ?? []), pid]);
    }
    const below = (pid: number): number[] => (children.get(pid) ?? []).flatMap((child) => [child, ...below(child)]);
    if (this.command === undefined) return [];
    const { pid } = this.command;
    const stat = reader.stat(pid);
    return stat === undefined || isOver(stat) ? below(pid) : [pid, ...below(pid)];
  }

  /**
   * Sends a signal to all that is left. The command is ours, and its number its own until we reap it. Of the others a descriptor is got hold
   * of first, and what has happened until then heard afterwards: whoever is still of the tree by that is whom the descriptor means,
   * and never the next process of that number.
   */
  signal(number: number): void {
    this.events?.wake();
    const others = [...this.pids].filter((pid) => pid !== this.command?.pid);
    const held = others.map((pid) => ({ pid, pidfd: this.kernel.openPidfd(pid) }));
    this.events?.wake();
    const left = new Set(this.pids);
    this.command?.kill(number);
    for (const { pid, pidfd } of held) {
      const isOurs = left.has(pid);
      if (pidfd === 'unsupported' && isOurs) this.kernel.kill(pid, number);
      if (typeof pidfd === 'string') continue;
      if (isOurs) pidfd.send(number);
      pidfd.close();
    }
  }

  /** Processes of the tree whose end was not told although they are no more. */
  private untold(): number[] {
    const { reader } = this.kernel;
    // Of the others nothing can be looked for.
    if (this.foreign !== undefined) return [...this.lives.alive].filter((pid) => pid === this.commandPid);
    return [...this.lives.alive].filter((pid) => {
      const stat = reader.exists(pid) ? reader.stat(pid) : undefined;
      return stat === undefined ? !reader.exists(pid) : isOver(stat);
    });
  }

  private sleep(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.host.after(milliseconds, resolve);
    });
  }

  /** The command can be waited for before the kernel has told its end. Waits for what is still to be told; returns ends that nobody told. */
  async hearOut(waitStatus: number): Promise<readonly UntoldEnd[]> {
    if (this.events === undefined) return [];
    for (const milliseconds of PATIENCE_MS) {
      this.events.wake();
      await this.events.settled();
      if (this.untold().length === 0) return [];
      await this.sleep(milliseconds);
    }
    return this.untold().map((pid) => ({
      pid,
      waitStatus: pid === this.commandPid ? waitStatus : this.kernel.reader.zombieStatus(pid),
    }));
  }
}

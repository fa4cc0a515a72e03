/** Processes of the fixture that end in a given way, and what an exit tells of the cause. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { FIELDS } from '../../../src/format/fields.ts';
import { fixture, scratch } from './fixtures.ts';
import { register } from './leftovers.ts';
import { type Row, until, type Watcher } from './watcher.ts';

const MEMBERS = FIELDS.filter(({ ofCause }) => ofCause).map(({ name }) => name);

/** All that an exit tells of its cause. */
export function causeIn(row: Row): Record<string, unknown> {
  return Object.fromEntries(MEMBERS.filter((name) => name in row).map((name) => [name, row[name]]));
}

export const exitOf = (watcher: Watcher, pid: number): Promise<Row> =>
  watcher.row(`the exit of ${pid}`, (row) => row.event === 'exit' && row.pid === pid);

export interface DeathOptions {
  readonly uid?: number;
  readonly env?: Record<string, string>;
  /** A process group of its own. */
  readonly detached?: boolean;
}

/** One process of the fixture. */
export class Death {
  readonly pid: number;
  readonly args: readonly string[];
  output = '';
  private readonly child: ChildProcess;
  private readonly closed: Promise<unknown>;

  constructor(args: readonly (string | number)[], { uid, env, detached = false }: DeathOptions = {}) {
    this.args = [fixture('deaths'), ...args.map(String)];
    this.child = register(
      spawn(this.args[0], this.args.slice(1), {
        stdio: ['pipe', 'pipe', 'inherit'],
        cwd: scratch(),
        env: { ...process.env, ...env },
        detached,
        ...(uid !== undefined && { uid }),
      }),
    );
    this.pid = this.child.pid ?? 0;
    this.child.stdout?.setEncoding('latin1').on('data', (text: string) => {
      this.output += text;
    });
    this.closed = once(this.child, 'close');
  }

  /** What it printed as its first line. */
  line(): Promise<string> {
    return until('the fixture says something', () => /^(.*)\n/.exec(this.output)?.[1]);
  }

  go(): void {
    this.child.stdin?.write('\n');
  }

  async end(): Promise<void> {
    await this.closed;
  }
}

/** A process that waits to be killed. */
export async function waiting(way = 'waits', options: DeathOptions = {}): Promise<Death> {
  const death = new Death([way], options);
  await death.line();
  return death;
}

/** Runs the fixture to its end, as a sender. */
export async function sending(way: string, target: number, signal: number, options: DeathOptions = {}): Promise<Death> {
  const sender = new Death([way, target, signal], options);
  await sender.end();
  return sender;
}

/** What is told of an end by a signal of this sender. */
export const sentBy = ({ pid, args }: Death, code = 'SI_USER', uid = 0): Record<string, unknown> => ({
  cause: 'signal',
  sender_pid: pid,
  sender_comm: 'deaths',
  sender_uid: uid,
  sender_args: args,
  signal_code: code,
});

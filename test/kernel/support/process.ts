/** Processes that tests make, and what a stream of records tells about them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fixture } from './fixtures.ts';
import { register } from './leftovers.ts';
import { type Row, until } from './watcher.ts';

export interface Life {
  readonly pid: number;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly output: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly uid?: number;
}

/** Runs a program to its end. */
export async function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<Life> {
  const child = register(spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options }));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  const [code, signal] = await once(child, 'close');
  return { pid: child.pid ?? 0, code, signal, output };
}

/** One life of the fixture, told how to live and end. */
export function live(args: readonly (string | number)[], options: RunOptions = {}): Promise<Life> {
  return run(fixture('life'), args.map(String), options);
}

/** A life of the fixture that does nothing before it is let go: there is time to look at it. */
export class Held {
  readonly pid: number;
  readonly done: Promise<Life>;
  private readonly child: ChildProcess;

  constructor(args: readonly (string | number)[], options: RunOptions = {}) {
    this.child = spawn(fixture('life'), args.map(String), {
      stdio: ['pipe', 'ignore', 'inherit'],
      env: { ...process.env, LIFE_WAITS: '1' },
      ...options,
    });
    register(this.child);
    this.pid = this.child.pid ?? 0;
    const { pid } = this;
    this.done = once(this.child, 'close').then(([code, signal]) => ({ pid, code, signal, output: '' }));
  }

  go(): void {
    this.child.stdin?.write('.');
  }
}

/** A process of the fixture that stays until it is killed. */
export class Resident {
  readonly pid: number;
  private readonly child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.child = child;
    this.pid = child.pid ?? 0;
  }

  static async start(args: readonly (string | number)[], options: RunOptions = {}): Promise<Resident> {
    const child = register(
      spawn(fixture('life'), args.map(String), { stdio: ['ignore', 'pipe', 'inherit'], ...options }),
    );
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    await until('the fixture is ready', () => output.includes('ready'));
    return new Resident(child);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const ended = once(this.child, 'close');
    this.child.kill(signal);
    await ended;
  }
}

/** The records of one process. */
export function of(rows: readonly Row[], pid: number): Row[] {
  return rows.filter((row) => row.pid === pid);
}

/** How a process ended, in a word or two. */
function endOf(row: Row): string {
  const whose = row.thread === true ? ' thread' : '';
  const how = row.inferred === true ? ' inferred' : '';
  if (row.signal !== undefined) return `${row.signal}${row.core_dumped === true ? ' with core' : ''}${whose}${how}`;
  return `${row.exit_code ?? '?'}${whose}${how}`;
}

function detailOf(row: Row): string {
  switch (row.event) {
    case 'exit':
      return ` ${endOf(row)}`;
    case 'uid':
      return ` ${row.ruid}/${row.euid}`;
    case 'gid':
      return ` ${row.rgid}/${row.egid}`;
    case 'comm':
      return ` ${row.comm}`;
    case 'ptrace':
      return row.attached === true ? ' attached' : ' detached';
    default:
      return '';
  }
}

/**
 * The records about a process and all its descendants, told shortly: it is A, its first child B and so on, and each has a list of
 * its own, since what happens in different processes at one time has no order. Needs forks in the stream: a life is known by its
 * birth, so that the same pid before and after is somebody else's.
 */
export function story(rows: readonly Row[], pid: number, parent = process.pid): Record<string, string[]> {
  const names = new Map<number, string>();
  const told: Record<string, string[]> = {};
  for (const row of rows) {
    if (row.event === 'fork') {
      const isOurs = names.has(Number(row.ppid)) || (row.pid === pid && row.ppid === parent);
      if (isOurs) names.set(row.pid, String.fromCharCode('A'.charCodeAt(0) + Object.keys(told).length));
      else names.delete(row.pid);
    }
    const name = names.get(row.pid);
    if (name === undefined) continue;
    const mother = names.get(Number(row.ppid));
    const of = row.event === 'fork' && mother !== undefined ? ` of ${mother}` : '';
    told[name] = [...(told[name] ?? []), `${row.event}${of}${detailOf(row)}`];
  }
  return told;
}

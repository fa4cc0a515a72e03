/** The real program on the real kernel: started as a user starts it, read as a script reads it. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { assertRecord } from '../../schema/validator.ts';
import { register } from './leftovers.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const { status: notReady } = spawnSync(process.execPath, [`${root}scripts/ready.js`], { stdio: 'inherit' });
if (notReady !== 0) throw new Error('procwatch cannot be built');
export const BIN = `${root}bin/procwatch.js`;

/** A JSON record as a reader of the output sees it. */
export interface Row {
  readonly event: string;
  readonly pid: number;
  readonly tid: number;
  readonly time: string;
  readonly mono_ns: string;
  readonly [field: string]: unknown;
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

const GENEROUS_MS = 30_000;

/** Waits until something is so; says what it waited for if that never happens. */
export async function until<T>(what: string, look: () => T | undefined | false, limitMs = GENEROUS_MS): Promise<T> {
  for (const end = Date.now() + limitMs; Date.now() < end; await sleep(5)) {
    const found = look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`waited in vain: ${what}`);
}

/** How many such things a process has open. */
export function descriptors(pid: number, what: RegExp): number {
  return readdirSync(`/proc/${pid}/fd`).filter((fd) => {
    try {
      return what.test(readlinkSync(`/proc/${pid}/fd/${fd}`));
    } catch {
      return false;
    }
  }).length;
}

/** Whether both programs that make accounts run for a process. */
export const hasAccountPrograms = (pid: number, others = 0): boolean => descriptors(pid, /bpf_link/) === 2 + others;

/** A row of /proc/net/netlink. */
export interface NetlinkSocket {
  readonly port: number;
  readonly groups: number;
  readonly drops: number;
}

/** The connector sockets of a process, in the order they were opened, as the kernel lists them. */
export function connectorSockets(pid: number): NetlinkSocket[] {
  const inodes = readdirSync(`/proc/${pid}/fd`)
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap((fd) => {
      try {
        return /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1] ?? [];
      } catch {
        return [];
      }
    });
  const rows = readFileSync('/proc/net/netlink', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const CONNECTOR = '11';
  return inodes.flatMap((inode) => {
    const row = rows.find((fields) => fields[9] === inode && fields[1] === CONNECTOR);
    return row ? [{ port: Number(row[2]), groups: Number.parseInt(row[3], 16), drops: Number(row[8]) }] : [];
  });
}

/** The control socket and the event socket, both members of the group: everything from now on is heard. */
function isSubscribed(pid: number): boolean {
  return connectorSockets(pid).filter(({ groups }) => groups === 1).length === 2;
}

export interface StartOptions {
  readonly uid?: number;
  readonly env?: Record<string, string>;
  /** A program that becomes procwatch, with its arguments. */
  readonly prefix?: readonly string[];
}

export class Watcher {
  readonly pid: number;
  private readonly child: ChildProcess;
  private readonly isJson: boolean;
  private readonly rowList: Row[] = [];
  private rest = '';
  private output = '';
  private errors = '';
  private readonly ended: Promise<Ended>;
  private hasEnded = false;

  private constructor(args: readonly string[], { uid, env, prefix = [] }: StartOptions) {
    this.isJson = args.includes('--json');
    const [command, ...rest] = [...prefix, process.execPath, BIN, ...args];
    this.child = spawn(command, rest, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      cwd: '/',
      ...(uid !== undefined && { uid, gid: uid }),
    });
    register(this.child);
    this.pid = this.child.pid ?? 0;
    // Latin 1 keeps every byte; JSON is decoded when a line is whole.
    this.child.stdout?.setEncoding('latin1').on('data', (text: string) => this.takeOutput(text));
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
    this.ended = once(this.child, 'close').then(([code, signal]) => {
      this.hasEnded = true;
      return { code, signal, stderr: this.errors };
    });
  }

  private takeOutput(text: string): void {
    if (!this.isJson) {
      this.output += text;
      return;
    }
    const lines = (this.rest + text).split('\n');
    this.rest = lines.pop() ?? '';
    for (const line of lines) {
      const row: Row = JSON.parse(Buffer.from(line, 'latin1').toString('utf8'));
      assertRecord(row);
      this.rowList.push(row);
    }
  }

  /** Starts it and waits until it listens; JSON unless a format is given. */
  static async start(args: readonly string[], options: StartOptions = {}): Promise<Watcher> {
    const hasFormat = args.some((arg) => arg === '--json' || arg === '--format' || arg === '-f');
    const watcher = new Watcher(hasFormat ? args : ['--json', '--meta', ...args], options);
    const isMeta = watcher.isJson && !hasFormat;
    try {
      await until(`procwatch ${args.join(' ')} listens`, () => {
        if (watcher.hasEnded) throw new Error(`it ended: ${watcher.errors}`);
        return isMeta ? watcher.rowList.length > 0 : isSubscribed(watcher.pid);
      });
    } catch (error) {
      watcher.child.kill('SIGKILL');
      throw error;
    }
    return watcher;
  }

  /** What it printed so far, with `--json`. */
  get rows(): readonly Row[] {
    return this.rowList;
  }

  /** What it printed so far, in another format. */
  get text(): string {
    return Buffer.from(this.output, 'latin1').toString('utf8');
  }

  get stderr(): string {
    return this.errors;
  }

  /** Waits for a record. */
  async row(what: string, is: (row: Row) => boolean): Promise<Row> {
    return until(what, () => this.rowList.find(is));
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  end(): Promise<Ended> {
    return this.ended;
  }

  /** Lets the kernel's last events come in, ends it as `kill` does, and waits for all of its output. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<Ended> {
    // An exit is told by the kernel just after the parent could wait for it.
    await sleep(50);
    this.child.kill(signal);
    return this.ended;
  }
}

/** Runs procwatch to its end. */
export function runToEnd(args: readonly string[], input: { uid?: number; prefix?: readonly string[] } = {}) {
  const [command, ...rest] = [...(input.prefix ?? []), process.execPath, BIN, ...args];
  return spawnSync(command, rest, { encoding: 'utf8', cwd: '/', ...(input.uid !== undefined && { uid: input.uid }) });
}

/** Watches while something happens, and gives back all that was told. */
export async function watching(
  args: readonly string[],
  task: (watcher: Watcher) => Promise<void> | void,
): Promise<Row[]> {
  const watcher = await Watcher.start(args);
  try {
    await task(watcher);
  } finally {
    await watcher.stop();
  }
  return [...watcher.rows];
}

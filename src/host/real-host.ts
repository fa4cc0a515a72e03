/** The real world behind the Host: everything impure of the program is here, or behind the doors of src/linux. */
import { spawn } from 'node:child_process';
import { closeSync, createReadStream, openSync, readFileSync, writeSync } from 'node:fs';
import { availableParallelism, constants, hostname, release } from 'node:os';
import { isatty } from 'node:tty';
import { Failure } from '../errors.ts';
import { explainNoNativeCode } from '../netlink/diagnose.ts';
import type { Moment } from '../process/moment.ts';
import type { Child, Host, Kernel, OutputStream, SnapshotKernel } from './host.ts';

/** A Node stream: synchronous for terminals and files, queued for pipes. */
class NodeStream implements OutputStream {
  private readonly stream: NodeJS.WriteStream;
  private failed: string | undefined;
  private listener: ((code: string) => void) | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.failed !== undefined) return;
      this.failed = error.code ?? error.message;
      this.listener?.(this.failed);
    });
  }

  get isTerminal(): boolean {
    return this.stream.isTTY === true;
  }

  size(): { width: number; height: number } | undefined {
    return this.isTerminal ? { width: this.stream.columns || 80, height: this.stream.rows || 24 } : undefined;
  }

  write(chunk: string | Uint8Array): void {
    if (this.failed === undefined) this.stream.write(typeof chunk === 'string' ? chunk : Buffer.from(chunk));
  }

  pending(): number {
    return this.stream.writableLength;
  }

  onError(listener: (code: string) => void): void {
    this.listener = listener;
  }

  /** What failed is known by then: Node tells even a synchronous write's error a moment later. */
  flushed(): Promise<void> {
    if (this.failed !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.stream.write('', () => resolve());
    });
  }
}

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Arguments are sensitive: only the owner may read a file of them. */
const PRIVATE = 0o600;

class FileStream implements OutputStream {
  readonly isTerminal = false;
  private readonly fd: number;
  private failed = false;
  private listener: ((code: string) => void) | undefined;

  constructor(path: string) {
    this.fd = openSync(path, 'w', PRIVATE);
  }

  size(): undefined {
    return undefined;
  }

  write(chunk: string | Uint8Array): void {
    if (this.failed) return;
    try {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    } catch (error) {
      this.failed = true;
      this.listener?.((error as NodeJS.ErrnoException).code ?? String(error));
    }
  }

  pending(): number {
    return 0;
  }

  onError(listener: (code: string) => void): void {
    this.listener = listener;
  }

  flushed(): Promise<void> {
    closeSync(this.fd);
    return Promise.resolve();
  }
}

function toMoment([seconds, nanos]: [number, number]): Moment {
  return { seconds, nanos };
}

/** Fields 5 and 8 of /proc/self/stat: our process group, and the one in the foreground of our terminal. */
function isForeground(): boolean {
  const [, , group, , , foreground] = readFileSync('/proc/self/stat', 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return group === foreground;
}

/**
 * At its end Node sets terminals back to the modes it found at its start, and so would undo what the command did to its own (`stty`).
 * It lets alone what is another file by then. To close it only would not do: koffi complains about a closed stderr at its own end, waits
 * for itself in doing so, and the process never ends.
 */
function leaveTerminalsAsTheyAre(): void {
  process.once('exit', () => {
    for (const fd of [0, 1, 2]) {
      if (!isatty(fd)) continue;
      closeSync(fd);
      // Takes the lowest number that is free: this one.
      openSync('/dev/null', 'r+');
    }
  });
}

function spawnChild(command: string, args: readonly string[]): Promise<Child> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit' });
    child.once('error', reject);
    child.once('spawn', () => {
      leaveTerminalsAsTheyAre();
      const ended = new Promise<number>((done) => {
        child.once('exit', (code, signal) => done(signal === null ? (code ?? 0) << 8 : constants.signals[signal]));
      });
      resolve({ pid: child.pid ?? 0, ended, kill: (signal) => void child.kill(signal) });
    });
  });
}

function launch(command: string, args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'ignore', detached: true });
    child.once('error', reject);
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}

async function becomeUser(name: string, keeps: 'nothing' | 'seeing others'): Promise<void> {
  const [{ users }, privileges] = await Promise.all([import('./users.ts'), import('../linux/privileges.ts')]);
  const account = await users.account(name);
  if (account === undefined) throw new Failure('usage', `there is no user ${JSON.stringify(name)}`);
  if (process.geteuid?.() === account.uid) return;
  try {
    privileges.becomeUser(account, keeps);
  } catch (error) {
    throw new Failure(
      'permission',
      `cannot become ${name}: ${(error as Error).message}`,
      'only root can run as somebody else',
    );
  }
  Object.assign(process.env, { USER: account.name, LOGNAME: account.name, HOME: account.home });
}

function typedKeys(listener: (key: string) => void): { close(): void } | undefined {
  const { stdin } = process;
  if (!stdin.isTTY) return undefined;
  const take = (bytes: Buffer): void => listener(bytes.toString('latin1'));
  // A terminal that has gone away is told by SIGHUP.
  const ignore = (): void => {};
  stdin.setRawMode(true).on('data', take).on('error', ignore).resume();
  return {
    close() {
      stdin.off('data', take).off('error', ignore).pause().setRawMode(false);
    },
  };
}

/** A timer of Node's that is to wait longer (24.8 days) fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What a library may use of the process it is loaded into. */
export const ambient: Pick<Host, 'now' | 'after' | 'random'> = {
  now: () => toMoment(process.hrtime()),
  after(milliseconds, task) {
    let timer: NodeJS.Timeout;
    const wait = (left: number): void => {
      if (left <= LONGEST_TIMER_MS) timer = setTimeout(task, left);
      else timer = setTimeout(() => wait(left - LONGEST_TIMER_MS), LONGEST_TIMER_MS);
    };
    wait(milliseconds);
    return { cancel: () => clearTimeout(timer) };
  },
  random: () => crypto.getRandomValues(new Uint32Array(1))[0],
};

async function withNativeCode<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if (error instanceof Error && /koffi/i.test(error.message)) throw explainNoNativeCode(error);
    throw error;
  }
}

export const loadKernel = (): Promise<Kernel> => withNativeCode(async () => (await import('./real-kernel.ts')).kernel);
const loadSnapshotKernel = (): Promise<SnapshotKernel> =>
  withNativeCode(async () => (await import('./snapshot-kernel.ts')).snapshotKernel);

export function realHost(): Host {
  return {
    argv: process.argv.slice(2),
    pid: process.pid,
    env: process.env,
    stdout: new NodeStream(process.stdout),
    stderr: new NodeStream(process.stderr),
    openFile: (path) => new FileStream(path),
    readFile: (path) => readFileSync(path, 'utf8'),
    kernel: loadKernel,
    snapshotKernel: loadSnapshotKernel,
    ...ambient,
    onSignal(signal, listener) {
      process.on(signal, listener);
      return { cancel: () => process.off(signal, listener) };
    },
    atExit(task) {
      process.on('exit', task);
      return { cancel: () => process.off('exit', task) };
    },
    keys: typedKeys,
    isRoot: process.geteuid?.() === 0,
    isForeground,
    // Not SIGSTOP: where no shell could continue us (an orphaned process group) the kernel must be free not to stop us.
    stopSelf: () => process.kill(process.pid, 'SIGTSTP'),
    input: (path) => (path === '-' ? process.stdin : createReadStream('', { fd: openSync(path, 'r') })),
    spawn: spawnChild,
    launch,
    becomeUser,
    abort: (code) => process.exit(code),
    identity: () => ({
      host: hostname(),
      bootId: readFileSync(BOOT_ID, 'latin1').trim(),
      kernel: release(),
      cpus: availableParallelism(),
    }),
  };
}

/** The real world behind the Host: everything impure of the program is here, or behind the doors of src/linux. */
import {
  closeSync,
  createReadStream,
  constants as fileFlags,
  fstatSync,
  open,
  openSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { availableParallelism, constants, hostname, release } from 'node:os';
import { type End, exitCodeOf, Failure } from '../errors.ts';
import type { Given } from '../linux/given.ts';
import { explainNoNativeCode } from '../netlink/diagnose.ts';
import type { Moment } from '../process/moment.ts';
import { bytesOfRaw, rawText } from '../process/text.ts';
import { files } from './files.ts';
import type { Host, Kernel, Listening, OutputStream, Signal, SnapshotKernel } from './host.ts';
import { PoolStream } from './pool-stream.ts';
import { ClosedStream, FileStream, StandardStream, streamOn } from './streams.ts';

/** Arguments are sensitive: only the owner may read a file of them. */
const PRIVATE = 0o600;

/** At the end: where somebody empties the file (copytruncate of logrotate) no zeros may come before what follows. */
const WRITTEN = fileFlags.O_WRONLY | fileFlags.O_CREAT | fileFlags.O_APPEND;

const BOOT_ID = '/proc/sys/kernel/random/boot_id';

/** Nothing depends on it: where it is hidden it is not told. */
function bootId(): string | undefined {
  try {
    return readFileSync(BOOT_ID, 'latin1').trim();
  } catch {
    return undefined;
  }
}

function toMoment([seconds, nanos]: [number, number]): Moment {
  return { seconds, nanos };
}

/** Fields 5 and 8 of /proc/self/stat: our process group, and the one in the foreground of our terminal. */
function isForeground(): boolean {
  try {
    const [, , group, , , foreground] = readFileSync('/proc/self/stat', 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ');
    return group === foreground;
  } catch {
    return false;
  }
}

/** Whoever names the user otherwise says so itself. */
const NOBODY_CALLED = 'SUDO_USER says who called sudo; --keep-privileges keeps the rights of root';

async function launch(command: string, args: readonly string[]): Promise<void> {
  const { spawn } = await import('node:child_process');
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'ignore', detached: true });
    child.once('error', reject);
    child.once('spawn', () => {
      child.unref();
      resolve();
    });
  });
}

/** Returns what it changed in the environment. */
async function becomeUser(name: string, keeps: 'nothing' | 'seeing others'): Promise<Readonly<Record<string, string>>> {
  const [{ users }, privileges] = await Promise.all([import('./users.ts'), import('../linux/privileges.ts')]);
  const account = await users.account(name);
  if (account === undefined) throw new Failure('noUser', `there is no user ${JSON.stringify(name)}`, NOBODY_CALLED);
  if (process.geteuid?.() === account.uid) return {};
  try {
    privileges.becomeUser(account, keeps);
  } catch (error) {
    throw new Failure(
      'permission',
      `cannot become ${name}: ${(error as Error).message}`,
      'only root can run as somebody else',
    );
  }
  const changes = { USER: account.name, LOGNAME: account.name, HOME: account.home };
  Object.assign(process.env, changes);
  return changes;
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

const randomWords = new Uint32Array(64);
let wordsLeft = 0;

/** Node's own functions for it load all of its cryptography. Read some at a time: a heartbeat is to cost as little as it can. */
function randomWord(): number {
  if (wordsLeft === 0) {
    const fd = openSync('/dev/urandom', 'r');
    wordsLeft = readSync(fd, randomWords) / randomWords.BYTES_PER_ELEMENT;
    closeSync(fd);
  }
  return randomWords[--wordsLeft];
}

/** A timer of Node's that is to wait longer (24.8 days) fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** What a library may use of the process it is loaded into. */
export const ambient: Pick<Host, 'now' | 'after' | 'random' | 'pid'> = {
  pid: process.pid,
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
  random: randomWord,
};

/** What reading a recording needs, wherever that is done. */
export const reading: Pick<Host, 'fileSystem' | 'input' | 'after'> = {
  fileSystem: files,
  input: (path) => (path === '-' ? process.stdin : createReadStream('', { fd: openSync(path, 'r') })),
  after: ambient.after,
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
const loadListening = (): Promise<Listening> => withNativeCode(async () => (await import('./listening.ts')).listening);
export const loadSnapshotKernel = (): Promise<SnapshotKernel> =>
  withNativeCode(async () => (await import('./snapshot-kernel.ts')).snapshotKernel);

/** What was typed, to the byte. Node.js knows text only, and has U+FFFD where it is none. */
function typedArguments(): string[] {
  const args = process.argv.slice(2);
  if (!args.some((arg) => arg.includes('\ufffd'))) return args;
  const all = readFileSync('/proc/self/cmdline', 'latin1').split('\0').slice(0, -1);
  return all.slice(-args.length).map((arg) => rawText(Buffer.from(arg, 'latin1')));
}

/** Where the launcher says what Node.js was given. Nobody else is to see it. */
function take(name: 'PROCWATCH_GIVEN' | 'PROCWATCH_NO_STDOUT'): string | undefined {
  const value = process.env[name];
  delete process.env[name];
  return value;
}

/** Heard even if they were ignored at our start: without them a child cannot be waited for, nor go on with us. */
const INDISPENSABLE: readonly string[] = ['SIGCHLD', 'SIGCONT'];

async function end(how: End): Promise<number> {
  const { endBySignal, endWithCode } = await import('../linux/ending.ts');
  if ('signal' in how) endBySignal(how.signal);
  return endWithCode(exitCodeOf(how));
}

/** What still waits by then waits for ever: a thread for a reader, or for a database of users. To end as usual would be to wait with it. */
const ENDING_MS = 200;

/** To be called when all is done; does nothing if Node.js can end. */
export function endIfHeldUp(code: number): void {
  setTimeout(() => void end({ status: code }), ENDING_MS).unref();
}

/** What is known once we have stood aside. */
interface Aside {
  readonly given: Given;
  /** From our start on, and by us too. */
  readonly ignored: ReadonlySet<Signal>;
  /** A stream that may hold its writers up. */
  share(fd: number): OutputStream;
}

async function standAside(testimony: string | undefined, streams: readonly StandardStream[]): Promise<Aside> {
  const [{ given }, { goOnIgnoring }, { SharedStream }] = await Promise.all([
    import('../linux/given.ts'),
    import('../linux/spawn.ts'),
    import('./shared-stream.ts'),
  ]);
  const found = given(testimony, () =>
    Object.entries(process.env).map(([name, value]) => Buffer.from(`${name}=${value}`)),
  );
  const ignored = Object.entries(constants.signals).filter(
    ([name, number]) => found.ignored.includes(number) && !INDISPENSABLE.includes(name),
  );
  goOnIgnoring(ignored.map(([, number]) => number));
  streams.forEach((stream, i) => {
    stream.become(new SharedStream(i + 1, 'shared', ambient.after));
  });
  return {
    given: found,
    ignored: new Set(ignored.map(([name]) => name as Signal)),
    share: (fd) => new SharedStream(fd, 'own', ambient.after),
  };
}

/** A watch started by nohup is to outlive its terminal. */
async function hangupIfIgnored(): Promise<ReadonlySet<Signal>> {
  const { tracedSignals } = await import('../linux/traces.ts');
  const { SIGHUP } = constants.signals;
  if (!tracedSignals()?.includes(SIGHUP)) return new Set();
  const { goOnIgnoring } = await import('../linux/spawn.ts');
  goOnIgnoring([SIGHUP]);
  return new Set(['SIGHUP']);
}

/** A pipe with a name is open once it has a reader, which may take for ever: nothing waits for that but a thread. */
const openPipe = (path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    open(pathOf(path), 'w', (error, fd) => (error === null ? resolve(fd) : reject(error)));
  });

function isPipe(path: string): boolean {
  try {
    return statSync(pathOf(path)).isFIFO();
  } catch {
    return false;
  }
}

/** Nothing of a path is lost on its way to the system, be it UTF-8 or not. */
const pathOf = (path: string): Buffer => Buffer.from(bytesOfRaw(path));

export function realHost(): Host {
  const testimony = take('PROCWATCH_GIVEN');
  const isClosed = take('PROCWATCH_NO_STDOUT') === String(process.pid);
  const { after } = ambient;
  const stdout = new StandardStream(1, () =>
    isClosed ? new ClosedStream() : streamOn(1, () => process.stdout, after),
  );
  const stderr = new StandardStream(2, () => streamOn(2, () => process.stderr, after));
  let aside: Aside | undefined;
  let ignored: ReadonlySet<Signal> = new Set();
  let changes: Readonly<Record<string, string>> = {};
  const onSignal: Host['onSignal'] = (signal, listener) => {
    if (ignored.has(signal)) return { cancel() {} };
    process.on(signal, listener);
    return { cancel: () => process.off(signal, listener) };
  };
  return {
    argv: typedArguments(),
    parentPid: process.ppid,
    env: process.env,
    stdout,
    stderr,
    openFile(path, where = 'anew') {
      if (isPipe(path)) return new PoolStream(openPipe(path), 'own', after);
      const fd = openSync(pathOf(path), WRITTEN | (where === 'anew' ? fileFlags.O_TRUNC : 0), PRIVATE);
      return aside === undefined || fstatSync(fd).isFile() ? new FileStream(fd) : aside.share(fd);
    },
    readFile: (path) => readFileSync(pathOf(path), 'utf8'),
    readDated: (path) => ({ text: readFileSync(pathOf(path), 'latin1'), modifiedMs: statSync(pathOf(path)).mtimeMs }),
    listening: loadListening,
    async kernel() {
      const kernel = await loadKernel();
      // Once all stands: it takes Node a millisecond and more to load what sets flags.
      setImmediate(async () => (await import('./heap.ts')).keepHeapSmall());
      if (aside === undefined) ignored = await hangupIfIgnored();
      return kernel;
    },
    snapshotKernel: loadSnapshotKernel,
    engine: async (address, access, role) => (await import('./nats-engine.ts')).openEngine(address, access, role),
    recordings: async () => (await import('./recording-files.ts')).recordingFiles,
    wallMs: () => Date.now(),
    ...ambient,
    async standAside() {
      aside = await withNativeCode(() => standAside(testimony, [stdout, stderr]));
      ignored = aside.ignored;
    },
    onSignal,
    atExit(task) {
      process.on('exit', task);
      return { cancel: () => process.off('exit', task) };
    },
    keys: typedKeys,
    isRoot: process.geteuid?.() === 0,
    isForeground,
    // Not SIGSTOP: where no shell could continue us (an orphaned process group) the kernel must be free not to stop us.
    stopSelf: () => process.kill(process.pid, 'SIGTSTP'),
    input: reading.input,
    fileSystem: reading.fileSystem,
    launch,
    async spawn(command, args) {
      if (aside === undefined) throw new Error('nobody has stood aside for a command');
      const { startChild } = await import('./child.ts');
      const onChild = (listener: () => void) => onSignal('SIGCHLD', listener);
      return startChild([command, ...args], { given: aside.given, onChild, changes });
    },
    async becomeUser(name, keeps) {
      changes = await becomeUser(name, keeps);
    },
    abort: (code) => process.exit(code),
    end,
    identity: () => ({
      host: hostname(),
      bootId: bootId(),
      kernel: release(),
      cpus: availableParallelism(),
    }),
  };
}

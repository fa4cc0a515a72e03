/** The whole world of the program, scripted: streams that are text, a clock that moves when told, signals on demand, and a kernel. */
import { type End, exitCodeOf } from '../../src/errors.ts';
import type { RingSource } from '../../src/facts/ring-stream.ts';
import type { RecordingFiles } from '../../src/forward/recording-files.ts';
import type {
  Child,
  Host,
  Kernel,
  Listening,
  OutputStream,
  Signal,
  SnapshotKernel,
  Users,
} from '../../src/host/host.ts';
import { main } from '../../src/main.ts';
import type { Engine } from '../../src/nats/engine.ts';
import type { Circumstances } from '../../src/netlink/diagnose.ts';
import type { Clocks, Moment } from '../../src/process/moment.ts';
import type { AccountDoors } from '../../src/usage/doors.ts';
import { at } from './datagrams.ts';
import { ScriptedEngine } from './scripted-engine.ts';
import { ScriptedFiles } from './scripted-files.ts';
import { ScriptedReader } from './scripted-reader.ts';
import { type ConnectorScript, ScriptedConnector } from './scripted-socket.ts';
import { ScriptedTasks } from './scripted-tasks.ts';

const momentOf = (ns: bigint): Moment => ({
  seconds: Number(ns / 1_000_000_000n),
  nanos: Number(ns % 1_000_000_000n),
});

export class ScriptedStream implements OutputStream {
  private chunks: Buffer[] = [];
  /** Writes so far. */
  writes = 0;
  closed = false;
  /** Bytes that wait for a slow reader. */
  waiting = 0;
  window: { width: number; height: number } | undefined;
  private listeners: ((code: string) => void)[] = [];

  get isTerminal(): boolean {
    return this.window !== undefined;
  }

  size(): { width: number; height: number } | undefined {
    return this.window;
  }

  get text(): string {
    return this.bytes.toString();
  }

  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  set bytes(bytes: Buffer) {
    this.chunks = [Buffer.from(bytes)];
  }

  write(chunk: string | Uint8Array): void {
    this.writes++;
    this.chunks.push(Buffer.from(chunk));
  }

  pending(): number {
    return this.waiting;
  }

  onError(listener: (code: string) => void): void {
    this.listeners = [listener];
  }

  fail(code: string): void {
    for (const listener of this.listeners) listener(code);
  }

  async flushed(): Promise<void> {
    this.closed = true;
  }
}

class Aborted extends Error {}

export interface World {
  readonly argv?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly terminal?: { width: number; height: number };
  readonly connector?: ConnectorScript;
  readonly circumstances?: Partial<Circumstances>;
}

export class ScriptedHost implements Host {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly stdout = new ScriptedStream();
  readonly stderr = new ScriptedStream();
  readonly files = new Map<string, ScriptedStream>();
  readonly fileSystem = new ScriptedFiles(this.files, () => new ScriptedStream());
  readonly connector: ScriptedConnector;
  readonly reader = new ScriptedReader();
  readonly tasks = new ScriptedTasks();
  readonly userNames = new Map<number, string>([
    [0, 'root'],
    [1000, 'ada'],
  ]);
  /** The kernel's monotonic clock. */
  nowNs = at(0);
  /** The wall clock is this far ahead: the stories begin at 2001-09-09T01:46:40Z. */
  wallOffsetNs = 1_000_000_000_000_000_000n - at(0);
  aborted: number | undefined;
  /** No accounts, unless a test has some. */
  accounts: AccountDoors = {
    openTaskstats: () => ({ errno: 93 }),
    possibleCpus: () => '0-1\n',
    countsDelays: () => undefined,
    isInitialNetwork: () => true,
    openExact: async () => ({ reason: 'this kernel has no bpf(2)' }),
  };
  /** No programs, unless a test has some. */
  ring: RingSource | { readonly reason: string } = { reason: 'a scripted kernel runs no programs' };
  private readonly timers = new Set<{ due: bigint; task: () => void }>();
  private readonly signals = new Map<Signal, Set<() => void>>();
  private readonly world: World;
  private tokens = 0;

  constructor(world: World = {}) {
    this.world = world;
    this.argv = world.argv ?? [];
    this.env = world.env ?? {};
    this.stdout.window = world.terminal;
    this.connector = new ScriptedConnector(world.connector);
  }

  readonly pid = 99_999;
  readonly parentPid = 100;

  readFile(path: string): string {
    const file = this.files.get(path);
    if (file === undefined) throw Object.assign(new Error(`ENOENT: no such file: ${path}`), { code: 'ENOENT' });
    return file.text;
  }

  openFile(path: string, where: 'anew' | 'at its end' = 'anew'): OutputStream {
    if (path.startsWith('/nowhere/')) {
      throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' });
    }
    const stream = (where === 'at its end' && this.files.get(path)) || new ScriptedStream();
    this.files.set(path, stream);
    return stream;
  }

  /** Wall clock of the last change, by path. */
  readonly written = new Map<string, number>();

  readDated(path: string): { text: string; modifiedMs: number } {
    return { text: this.readFile(path), modifiedMs: this.written.get(path) ?? Number.POSITIVE_INFINITY };
  }

  hasStoodAside = false;
  async standAside(): Promise<void> {
    this.hasStoodAside = true;
  }

  /** Signals sent to processes that have no descriptors. */
  readonly killed: [pid: number, signal: number][] = [];

  /** Messages that were kept, and what may be read. */
  readonly kept = new ScriptedEngine();

  async engine(): Promise<Engine> {
    return this.kept;
  }

  async recordings(): Promise<RecordingFiles> {
    throw new Error('no directories here');
  }

  wallMs(): number {
    return Number((this.nowNs + this.wallOffsetNs) / 1_000_000n);
  }

  input(path: string): AsyncIterable<Uint8Array> {
    this.readFile(path);
    const { bytes } = this.files.get(path) as ScriptedStream;
    return (async function* () {
      yield bytes;
    })();
  }

  /** Programs of the desktop that were started, as they would be typed. */
  readonly launched: string[] = [];

  async launch(command: string, args: readonly string[]): Promise<void> {
    this.launched.push([command, ...args].join(' '));
  }

  private readonly users: Users = {
    name: (uid) => this.userNames.get(uid),
    nameSoon: async (uid) => this.userNames.get(uid),
    account: async (asked) => {
      const [uid, name] = [...this.userNames].find(([uid, name]) => name === asked || String(uid) === asked) ?? [];
      return uid === undefined || name === undefined ? undefined : { name, uid, gid: uid, home: `/home/${name}` };
    },
  };

  async snapshotKernel(): Promise<SnapshotKernel> {
    return {
      reader: (threads) => this.tasks.reader(threads),
      openDump: (selection) => this.tasks.openDump(selection),
      users: this.users,
      clocks: () => this.clocks(),
    };
  }

  listening(): Promise<Listening> {
    return this.kernel();
  }

  async kernel(): Promise<Kernel> {
    const circumstances = (): Circumstances => ({
      connectorListed: true,
      initialPidNamespace: true,
      initialUserNamespace: true,
      ...this.world.circumstances,
    });
    return {
      openConnector: this.connector.open,
      reader: this.reader,
      readerWithoutArgs: this.reader,
      users: this.users,
      openRing: async () => this.ring,
      openWalk: async () => ({ reason: 'a scripted kernel runs no programs' }),
      openAttempts: async () => ({ reason: 'a scripted kernel runs no programs' }),
      openCauses: async () => ({ reason: 'a scripted kernel runs no programs' }),
      openFacts: async () => ({ reason: 'a scripted kernel runs no programs' }),
      openPidfd: () => 'unsupported',
      kill: (pid, signal) => void this.killed.push([pid, signal]),
      circumstances,
      clocks: () => this.clocks(),
      accounts: this.accounts,
    };
  }

  clocks(): Clocks {
    return {
      monotonic: this.now(),
      wallOffset: momentOf(this.wallOffsetNs),
      bootOffset: { seconds: 0, nanos: 0 },
    };
  }

  now(): Moment {
    return momentOf(this.nowNs);
  }

  /** Lets time pass, and the timers of that time run in order. */
  advance(milliseconds: number): void {
    const end = this.nowNs + BigInt(Math.round(milliseconds * 1e6));
    for (;;) {
      const [next] = [...this.timers].filter(({ due }) => due <= end).sort((a, b) => Number(a.due - b.due));
      if (next === undefined) break;
      this.timers.delete(next);
      if (next.due > this.nowNs) this.nowNs = next.due;
      next.task();
    }
    this.nowNs = end;
  }

  after(milliseconds: number, task: () => void): { cancel(): void } {
    const timer = { due: this.nowNs + BigInt(Math.round(milliseconds * 1e6)), task };
    this.timers.add(timer);
    return { cancel: () => void this.timers.delete(timer) };
  }

  random(): number {
    return (0xabcd0000 + ++this.tokens) >>> 0;
  }

  onSignal(signal: Signal, listener: () => void): { cancel(): void } {
    const listeners = this.signals.get(signal) ?? new Set();
    this.signals.set(signal, listeners.add(listener));
    return { cancel: () => void listeners.delete(listener) };
  }

  signal(signal: Signal): void {
    for (const listener of [...(this.signals.get(signal) ?? [])]) listener();
  }

  /** What is to run when the process ends. */
  readonly exitTasks = new Set<() => void>();

  atExit(task: () => void): { cancel(): void } {
    this.exitTasks.add(task);
    return { cancel: () => void this.exitTasks.delete(task) };
  }

  /** Who gets the keys that are typed. */
  keyListener: ((key: string) => void) | undefined;

  keys(listener: (key: string) => void): { close(): void } {
    this.keyListener = listener;
    return {
      close: () => {
        this.keyListener = undefined;
      },
    };
  }

  isRoot = false;

  isForeground(): boolean {
    return true;
  }

  stopSelf(): void {}

  async spawn(command: string): Promise<Child> {
    throw Object.assign(new Error(`spawn ${command} ENOENT`), { code: 'ENOENT' });
  }

  async becomeUser(): Promise<void> {}

  abort(code: number): never {
    this.aborted = code;
    throw new Aborted();
  }

  /** How it ended as something else did. */
  ended: End | undefined;

  async end(how: End): Promise<number> {
    this.ended = how;
    return exitCodeOf(how);
  }

  identity(): { host: string; bootId: string; kernel: string; cpus: number } {
    return { host: 'lovelace', bootId: '00000000-0000-4000-8000-000000000001', kernel: '6.18.0', cpus: 2 };
  }

  /** Timers still set. */
  get timersLeft(): number {
    return this.timers.size;
  }
}

/** Runs the real program in this world: `act` once it listens (never, if it does not come to that), and its exit code. */
export async function runProgram(host: ScriptedHost, act: () => void | Promise<void> = () => {}): Promise<number> {
  const done = main(host);
  const first = await Promise.race([done, host.connector.listening.then(() => 'listening' as const)]);
  if (first === 'listening') await act();
  return done;
}

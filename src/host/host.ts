/**
 * What the program needs of the world: streams, environment, clocks, timers, signals, and the kernel. It gets a Host and touches nothing
 * else, so a test can be the whole world; the real one is in real-host.ts.
 */
import type { AttemptSource } from '../attempts/attempt.ts';
import type { CauseSource } from '../cause/cause-source.ts';
import type { End } from '../errors.ts';
import type { FactSource } from '../facts/kernel-facts.ts';
import type { RingSource } from '../facts/ring-stream.ts';
import type { RecordingFiles } from '../forward/recording-files.ts';
import type { NatsAddress } from '../nats/address.ts';
import type { Access, Engine, Role } from '../nats/engine.ts';
import type { Circumstances } from '../netlink/diagnose.ts';
import type { OpenConnector } from '../netlink/socket.ts';
import type { FactWishes } from '../process/fact-wishes.ts';
import type { Clocks, Moment } from '../process/moment.ts';
import type { NoPidfd, Pidfd } from '../process/pidfd.ts';
import type { ProcReader } from '../process/proc-reader.ts';
import type { ProcessWalk } from '../process/scan.ts';
import type { Text } from '../process/text.ts';
import type { TaskDoors } from '../ps/task.ts';
import type { AccountDoors } from '../usage/doors.ts';
import type { Files } from './files.ts';

export interface OutputStream {
  readonly isTerminal: boolean;
  /** The window, if it is one. */
  size(): { readonly width: number; readonly height: number } | undefined;
  /** Never blocks on a pipe: what does not fit waits in memory. Bytes are the caller's again when it returns. */
  write(chunk: string | Uint8Array): void;
  /** Bytes waiting in memory. */
  pending(): number;
  /** Called once, with an errno name such as EPIPE, when nothing can be written any more. */
  onError(listener: (code: string) => void): void;
  /** Resolves when all is written, or nothing can be. */
  flushed(): Promise<void>;
  /** Gives up what was not written, where anything may wait. */
  abandon?(): void;
  /** Where `flushed` does not wait for ever: it has a time of its own, and has said by then what is missing. */
  readonly endsByItself?: true;
  /** Where several outputs get the same: each of them ends in its own way. */
  readonly parts?: readonly OutputStream[];
}

export interface Users {
  /** The name of a user id, or undefined while the system is still being asked, or where there is none. */
  name(uid: number): Text | undefined;
  /** The same, waited for, but not long: undefined too while a service does not answer. */
  nameSoon(uid: number): Promise<Text | undefined>;
  /** By name or number. Rejects with a Failure where the service that knows does not answer. */
  account(name: string): Promise<Account | undefined>;
}

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** What hearing of events needs of the system: loaded before all else, so that events are queued while that is loaded. */
export interface Listening {
  readonly openConnector: OpenConnector;
  /** Programs in the kernel that tell all there is to hear, with a ring of this size; or the reason why they are not to be had. */
  openRing(wishes: FactWishes, ringBytes: number): Promise<RingSource | { readonly reason: string }>;
  circumstances(): Circumstances;
}

/** What needs the operating system below Node: loaded only by commands that listen. */
export interface Kernel extends Listening {
  readonly reader: ProcReader;
  /** The same, but arguments are never read. */
  readonly readerWithoutArgs: ProcReader;
  readonly users: Users;
  openPidfd(pid: number): Pidfd | NoPidfd;
  /** Where there are no process descriptors. Nothing happens if it has ended or is not ours to signal. */
  kill(pid: number, signal: number): void;
  clocks(): Clocks;
  /** Facts about processes from programs in the kernel; or the reason why they are not to be had. */
  openFacts(wishes: FactWishes): Promise<FactSource | { readonly reason: string }>;
  /** Why processes end, from programs in the kernel; or the reason why that is not to be had. */
  openCauses(): Promise<CauseSource | { readonly reason: string }>;
  /** Execs that fail, from programs in the kernel; or the reason why that is not to be had. */
  openAttempts(args: 'with' | 'without'): Promise<AttemptSource | { readonly reason: string }>;
  /** Over the kernel's own list of processes; or the reason why there is none. */
  openWalk(): Promise<ProcessWalk | { readonly reason: string }>;
  /** What processes used. */
  readonly accounts: AccountDoors;
}

/** What a snapshot of all tasks needs of the operating system: less than listening, and therefore sooner loaded. */
export interface SnapshotKernel extends TaskDoors, Pick<Kernel, 'users' | 'clocks'> {}

export type Signal = NodeJS.Signals;

/** A command started by us, with our own streams and terminal. */
export interface Child {
  readonly pid: number;
  /** Its wait status. */
  readonly ended: Promise<number>;
  /** By name or number. Nothing happens to a command that has ended. */
  kill(signal: Signal | number): void;
}

export interface Host {
  readonly argv: readonly string[];
  /** Of this process. */
  readonly pid: number;
  readonly parentPid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Always written at its end, wherever that is by then; `anew`: emptied first. Throws an error with a `code` such as ENOENT. */
  openFile(path: string, where?: 'anew' | 'at its end'): OutputStream;
  /** Throws as `openFile` does. */
  readFile(path: string): string;
  /** The same, each byte as one letter, with the time of its last change on the wall clock. */
  readDated(path: string): { readonly text: string; readonly modifiedMs: number };
  /**
   * For the sake of others, who must not notice us: what we were given at our start is kept for the command to come, signals that were
   * ignored stay so, and streams that we share are written as they are, by a reader's leave. To be called before anything is opened.
   */
  standAside(): Promise<void>;
  /** Files that are read at any place, and files that are written at their end. */
  readonly fileSystem: Files;
  /** The bytes of a file as they are read; `-` is stdin. Throws as `openFile` does. */
  input(path: string): AsyncIterable<Uint8Array>;
  /** Connects to an engine that keeps messages; rejects with a Failure, of a server that is not there with an Unreachable. */
  engine(address: NatsAddress, access: Access, role: Role): Promise<Engine>;
  /** Files of recordings, to be followed as they grow. */
  recordings(): Promise<RecordingFiles>;
  listening(): Promise<Listening>;
  kernel(): Promise<Kernel>;
  snapshotKernel(): Promise<SnapshotKernel>;
  /** CLOCK_MONOTONIC. */
  now(): Moment;
  /** The wall clock, in milliseconds since 1970. */
  wallMs(): number;
  after(milliseconds: number, task: () => void): { cancel(): void };
  random(): number;
  onSignal(signal: Signal, listener: () => void): { cancel(): void };
  /** Runs the task when the process ends, however it ends of its own accord: also by an exception that nobody caught. */
  atExit(task: () => void): { cancel(): void };
  /** Keys as they are typed, those that would make signals too, until it is closed; undefined where stdin is no terminal. */
  keys(listener: (key: string) => void): { close(): void } | undefined;
  readonly isRoot: boolean;
  /** Whether we are in the foreground of our terminal, so that its keys reach us and our children alike. */
  isForeground(): boolean;
  /** Stops this process, as Ctrl-Z would, until it is continued. Nobody may listen to SIGTSTP meanwhile. */
  stopSelf(): void;
  /** After `standAside`. Rejects with a `code`: ENOENT, EACCES … */
  spawn(command: string, args: readonly string[]): Promise<Child>;
  /** Starts a program of the desktop, which lives on by itself. Rejects as `spawn` does. */
  launch(command: string, args: readonly string[]): Promise<void>;
  /**
   * Gives up all other rights for good: user, groups, capabilities, and the environment's idea of them. Rejects with a Failure: `noUser`
   * where there is none of that name.
   */
  becomeUser(name: string, keeps: 'nothing' | 'seeing others'): Promise<void>;
  /** Ends the program at once, without any flush. */
  abort(code: number): never;
  /** Ends as something that was waited for has ended; whatever it has done to terminals stays done. Resolves in tests only. */
  end(how: End): Promise<number>;
  /** Names this machine and its boot, for streams of many machines. */
  identity(): {
    readonly host: string;
    readonly bootId: string | undefined;
    readonly kernel: string;
    readonly cpus: number;
  };
}

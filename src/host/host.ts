/**
 * What the program needs of the world: streams, environment, clocks, timers, signals, and the kernel. It gets a Host and touches nothing
 * else, so a test can be the whole world; the real one is in real-host.ts.
 */
import type { Circumstances } from '../netlink/diagnose.ts';
import type { OpenConnector } from '../netlink/socket.ts';
import type { ImageCapture } from '../process/image-capture.ts';
import type { ImageSource } from '../process/image-source.ts';
import type { Clocks, Moment } from '../process/moment.ts';
import type { NoPidfd, Pidfd } from '../process/pidfd.ts';
import type { ProcReader } from '../process/proc-reader.ts';
import type { ProcessWalk } from '../process/scan.ts';
import type { Text } from '../process/text.ts';
import type { TaskDoors } from '../ps/task.ts';
import type { AccountDoors } from '../usage/doors.ts';

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
}

export interface Users {
  /** The name of a user id, or undefined while the system is still being asked, or where there is none. */
  name(uid: number): Text | undefined;
  /** By name or number. */
  account(name: string): Promise<Account | undefined>;
}

export interface Account {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
}

/** What needs the operating system below Node: loaded only by commands that listen. */
export interface Kernel {
  readonly openConnector: OpenConnector;
  readonly reader: ProcReader;
  /** The same, but arguments are never read. */
  readonly readerWithoutArgs: ProcReader;
  readonly users: Users;
  openPidfd(pid: number): Pidfd | NoPidfd;
  circumstances(): Circumstances;
  clocks(): Clocks;
  /** Images of all execs, captured inside the kernel; or the reason why they are not to be had. */
  openImageCapture(options: ImageCaptureOptions): Promise<ImageCapture | { readonly reason: string }>;
  /** Over the kernel's own list of processes; or the reason why there is none. */
  openWalk(): Promise<ProcessWalk | { readonly reason: string }>;
  /** What processes used. */
  readonly accounts: AccountDoors;
}

/** What a snapshot of all tasks needs of the operating system: less than listening, and therefore sooner loaded. */
export interface SnapshotKernel extends TaskDoors, Pick<Kernel, 'users' | 'clocks'> {}

export interface ImageCaptureOptions {
  /** Answers for execs that were not captured. */
  readonly fallback: ImageSource;
  /** Gives exe and cwd, which need a look at /proc, where they are wanted. */
  readonly links: ImageSource | undefined;
  /** Whether arguments may leave the kernel. */
  readonly args: boolean;
}

export type Signal =
  | 'SIGINT'
  | 'SIGQUIT'
  | 'SIGTERM'
  | 'SIGHUP'
  | 'SIGUSR1'
  | 'SIGUSR2'
  | 'SIGTSTP'
  | 'SIGCONT'
  | 'SIGCHLD'
  | 'SIGWINCH';

/** A command started by us, with our own streams and terminal. */
export interface Child {
  readonly pid: number;
  /** Its wait status. */
  readonly ended: Promise<number>;
  kill(signal: Signal): void;
}

export interface Host {
  readonly argv: readonly string[];
  /** Of this process. */
  readonly pid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Throws an error with a `code` such as ENOENT. */
  openFile(path: string): OutputStream;
  /** Throws as `openFile` does. */
  readFile(path: string): string;
  /** The bytes of a file as they are read; `-` is stdin. Throws as `openFile` does. */
  input(path: string): AsyncIterable<Uint8Array>;
  kernel(): Promise<Kernel>;
  snapshotKernel(): Promise<SnapshotKernel>;
  /** CLOCK_MONOTONIC. */
  now(): Moment;
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
  /** Rejects with a `code`: ENOENT, EACCES … */
  spawn(command: string, args: readonly string[]): Promise<Child>;
  /** Starts a program of the desktop, which lives on by itself. Rejects as `spawn` does. */
  launch(command: string, args: readonly string[]): Promise<void>;
  /** Gives up all other rights for good: user, groups, capabilities, and the environment's idea of them. */
  becomeUser(name: string, keeps: 'nothing' | 'seeing others'): Promise<void>;
  /** Ends the program at once, without any flush. */
  abort(code: number): never;
  /** Names this machine and its boot, for streams of many machines. */
  identity(): { readonly host: string; readonly bootId: string; readonly kernel: string; readonly cpus: number };
}

/**
 * Everything impure in one place: streams, environment, clocks, timers, signals, and the kernel. The rest of the program gets a
 * Host and touches nothing else, so a test can be the whole world.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { hostname, release } from 'node:os';
import type { Circumstances } from './netlink/diagnose.ts';
import type { OpenConnector } from './netlink/socket.ts';
import type { Clocks, Moment } from './process/moment.ts';
import type { ProcReader } from './process/proc-reader.ts';
import type { Text } from './process/text.ts';

export interface OutputStream {
  readonly isTerminal: boolean;
  /** The window, if it is one. */
  size(): { readonly width: number; readonly height: number } | undefined;
  /** Never blocks on a pipe: what does not fit waits in memory. */
  write(text: string): void;
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
  uid(name: string): Promise<number | undefined>;
}

/** What needs the operating system below Node: loaded only by commands that listen. */
export interface Kernel {
  readonly openConnector: OpenConnector;
  readonly reader: ProcReader;
  readonly users: Users;
  circumstances(): Circumstances;
  clocks(): Clocks;
}

export type Signal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGWINCH';

export interface Host {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  /** Throws an error with a `code` such as ENOENT. */
  openFile(path: string): OutputStream;
  kernel(): Promise<Kernel>;
  /** CLOCK_MONOTONIC. */
  now(): Moment;
  after(milliseconds: number, task: () => void): { cancel(): void };
  random(): number;
  onSignal(signal: Signal, listener: () => void): { cancel(): void };
  /** Ends the program at once, without any flush. */
  abort(code: number): never;
  /** Names this machine and its boot, for streams of many machines. */
  identity(): { readonly host: string; readonly bootId: string; readonly kernel: string };
}

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

  write(text: string): void {
    if (this.failed === undefined) this.stream.write(text);
  }

  pending(): number {
    return this.stream.writableLength;
  }

  onError(listener: (code: string) => void): void {
    this.listener = listener;
  }

  flushed(): Promise<void> {
    if (this.failed !== undefined || this.stream.writableLength === 0) return Promise.resolve();
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

  write(text: string): void {
    if (this.failed) return;
    try {
      const bytes = Buffer.from(text);
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

export function realHost(): Host {
  return {
    argv: process.argv.slice(2),
    env: process.env,
    stdout: new NodeStream(process.stdout),
    stderr: new NodeStream(process.stderr),
    openFile: (path) => new FileStream(path),
    kernel: async () => (await import('./linux/kernel.ts')).kernel,
    now: () => toMoment(process.hrtime()),
    after(milliseconds, task) {
      const timer = setTimeout(task, milliseconds);
      return { cancel: () => clearTimeout(timer) };
    },
    random: () => crypto.getRandomValues(new Uint32Array(1))[0],
    onSignal(signal, listener) {
      process.on(signal, listener);
      return { cancel: () => process.off(signal, listener) };
    },
    abort: (code) => process.exit(code),
    identity: () => ({ host: hostname(), bootId: readFileSync(BOOT_ID, 'latin1').trim(), kernel: release() }),
  };
}

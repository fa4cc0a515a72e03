/** Where the program writes: its standard streams, opened when first written to, and files. */
import { closeSync, constants, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Host, OutputStream } from './host.ts';
import { PoolStream } from './pool-stream.ts';

/** A Node stream: synchronous for terminals and files, queued for pipes. */
class NodeStream implements OutputStream {
  private readonly stream: NodeJS.WriteStream | Socket;
  private failed: string | undefined;
  private listener: ((code: string) => void) | undefined;

  constructor(stream: NodeJS.WriteStream | Socket) {
    this.stream = stream;
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (this.failed !== undefined) return;
      this.failed = error.code ?? error.message;
      this.listener?.(this.failed);
    });
  }

  get isTerminal(): boolean {
    return 'isTTY' in this.stream && this.stream.isTTY === true;
  }

  size(): { width: number; height: number } | undefined {
    const { stream } = this;
    return 'isTTY' in stream && stream.isTTY ? { width: stream.columns || 80, height: stream.rows || 24 } : undefined;
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

  abandon(): void {
    this.failed = 'abandoned';
    this.stream.destroy();
  }

  /** What failed is known by then: Node tells even a synchronous write's error a moment later. */
  flushed(): Promise<void> {
    if (this.failed !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.stream.write('', () => resolve());
    });
  }
}

function isCharacterDevice(fd: number): boolean {
  try {
    return fstatSync(fd).isCharacterDevice();
  } catch {
    return false;
  }
}

/** One of our standard streams. Node.js changes what it opens, so it opens none that is not written to. */
export class StandardStream implements OutputStream {
  private readonly fd: number;
  private readonly open: () => OutputStream;
  private opened: OutputStream | undefined;
  private listener: ((code: string) => void) | undefined;

  constructor(fd: number, open: () => OutputStream) {
    this.fd = fd;
    this.open = open;
  }

  private get stream(): OutputStream {
    return this.opened ?? this.become(this.open());
  }

  /** Everything from now on goes this way. */
  become(stream: OutputStream): OutputStream {
    this.opened = stream;
    if (this.listener !== undefined) stream.onError(this.listener);
    return stream;
  }

  get isTerminal(): boolean {
    // Node's module of terminals takes longer to load than to ask the system whether this can be one.
    return isCharacterDevice(this.fd) && process.getBuiltinModule('node:tty').isatty(this.fd);
  }

  size(): { readonly width: number; readonly height: number } | undefined {
    return this.isTerminal ? this.stream.size() : undefined;
  }

  write(chunk: string | Uint8Array): void {
    this.stream.write(chunk);
  }

  pending(): number {
    return this.opened?.pending() ?? 0;
  }

  onError(listener: (code: string) => void): void {
    this.listener = listener;
    this.opened?.onError(listener);
  }

  async flushed(): Promise<void> {
    await this.opened?.flushed();
  }

  abandon(): void {
    this.opened?.abandon?.();
  }
}

const NEWLINE = '\n'.charCodeAt(0);

/** A regular file or a device: written at once. */
export class FileStream implements OutputStream {
  readonly isTerminal = false;
  private readonly fd: number;
  private readonly isOwn: boolean;
  private failed: string | undefined;
  private listener: ((code: string) => void) | undefined;

  /** @param whose `own` is closed when it is flushed */
  constructor(fd: number, whose: 'own' | 'shared' = 'own') {
    this.fd = fd;
    this.isOwn = whose === 'own';
  }

  size(): undefined {
    return undefined;
  }

  write(chunk: string | Uint8Array): void {
    if (this.failed !== undefined) return;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    let at = 0;
    try {
      while (at < bytes.length) at += writeSync(this.fd, bytes, at);
    } catch (error) {
      this.failed = (error as NodeJS.ErrnoException).code ?? String(error);
      this.takeBackTorn(bytes.subarray(0, at));
      this.listener?.(this.failed);
    }
  }

  /** A full disk takes the beginning of a line: a reader is better off without it. */
  private takeBackTorn(written: Uint8Array): void {
    const torn = written.length - 1 - written.lastIndexOf(NEWLINE);
    try {
      if (torn > 0 && fstatSync(this.fd).isFile()) ftruncateSync(this.fd, fstatSync(this.fd).size - torn);
    } catch {
      // Then it stays: what failed is told in any case.
    }
  }

  pending(): number {
    return 0;
  }

  onError(listener: (code: string) => void): void {
    this.listener = listener;
    if (this.failed !== undefined) listener(this.failed);
  }

  flushed(): Promise<void> {
    if (this.isOwn) closeSync(this.fd);
    return Promise.resolve();
  }
}

/** Nothing can be written: it was closed before we began. */
export class ClosedStream implements OutputStream {
  readonly isTerminal = false;
  private hasTried = false;
  private listener: ((code: string) => void) | undefined;

  size(): undefined {
    return undefined;
  }

  write(): void {
    this.hasTried = true;
    this.listener?.(CLOSED);
  }

  pending(): number {
    return 0;
  }

  onError(listener: (code: string) => void): void {
    this.listener = listener;
    if (this.hasTried) listener(CLOSED);
  }

  flushed(): Promise<void> {
    return Promise.resolve();
  }
}

const CLOSED = 'EBADF';

/** The same pipe by an open file of our own, which may be non-blocking without anybody noticing; undefined where it is not ours to open. */
function ownPipe(fd: number): Socket | undefined {
  try {
    const own = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
    // Loaded where there is a pipe alone: it takes its time.
    const net = process.getBuiltinModule('node:net');
    return new net.Socket({ fd: own, readable: false, writable: true }).unref();
  } catch {
    return undefined;
  }
}

/** A standard stream by what it is: what others share is not changed. */
export function streamOn(fd: number, open: () => NodeJS.WriteStream, after: Host['after']): OutputStream {
  const kind = fstatSync(fd);
  if (kind.isFile()) return new FileStream(fd, 'shared');
  if (kind.isSocket()) return new PoolStream(fd, 'shared', after);
  if (!kind.isFIFO()) return new NodeStream(open());
  const pipe = ownPipe(fd);
  return pipe === undefined ? new PoolStream(fd, 'shared', after) : new NodeStream(pipe);
}

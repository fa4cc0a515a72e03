/** Where the program writes: Node's own streams, opened when first written to, and files. */
import { closeSync, fstatSync, writeSync } from 'node:fs';
import type { OutputStream } from './host.ts';

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
  private readonly open: () => NodeJS.WriteStream;
  private opened: OutputStream | undefined;
  private listener: ((code: string) => void) | undefined;

  constructor(fd: number, open: () => NodeJS.WriteStream) {
    this.fd = fd;
    this.open = open;
  }

  private get stream(): OutputStream {
    return this.opened ?? this.become(new NodeStream(this.open()));
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
}

/** A regular file: written at once. */
export class FileStream implements OutputStream {
  readonly isTerminal = false;
  private readonly fd: number;
  private failed = false;
  private listener: ((code: string) => void) | undefined;

  constructor(fd: number) {
    this.fd = fd;
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

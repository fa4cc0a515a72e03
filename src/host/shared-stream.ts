/**
 * A stream that belongs to others too: the open file behind it is that of a command or of a shell. It is written as it is, since to make
 * it non-blocking, as Node.js does with pipes, would do so for everybody; and its reader may take any time, since the write waits on a thread
 * of its own. Regular files are written at once.
 */
import { closeSync, fstatSync, writeSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { writeOnPool } from '../linux/libc.ts';
import { windowOf } from '../linux/terminal.ts';
import type { Host, OutputStream } from './host.ts';

/** Joined into one write at the most. */
const CHUNK_BYTES = 64 * 1024;
const EAGAIN = 11;
/** Somebody else has made it non-blocking: how soon to try again. */
const AGAIN_MS = 10;

const nameOf = (errno: number): string => getSystemErrorMap().get(-errno)?.[0] ?? `errno ${errno}`;

export class SharedStream implements OutputStream {
  private readonly fd: number;
  private readonly after: Host['after'];
  private readonly isOwn: boolean;
  private readonly isPlain: boolean;
  private readonly queue: Uint8Array[] = [];
  private queued = 0;
  private isWriting = false;
  private failed: string | undefined;
  private listener: ((code: string) => void) | undefined;
  private onDrained: (() => void)[] = [];

  /** @param whose `own` is closed when it is flushed */
  constructor(fd: number, whose: 'own' | 'shared', after: Host['after']) {
    this.fd = fd;
    this.isOwn = whose === 'own';
    this.after = after;
    this.isPlain = fstatSync(fd).isFile();
  }

  get isTerminal(): boolean {
    return windowOf(this.fd) !== undefined;
  }

  size(): { width: number; height: number } | undefined {
    return windowOf(this.fd);
  }

  write(chunk: string | Uint8Array): void {
    if (this.failed !== undefined || chunk.length === 0) return;
    // A copy: the bytes are the caller's again.
    const bytes = Buffer.from(chunk as Uint8Array);
    if (this.isPlain) return this.writeNow(bytes);
    this.queue.push(bytes);
    this.queued += bytes.length;
    if (!this.isWriting) void this.drain();
  }

  private writeNow(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    } catch (error) {
      this.fail((error as NodeJS.ErrnoException).code ?? String(error));
    }
  }

  /** As much as fits one write, off the queue. */
  private take(): Uint8Array {
    let bytes = 0;
    let count = 0;
    while (count < this.queue.length && (count === 0 || bytes + this.queue[count].length <= CHUNK_BYTES))
      bytes += this.queue[count++].length;
    return Buffer.concat(this.queue.splice(0, count));
  }

  private async drain(): Promise<void> {
    this.isWriting = true;
    while (this.queue.length > 0 && this.failed === undefined) {
      let rest = this.take();
      while (rest.length > 0 && this.failed === undefined) {
        const written = await writeOnPool(this.fd, rest);
        if (written >= 0) rest = rest.subarray(written);
        else if (-written === EAGAIN) await new Promise<void>((resolve) => this.after(AGAIN_MS, resolve));
        else this.fail(nameOf(-written));
        this.queued -= Math.max(0, written);
      }
    }
    this.isWriting = false;
    for (const done of this.onDrained.splice(0)) done();
  }

  private fail(code: string): void {
    this.failed = code;
    this.queue.length = 0;
    this.queued = 0;
    this.listener?.(code);
  }

  pending(): number {
    return this.queued;
  }

  onError(listener: (code: string) => void): void {
    this.listener = listener;
  }

  async flushed(): Promise<void> {
    if (this.isWriting) await new Promise<void>((resolve) => this.onDrained.push(resolve));
    if (this.isOwn) closeSync(this.fd);
  }
}

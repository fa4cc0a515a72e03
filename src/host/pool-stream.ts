/**
 * A stream whose reader may take any time and whose open file may be others' too: it is written as it is, since to make it non-blocking, as
 * Node.js does with pipes, would do so for everybody. Each write waits on a thread of its own, one at a time.
 */
import { close, write } from 'node:fs';
import type { Host, OutputStream } from './host.ts';

/** Joined into one write at the most. */
const CHUNK_BYTES = 64 * 1024;
const EAGAIN = 'EAGAIN';
/** Somebody else has made it non-blocking: how soon to try again. */
const AGAIN_MS = 10;

/** On a thread of libuv's pool, which it may hold up for ever: to bytes written, or the name of an error. */
const writeOnPool = (fd: number, bytes: Uint8Array): Promise<number | string> =>
  new Promise((resolve) => {
    write(fd, bytes, (error, written) => resolve(error === null ? written : (error.code ?? error.message)));
  });

export class PoolStream implements OutputStream {
  protected readonly after: Host['after'];
  private readonly isOwn: boolean;
  private readonly queue: Uint8Array[] = [];
  private queued = 0;
  private isWriting = false;
  private failed: string | undefined;
  private listener: ((code: string) => void) | undefined;
  private onDrained: (() => void)[] = [];
  /** Undefined until it is open. */
  private fd: number | undefined;

  /** @param whose `own` is closed when it is flushed */
  constructor(fd: number | Promise<number>, whose: 'own' | 'shared', after: Host['after']) {
    this.isOwn = whose === 'own';
    this.after = after;
    if (typeof fd === 'number') this.fd = fd;
    else
      fd.then(
        (opened) => this.opened(opened),
        (error) => this.fail(error.code ?? String(error)),
      );
  }

  private opened(fd: number): void {
    this.fd = fd;
    if (this.queue.length > 0) void this.drain(fd);
  }

  get isTerminal(): boolean {
    return false;
  }

  size(): { readonly width: number; readonly height: number } | undefined {
    return undefined;
  }

  write(chunk: string | Uint8Array): void {
    if (this.failed !== undefined || chunk.length === 0) return;
    // A copy: the bytes are the caller's again.
    const bytes = Buffer.from(chunk as Uint8Array);
    this.queue.push(bytes);
    this.queued += bytes.length;
    if (!this.isWriting && this.fd !== undefined) void this.drain(this.fd);
  }

  /** As much as fits one write, off the queue. */
  private take(): Uint8Array {
    let bytes = 0;
    let count = 0;
    while (count < this.queue.length && (count === 0 || bytes + this.queue[count].length <= CHUNK_BYTES))
      bytes += this.queue[count++].length;
    return Buffer.concat(this.queue.splice(0, count));
  }

  private async drain(fd: number): Promise<void> {
    this.isWriting = true;
    while (this.queue.length > 0 && this.failed === undefined) {
      let rest = this.take();
      while (rest.length > 0 && this.failed === undefined) {
        const written = await writeOnPool(fd, rest);
        if (typeof written === 'number') {
          rest = rest.subarray(written);
          this.queued -= written;
        } else if (written === EAGAIN) await new Promise<void>((resolve) => this.after(AGAIN_MS, resolve));
        else this.fail(written);
      }
    }
    this.isWriting = false;
    for (const done of this.onDrained.splice(0)) done();
  }

  protected fail(code: string): void {
    if (this.failed !== undefined) return;
    this.failed = code;
    this.queue.length = 0;
    this.queued = 0;
    this.listener?.(code);
    for (const done of this.onDrained.splice(0)) done();
  }

  pending(): number {
    return this.queued;
  }

  onError(listener: (code: string) => void): void {
    this.listener = listener;
    if (this.failed !== undefined) listener(this.failed);
  }

  abandon(): void {
    this.listener = undefined;
    this.fail('abandoned');
  }

  async flushed(): Promise<void> {
    if (this.queued > 0) await new Promise<void>((resolve) => this.onDrained.push(resolve));
    const { fd } = this;
    if (this.isOwn && fd !== undefined) close(fd);
  }
}

/** A stream that belongs to others too, among them terminals, which are asked for their window; regular files are written at once. */
import { fstatSync, writeSync } from 'node:fs';
import { windowOf } from '../linux/terminal.ts';
import type { Host } from './host.ts';
import { PoolStream } from './pool-stream.ts';

export class SharedStream extends PoolStream {
  private readonly shared: number;
  private readonly isPlain: boolean;

  /** @param whose `own` is closed when it is flushed */
  constructor(fd: number, whose: 'own' | 'shared', after: Host['after']) {
    super(fd, whose, after);
    this.shared = fd;
    this.isPlain = fstatSync(fd).isFile();
  }

  override get isTerminal(): boolean {
    return windowOf(this.shared) !== undefined;
  }

  override size(): { readonly width: number; readonly height: number } | undefined {
    return windowOf(this.shared);
  }

  override write(chunk: string | Uint8Array): void {
    if (!this.isPlain) return super.write(chunk);
    try {
      const bytes = Buffer.from(chunk as Uint8Array);
      for (let at = 0; at < bytes.length; ) at += writeSync(this.shared, bytes, at);
    } catch (error) {
      this.fail((error as NodeJS.ErrnoException).code ?? String(error));
    }
  }
}

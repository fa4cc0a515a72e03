/**
 * Where the text goes: a bounded queue before a reader that may be slow or gone. What does not fit is counted, never written in part,
 * and never holds up the reading of the kernel's queue.
 */
import type { OutputStream } from '../host/host.ts';

export class Sink {
  private readonly stream: OutputStream;
  private readonly limitBytes: number;
  private dropped = 0;
  private droppedEver = 0;

  constructor(stream: OutputStream, limitBytes: number) {
    this.stream = stream;
    this.limitBytes = limitBytes;
  }

  /** Whether there is room; if not, the records count as dropped. */
  admits(records: number): boolean {
    if (this.stream.pending() < this.limitBytes) return true;
    this.dropped += records;
    this.droppedEver += records;
    return false;
  }

  /** Records dropped since the last call. */
  takeDropped(): number {
    const { dropped } = this;
    this.dropped = 0;
    return dropped;
  }

  get droppedInAll(): number {
    return this.droppedEver;
  }

  write(chunk: string | Uint8Array): void {
    if (chunk.length > 0) this.stream.write(chunk);
  }
}

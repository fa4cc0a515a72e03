/** A last line on a terminal that changes in its place while other lines come above it. */
import { cut } from '../format/width.ts';
import type { OutputStream } from '../host/host.ts';

const ERASE = '\r\x1b[K';

export class StatusLine implements OutputStream {
  private readonly stream: OutputStream;
  private shown = '';

  constructor(stream: OutputStream) {
    this.stream = stream;
  }

  get isTerminal(): boolean {
    return this.stream.isTerminal;
  }

  size(): ReturnType<OutputStream['size']> {
    return this.stream.size();
  }

  /** Whole lines only. */
  write(chunk: string | Uint8Array): void {
    if (this.shown === '') return this.stream.write(chunk);
    this.stream.write(ERASE);
    this.stream.write(chunk);
    this.stream.write(this.shown);
  }

  /** An empty text takes the line away. */
  show(text: string): void {
    const width = this.stream.size()?.width;
    // The last column would move the cursor to the next line.
    const line = width === undefined ? text : cut(text, width - 1);
    if (line === this.shown) return;
    this.shown = line;
    this.stream.write(ERASE + line);
  }

  pending(): number {
    return this.stream.pending();
  }

  onError(listener: (code: string) => void): void {
    this.stream.onError(listener);
  }

  flushed(): Promise<void> {
    return this.stream.flushed();
  }
}

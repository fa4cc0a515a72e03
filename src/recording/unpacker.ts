/** Unpacks what comes piece by piece, as far as it can be. */
import * as zlib from 'node:zlib';

export type MakeUnpacking = () => zlib.Gunzip;

export const GZIP_UNPACKING: MakeUnpacking = () => zlib.createGunzip();
/** Undefined where this Node.js cannot. */
export const ZSTD_UNPACKING = (zlib as unknown as { readonly createZstdDecompress?: MakeUnpacking })
  .createZstdDecompress;
export const NO_ZSTD = 'this Node.js does not know zstd; 22.15 and 23.8 do, and what is newer';

/**
 * One piece in, what comes of it out. The stream itself would throw away what it has unpacked when it meets an error, and some kinds of stream
 * end with the first of several files in one.
 */
export class Unpacker {
  private readonly make: MakeUnpacking;
  private stream: zlib.Gunzip;
  private out: Uint8Array[] = [];
  private failure: Error | undefined;
  private isOver = false;
  private wake: () => void = () => {};

  constructor(make: MakeUnpacking) {
    this.make = make;
    this.stream = this.open();
  }

  private open(): zlib.Gunzip {
    this.isOver = false;
    return this.make()
      .on('data', (bytes: Uint8Array) => this.out.push(bytes))
      .on('end', () => {
        this.isOver = true;
        this.wake();
      })
      .on('error', (error) => {
        this.failure = error;
        this.wake();
      });
  }

  private hear(act: (done: () => void) => void): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      act(resolve);
    });
  }

  async take(piece: Uint8Array): Promise<Uint8Array[]> {
    for (let rest = piece; rest.length > 0 && this.failure === undefined; ) {
      const { stream } = this;
      const before = stream.bytesWritten;
      const written = rest;
      await this.hear((done) => stream.write(written, () => done()));
      if (!this.isOver) break;
      // What is left belongs to the next one.
      rest = rest.subarray(stream.bytesWritten - before);
      this.stream = this.open();
    }
    return this.taken();
  }

  async end(): Promise<Uint8Array[]> {
    // A new one that has got nothing has nothing to complain of.
    if (this.stream.bytesWritten > 0) await this.hear(() => this.stream.end());
    return this.taken();
  }

  private taken(): Uint8Array[] {
    const { out } = this;
    this.out = [];
    return out;
  }

  get error(): Error | undefined {
    return this.failure;
  }

  close(): void {
    this.stream.destroy();
  }
}

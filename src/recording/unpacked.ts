/**
 * Pieces of a file that may be compressed, unpacked: what it is its first bytes say, not its name. A file that ends too early, or is broken
 * in the middle, is read up to there.
 */
import * as zlib from 'node:zlib';
import { Failure } from '../errors.ts';
import { SEAM } from './line-source.ts';

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];
const LONGEST_MAGIC = 4;
/** A line that was not ended does not go on in the next file. */
const NEWLINE = Buffer.from('\n');

const begins = (bytes: Uint8Array, magic: readonly number[]): boolean => magic.every((byte, i) => bytes[i] === byte);

/** Not every Node.js we run on can. */
type MakeZstd = () => zlib.Gunzip;
const { createZstdDecompress } = zlib as unknown as { readonly createZstdDecompress?: MakeZstd };

/**
 * One piece in, what comes of it out. The stream itself would throw away what it has unpacked when it meets an error, and some kinds of stream
 * end with the first of several files in one.
 */
class Unpacker {
  private readonly make: () => zlib.Gunzip;
  private stream: zlib.Gunzip;
  private out: Uint8Array[] = [];
  private failure: Error | undefined;
  private isOver = false;
  private wake: () => void = () => {};

  constructor(make: () => zlib.Gunzip) {
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
}

/** Why unpacking ended, for a person. */
const whyNot = (error: Error): string =>
  (error as NodeJS.ErrnoException).code === 'Z_BUF_ERROR' || /unexpected end/i.test(error.message)
    ? 'the compressed file ends too early: what comes before is shown'
    : `the compressed file is broken (${error.message}): what comes before is shown`;

async function* unpack(
  unpacker: Unpacker,
  pieces: AsyncIterable<Uint8Array>,
  cut: (words: string) => void,
): AsyncIterable<Uint8Array> {
  for await (const piece of pieces) {
    // The piece is unpacked by another thread while the source may be asked for the next one.
    yield* await unpacker.take(Buffer.from(piece));
    if (unpacker.error !== undefined) break;
  }
  if (unpacker.error === undefined) yield* await unpacker.end();
  if (unpacker.error !== undefined) cut(whyNot(unpacker.error));
}

/** The first piece is long enough to tell what it is, however short the pieces are. */
async function* withLongFirst(pieces: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  let first: Uint8Array | undefined = new Uint8Array(0);
  for await (const piece of pieces) {
    if (first === undefined) yield piece;
    else {
      first = Buffer.concat([first, piece]);
      if (first.length < LONGEST_MAGIC) continue;
      yield first;
      first = undefined;
    }
  }
  if (first !== undefined && first.length > 0) yield first;
}

async function* unpackedFile(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
  cut: (words: string) => void,
): AsyncIterable<Uint8Array> {
  const all = withLongFirst(pieces)[Symbol.asyncIterator]();
  const rest: AsyncIterable<Uint8Array> = { [Symbol.asyncIterator]: () => all };
  const { value: first, done } = await all.next();
  if (done) return;
  const whole = (async function* () {
    yield first;
    yield* rest;
  })();
  if (begins(first, GZIP)) yield* unpack(new Unpacker(() => zlib.createGunzip()), whole, cut);
  else if (begins(first, ZSTD)) yield* unpack(new Unpacker(zstd(name)), whole, cut);
  else yield* whole;
}

/** @param cut is told once a file, where there is no more to unpack before its end */
export async function* unpacked(
  name: string,
  pieces: AsyncIterable<Uint8Array>,
  cut: (words: string) => void,
): AsyncIterable<Uint8Array> {
  const all = pieces[Symbol.asyncIterator]();
  let next: IteratorResult<Uint8Array> | undefined;
  const step = async (): Promise<boolean> => {
    next = await all.next();
    return next.done !== true && next.value !== SEAM;
  };
  try {
    do {
      if (next !== undefined) yield NEWLINE;
      let isInside = true;
      const one = (async function* () {
        while (isInside) {
          isInside = await step();
          if (isInside) yield next?.value as Uint8Array;
        }
      })();
      yield* unpackedFile(name, one, cut);
      // What nobody could unpack.
      while (isInside) isInside = await step();
    } while (next?.done !== true);
  } finally {
    // Whoever has enough has not come to the rest, and a source may hold something open.
    await all.return?.(undefined);
  }
}

function zstd(name: string): MakeZstd {
  if (createZstdDecompress !== undefined) return createZstdDecompress;
  throw new Failure('usage', `${name}: this Node.js does not know zstd`, `zstd -dc ${name} | procwatch -r -`);
}

/**
 * Pieces of a file that may be compressed, unpacked: what it is its first bytes say, not its name. A file that ends too early, or is broken
 * in the middle, is read up to there.
 */
import { Failure } from '../errors.ts';
import { SEAM } from './line-source.ts';
import { GZIP_UNPACKING, type MakeUnpacking, NO_ZSTD, Unpacker, ZSTD_UNPACKING } from './unpacker.ts';

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];
const LONGEST_MAGIC = 4;
/** A line that was not ended does not go on in the next file. */
const NEWLINE = Buffer.from('\n');

const begins = (bytes: Uint8Array, magic: readonly number[]): boolean => magic.every((byte, i) => bytes[i] === byte);

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
  if (begins(first, GZIP)) yield* unpack(new Unpacker(GZIP_UNPACKING), whole, cut);
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

function zstd(name: string): MakeUnpacking {
  if (ZSTD_UNPACKING !== undefined) return ZSTD_UNPACKING;
  throw new Failure('usage', `${name}: ${NO_ZSTD}`, `zstd -dc ${name} | procwatch -r -`);
}

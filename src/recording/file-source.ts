/** A file, or stdin, as the source of lines: from a place in it on, to its end or as long as it grows. */
import { Failure } from '../errors.ts';
import type { ReadableFile } from '../host/files.ts';
import type { Host } from '../host/host.ts';
import { type LineSource, SEAM } from './line-source.ts';
import { Turns } from './turns.ts';

type FileHost = Pick<Host, 'fileSystem' | 'input' | 'after'>;

/** Two of them: one is read while the other is looked at. */
const PIECE_BYTES = 512 * 1024;
/** How long a follower sleeps. */
const PAUSE_MS = 100;

/** Ends following. */
export interface Leash {
  readonly isOver: boolean;
}

export interface Reading {
  /** Where to begin, in bytes. */
  readonly from?: number;
  /** Goes on as the file grows until this is over, as `tail -F` does. */
  readonly follow?: Leash;
}

function readable<File>(path: string, open: () => File): File {
  try {
    return open();
  } catch (error) {
    throw new Failure('usage', `cannot read ${path}: ${(error as Error).message}`);
  }
}

export const openToRead = (host: Pick<Host, 'fileSystem'>, path: string): ReadableFile =>
  readable(path, () => host.fileSystem.openToRead(path));

async function* piecesFrom(file: ReadableFile, from: number): AsyncGenerator<Uint8Array, number> {
  const buffers = [new Uint8Array(PIECE_BYTES), new Uint8Array(PIECE_BYTES)];
  let at = from;
  let next = file.read(buffers[0], at);
  try {
    for (let turn = 1; ; turn++) {
      const count = await next;
      if (count === 0) return at;
      at += count;
      next = file.read(buffers[turn % 2], at);
      yield buffers[(turn - 1) % 2].subarray(0, count);
    }
  } finally {
    // Whoever has seen enough leaves an answer that must come before the file is closed.
    await next.catch(() => 0);
  }
}

const pause = (host: Pick<Host, 'after'>): Promise<void> =>
  new Promise((resolve) => {
    host.after(PAUSE_MS, resolve);
  });

/** When another file has the name, the rest of the old one is read first, then what came after it; where it was emptied, it begins again. */
async function* followed(host: FileHost, path: string, first: ReadableFile, from: number, leash: Leash) {
  const turns = new Turns(host.fileSystem, path, first);
  let file = first;
  let next: ReadableFile | undefined;
  let at = from;
  try {
    while (!leash.isOver) {
      next = readable(path, () => turns.after(file));
      const before = at;
      at = yield* piecesFrom(file, at);
      if (next !== undefined) {
        file.close();
        file = next;
        at = 0;
        yield SEAM;
      } else if (file.size() < at) at = 0;
      else if (at === before) await pause(host);
    }
  } finally {
    file.close();
    next?.close();
  }
}

async function* whole(file: ReadableFile, from: number): AsyncIterable<Uint8Array> {
  try {
    yield* piecesFrom(file, from);
  } finally {
    file.close();
  }
}

async function* stream(host: FileHost, path: string): AsyncIterable<Uint8Array> {
  try {
    yield* host.input(path);
  } catch (error) {
    throw new Failure('usage', `cannot read ${path}: ${(error as Error).message}`);
  }
}

/** Opened when it is first read. */
async function* piecesOf(host: FileHost, path: string, { from = 0, follow }: Reading): AsyncIterable<Uint8Array> {
  if (path === '-') return yield* stream(host, path);
  const file = openToRead(host, path);
  if (!file.isRegular) {
    file.close();
    return yield* stream(host, path);
  }
  if (follow === undefined) yield* whole(file, from);
  else yield* followed(host, path, file, from, follow);
}

export const fileSource = (host: FileHost, path: string, reading: Reading = {}): LineSource => ({
  name: path,
  pieces: piecesOf(host, path, reading),
});

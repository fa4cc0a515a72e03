/** A file, or stdin, as the source of lines: from a place in it on, to its end or as long as it grows. */
import { Failure } from '../errors.ts';
import type { ReadableFile } from '../host/files.ts';
import type { Host } from '../host/host.ts';
import type { LineSource } from './line-source.ts';

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

export function openToRead(host: Pick<Host, 'fileSystem'>, path: string): ReadableFile {
  try {
    return host.fileSystem.openToRead(path);
  } catch (error) {
    throw new Failure('usage', `cannot read ${path}: ${(error as Error).message}`);
  }
}

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

const NEWLINE = Buffer.from('\n');

/** When another file has the name, the rest of the old one is read first; where it was emptied, it begins again. */
async function* followed(host: FileHost, path: string, first: ReadableFile, from: number, leash: Leash) {
  let file = first;
  let at = from;
  try {
    while (!leash.isOver) {
      const isReplaced = host.fileSystem.identity(path) !== file.identity;
      const before = at;
      at = yield* piecesFrom(file, at);
      if (at > before && !isReplaced) continue;
      if (isReplaced && host.fileSystem.identity(path) !== undefined) {
        file.close();
        file = openToRead(host, path);
        at = 0;
        yield NEWLINE;
      } else if (file.size() < at) at = 0;
      else await pause(host);
    }
  } finally {
    file.close();
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

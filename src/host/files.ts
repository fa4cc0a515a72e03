/** Regular files as recordings need them: read at any place, written at the end. */
import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  read,
  readdirSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { bytesOfRaw } from '../process/text.ts';

export interface ReadableFile {
  readonly isRegular: boolean;
  /** Tells one file from another, whatever they are called. */
  readonly identity: string;
  size(): number;
  /** How many bytes there were at this place; 0 at the end. Rejects with a `code`. */
  read(into: Uint8Array, at: number): Promise<number>;
  close(): void;
}

/** Written at its end by us; others may have renamed, emptied or removed it since. */
export interface AppendedFile {
  readonly isRegular: boolean;
  readonly identity: string;
  size(): number;
  /** The bytes of a place. */
  readSync(at: number, length: number): Uint8Array;
  /** All of it, at the end. Throws with a `code`; then it may have been written in part. */
  append(bytes: Uint8Array): void;
  truncate(size: number): void;
  close(): void;
}

/** Paths are as they were typed, bytes that are no UTF-8 included. All throw errors with a `code`. */
export interface Files {
  openToRead(path: string): ReadableFile;
  /** Makes it where there is none, readable by its owner only. */
  openToAppend(path: string): AppendedFile;
  /** Undefined where there is no such file. */
  identity(path: string): string | undefined;
  rename(from: string, to: string): void;
  remove(path: string): void;
  /** The names in a directory. */
  names(directory: string): string[];
}

const PRIVATE = 0o600;
const { O_APPEND, O_CREAT, O_RDWR, O_WRONLY } = constants;

const pathOf = (path: string): Buffer => Buffer.from(bytesOfRaw(path));
const named = ({ dev, ino }: { dev: number; ino: number }): string => `${dev}:${ino}`;

function openToRead(path: string): ReadableFile {
  const fd = openSync(pathOf(path), 'r');
  const stats = fstatSync(fd);
  let isClosed = false;
  return {
    isRegular: stats.isFile(),
    identity: named(stats),
    size: () => fstatSync(fd).size,
    read: (into, at) =>
      new Promise((resolve, reject) => {
        if (isClosed) return resolve(0);
        read(fd, into, 0, into.length, at, (error, count) => (error === null ? resolve(count) : reject(error)));
      }),
    close() {
      if (!isClosed) closeSync(fd);
      isClosed = true;
    },
  };
}

/** A pipe, or a file that may be written but not read, cannot be repaired; it can be written. */
function openAtEnd(path: Buffer): number {
  try {
    return openSync(path, O_RDWR | O_CREAT | O_APPEND, PRIVATE);
  } catch {
    return openSync(path, O_WRONLY | O_CREAT | O_APPEND, PRIVATE);
  }
}

function openToAppend(path: string): AppendedFile {
  const fd = openAtEnd(pathOf(path));
  const stats = fstatSync(fd);
  return {
    isRegular: stats.isFile(),
    identity: named(stats),
    size: () => fstatSync(fd).size,
    readSync(at, length) {
      const bytes = new Uint8Array(length);
      return bytes.subarray(0, readSync(fd, bytes, 0, length, at));
    },
    append(bytes) {
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    },
    truncate: (size) => ftruncateSync(fd, size),
    close: () => closeSync(fd),
  };
}

export const files: Files = {
  openToRead,
  openToAppend,
  identity(path) {
    const stats = statSync(pathOf(path), { throwIfNoEntry: false });
    return stats && named(stats);
  },
  rename: (from, to) => renameSync(pathOf(from), pathOf(to)),
  remove: (path) => unlinkSync(pathOf(path)),
  names: (directory) => readdirSync(pathOf(directory)),
};

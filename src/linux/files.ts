/**
 * Small files by bare system calls into one reused buffer: 2 to 4 µs a file and no exception for one that is gone, where Node's own
 * functions cost 10 to 13. Knows nothing of what is in them. Source: openat(2), read(2), readlinkat(2), statx(2).
 */
import * as libc from './libc.ts';

export const AT_FDCWD = -100;
const O_RDONLY = 0;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
const ENOENT = 2;

/** Enough for nearly every command line; a longer one grows the buffer up to the limit, and is cut there. */
const BUFFER_BYTES = 64 * 1024;
const LIMIT_BYTES = 4 * 1024 * 1024;

/** A name as the C library takes it: with its NUL. */
export const path = (name: string): Uint8Array => Buffer.from(`${name}\0`, 'latin1');
const ITSELF = path('');

let buffer = new Uint8Array(BUFFER_BYTES);

/** The bytes of a file, valid until the next call; undefined if it cannot be opened or read. */
export function slurp(directory: number, name: Uint8Array): Uint8Array | undefined {
  const fd = libc.openat(directory, name, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return undefined;
  let length = 0;
  for (;;) {
    const count = libc.read(fd, length === 0 ? buffer : buffer.subarray(length), buffer.length - length);
    if (count < 0) {
      libc.close(fd);
      return undefined;
    }
    length += count;
    if (count === 0 || length < buffer.length || length >= LIMIT_BYTES) break;
    const larger = new Uint8Array(buffer.length * 4);
    larger.set(buffer);
    buffer = larger;
  }
  libc.close(fd);
  return buffer.subarray(0, length);
}

/** What a symbolic link says, valid until the next call; undefined if it cannot be followed. */
export function link(directory: number, name: Uint8Array): Uint8Array | undefined {
  const length = libc.readlinkat(directory, name, buffer, buffer.length);
  return length < 0 ? undefined : buffer.subarray(0, length);
}

/** Whether a link is there, and not for our eyes. */
export const isForbidden = (directory: number, name: Uint8Array): boolean =>
  libc.readlinkat(directory, name, buffer, buffer.length) < 0 && libc.errno() !== ENOENT;

/** The directory stays what it is, whoever gets its name next: undefined where there is none. */
export function within<T>(name: string, task: (directory: number) => T): T | undefined {
  const directory = libc.openat(AT_FDCWD, path(name), O_PATH | O_CLOEXEC);
  if (directory < 0) return undefined;
  const result = task(directory);
  libc.close(directory);
  return result;
}

/** `struct statx`: the same on every machine. */
const STATX = {
  bytes: 256,
  uidWord: 5,
  wantUid: 0x8,
  wantInode: 0x100,
  /** The inode's two, major and minor. */
  inodeWords: [8, 9, 34, 35],
  emptyPath: 0x1000,
} as const;
const statxWords = new Uint32Array(STATX.bytes / 4);

/** The user whom a directory belongs to. */
export function ownerOf(directory: number): number | undefined {
  const failed = libc.statx(directory, ITSELF, STATX.emptyPath, STATX.wantUid, statxWords) < 0;
  return failed ? undefined : statxWords[STATX.uidWord];
}

/** What follows the name of a file that has none any more, in a link of /proc (fs/d_path.c). */
const DELETED_MARK = Buffer.from(' (deleted)');

/**
 * A link of /proc to a file, without the mark of one that was deleted. A file may be named as if it were: then the name leads to it. Valid
 * until the next call; undefined if it cannot be followed.
 */
export function linkToFile(
  directory: number,
  name: Uint8Array,
): { readonly path: Uint8Array; readonly isDeleted: boolean } | undefined {
  const target = link(directory, name);
  if (target === undefined) return undefined;
  const end = target.length - DELETED_MARK.length;
  if (end <= 0 || !DELETED_MARK.equals(target.subarray(end))) return { path: target, isDeleted: false };
  const named = Buffer.concat([Buffer.from('root'), target, Buffer.of(0)]);
  const isDeleted = inodeOf(directory, name) !== inodeOf(directory, named);
  return { path: isDeleted ? named.subarray(4, 4 + end) : named.subarray(4, -1), isDeleted };
}

/** File system and inode of what a name leads to. */
function inodeOf(directory: number, name: Uint8Array): string | undefined {
  if (libc.statx(directory, name, 0, STATX.wantInode, statxWords) < 0) return undefined;
  return STATX.inodeWords.map((word) => statxWords[word]).join(' ');
}

const EPERM = 1;

/** Whether any process has this number, be it a zombie, be it somebody else's. Source: kill(2). */
export const isTaken = (pid: number): boolean => libc.kill(pid, 0) === 0 || libc.errno() === EPERM;

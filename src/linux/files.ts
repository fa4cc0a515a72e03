/**
 * Small files by bare system calls into one reused buffer: 2 to 4 µs a file and no exception for one that is gone, where Node's own
 * functions cost 10 to 13. Knows nothing of what is in them. Source: openat(2), openat2(2), read(2), readlinkat(2), statx(2).
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
  const fd = openFile(directory, name);
  return fd === undefined ? undefined : slurpFrom(fd);
}

/** The same of a file that is open, and is closed by that. */
export function slurpFrom(fd: number): Uint8Array | undefined {
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

/** A file to be read later; undefined if it cannot be opened. To be closed. */
export function openFile(directory: number, name: Uint8Array): number | undefined {
  const fd = libc.openat(directory, name, O_RDONLY | O_CLOEXEC);
  return fd < 0 ? undefined : fd;
}

/** What a symbolic link says, valid until the next call; undefined if it cannot be followed. */
export function link(directory: number, name: Uint8Array): Uint8Array | undefined {
  const length = libc.readlinkat(directory, name, buffer, buffer.length);
  return length < 0 ? undefined : buffer.subarray(0, length);
}

/** Whether a link is there, and not for our eyes. */
export const isForbidden = (directory: number, name: Uint8Array): boolean =>
  libc.readlinkat(directory, name, buffer, buffer.length) < 0 && libc.errno() !== ENOENT;

/** The directory stays what it is, whoever gets its name next: undefined where there is none. To be closed. */
export function openDirectory(name: string): number | undefined {
  const directory = libc.openat(AT_FDCWD, path(name), O_PATH | O_CLOEXEC);
  return directory < 0 ? undefined : directory;
}

export const closeFile = (fd: number): void => {
  libc.close(fd);
};

/** The same for one task, and closed after it. */
export function within<T>(name: string, task: (directory: number) => T): T | undefined {
  const directory = openDirectory(name);
  if (directory === undefined) return undefined;
  const result = task(directory);
  closeFile(directory);
  return result;
}

/** `struct statx`: the same on every machine. */
const STATX = {
  bytes: 256,
  linksWord: 4,
  uidWord: 5,
  wantLinks: 0x4,
  wantUid: 0x8,
  wantInode: 0x100,
  /** The inode's two, major and minor. */
  inodeWords: [8, 9, 34, 35],
  emptyPath: 0x1000,
  /** A file system that does not answer is not asked. */
  dontSync: 0x4000,
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
  const named = Buffer.concat([target, Buffer.of(0)]);
  const isDeleted = !isNamed(directory, name, named);
  return { path: isDeleted ? named.subarray(0, end) : named.subarray(0, -1), isDeleted };
}

interface Identity {
  readonly id: string;
  /** How many names it has. */
  readonly links: number;
}

/** What a name leads to, as far as that is known without asking a file system. */
function identityOf(directory: number, name: Uint8Array): Identity | undefined {
  const flags = STATX.dontSync | (name === ITSELF ? STATX.emptyPath : 0);
  if (libc.statx(directory, name, flags, STATX.wantInode | STATX.wantLinks, statxWords) < 0) return undefined;
  return { id: STATX.inodeWords.map((word) => statxWords[word]).join(' '), links: statxWords[STATX.linksWord] };
}

const OPENAT2 = 437;
/** `struct open_how`: flags, mode, how to resolve; within the root, and by what the kernel knows already (5.12). */
const RESOLVE_IN_ROOT = 0x10;
const RESOLVE_CACHED = 0x20;
const FROM_MEMORY = BigUint64Array.of(BigInt(O_PATH | O_CLOEXEC), 0n, BigInt(RESOLVE_IN_ROOT | RESOLVE_CACHED));
const ROOT = path('root');
const EINVAL = 22;
const ENOSYS = 38;

/**
 * Whether a file that is in use has this name, in the root of its process. Who is in use is known to the kernel by its name, so nothing is
 * looked for on a disk or a network, which might not answer. An older kernel cannot be asked so.
 */
function isNamed(directory: number, link: Uint8Array, name: Uint8Array): boolean {
  const file = identityOf(directory, link);
  if (file === undefined || file.links === 0) return false;
  const root = libc.openat(directory, ROOT, O_PATH | O_CLOEXEC);
  if (root < 0) return false;
  const fd = libc.openat2(OPENAT2, root, name, FROM_MEMORY, FROM_MEMORY.byteLength);
  const why = fd < 0 ? libc.errno() : 0;
  const found = fd >= 0 ? identityOf(fd, ITSELF) : undefined;
  if (fd >= 0) libc.close(fd);
  libc.close(root);
  if (why !== ENOSYS && why !== EINVAL) return found?.id === file.id;
  return identityOf(directory, Buffer.concat([Buffer.from('root'), name]))?.id === file.id;
}

const EPERM = 1;

/** Whether any process has this number, be it a zombie, be it somebody else's. Source: kill(2). */
export const isTaken = (pid: number): boolean => libc.kill(pid, 0) === 0 || libc.errno() === EPERM;

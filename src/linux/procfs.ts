/**
 * Reading /proc by bare system calls into one reused buffer: 2 to 4 µs a file and no exception for a process that is gone,
 * where Node's own functions cost 10 to 13. All facts of one process go through one descriptor of its directory: after a
 * reuse of the pid such a descriptor answers ESRCH instead of naming the new process.
 */
import { readdirSync } from 'node:fs';
import { isOver } from '../process/exits.ts';
import type { Image } from '../process/image.ts';
import type { ProcessFacts, ProcReader } from '../process/proc-reader.ts';
import { type ProcessStat, parseCmdline, parseStat } from '../process/procstat.ts';
import { type Text, textOf } from '../process/text.ts';
import * as libc from './libc.ts';
import { openPidfd } from './pidfd.ts';

export const AT_FDCWD = -100;
const O_RDONLY = 0;
const O_CLOEXEC = 0o2000000;
const O_PATH = 0o10000000;
const EPERM = 1;
const ENOENT = 2;

/** Enough for nearly every command line; a longer one grows the buffer up to the limit, and is cut there. */
const BUFFER_BYTES = 64 * 1024;
const LIMIT_BYTES = 4 * 1024 * 1024;

export const path = (name: string): Uint8Array => Buffer.from(`${name}\0`, 'latin1');
const NAME = {
  stat: path('stat'),
  cmdline: path('cmdline'),
  exe: path('exe'),
  cwd: path('cwd'),
  cgroup: path('cgroup'),
  itself: path(''),
};

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

export function link(directory: number, name: Uint8Array): Text | undefined {
  const length = libc.readlinkat(directory, name, buffer, buffer.length);
  return length < 0 ? undefined : textOf(buffer.subarray(0, length));
}

const statOf = (directory: number): ProcessStat | undefined => {
  const bytes = slurp(directory, NAME.stat);
  return bytes && parseStat(bytes);
};

/** `struct statx`: the same on every machine. The directory of a process belongs to its effective user. */
const STATX = { bytes: 256, uidWord: 5, wantUid: 0x8, emptyPath: 0x1000 } as const;
const statxWords = new Uint32Array(STATX.bytes / 4);

function effectiveUid(directory: number): number | undefined {
  const failed = libc.statx(directory, NAME.itself, STATX.emptyPath, STATX.wantUid, statxWords) < 0;
  return failed ? undefined : statxWords[STATX.uidWord];
}

function argsOf(directory: number): Image {
  const cmdline = slurp(directory, NAME.cmdline);
  const args = cmdline && parseCmdline(cmdline);
  return args !== undefined && args.length > 0 ? { args } : {};
}

function linksOf(directory: number): Image {
  const exe = link(directory, NAME.exe);
  const cwd = link(directory, NAME.cwd);
  return { ...(exe !== undefined && { exe }), ...(cwd !== undefined && { cwd }) };
}

function userOf(directory: number): Image {
  const uid = effectiveUid(directory);
  return uid === undefined ? {} : { uid };
}

function inDirectory<T>(pid: number, task: (directory: number) => T): T | undefined {
  return within(`/proc/${pid}`, task);
}

/** The directory stays that of one process, or thread: undefined where there is none. */
export function within<T>(name: string, task: (directory: number) => T): T | undefined {
  const directory = libc.openat(AT_FDCWD, path(name), O_PATH | O_CLOEXEC);
  if (directory < 0) return undefined;
  const result = task(directory);
  libc.close(directory);
  return result;
}

/**
 * The stat comes last and proves that the process was still there. The arguments are the first to vanish: put what reads them first.
 */
function factsBy(...parts: ((directory: number) => Image)[]): (pid: number) => ProcessFacts | undefined {
  return (pid) =>
    inDirectory(pid, (directory) => {
      const images = parts.map((read) => read(directory));
      const stat = statOf(directory);
      return stat && { stat, image: Object.assign({ comm: stat.comm }, ...images) };
    });
}

/**
 * The kernel shows a status of 0 to those who may not know it. Whether we may is told by the link to the program: gone for those who
 * may follow it, forbidden for the others.
 */
function zombieStatusIn(directory: number): number | undefined {
  const stat = statOf(directory);
  if (stat === undefined || !isOver(stat)) return undefined;
  if (stat.waitStatus !== 0) return stat.waitStatus;
  const isForbidden = libc.readlinkat(directory, NAME.exe, buffer, buffer.length) < 0 && libc.errno() !== ENOENT;
  return isForbidden ? undefined : 0;
}

/** Without the stat, which proves what was read. */
function imageBy(...parts: readonly ((directory: number) => Image)[]): ProcReader['image'] {
  return (pid) => inDirectory(pid, (directory) => Object.assign({}, ...parts.map((read) => read(directory)))) ?? {};
}

const rest: Omit<ProcReader, 'facts' | 'image'> = {
  links: factsBy(linksOf),
  stat: (pid) => {
    const bytes = slurp(AT_FDCWD, path(`/proc/${pid}/stat`));
    return bytes && parseStat(bytes);
  },
  cgroup: (pid) =>
    inDirectory(pid, (directory) => {
      const bytes = slurp(directory, NAME.cgroup);
      if (bytes === undefined) return undefined;
      return /^0::(.*)$/m.exec(new TextDecoder().decode(bytes))?.[1];
    }),
  zombieStatus: (pid) => inDirectory(pid, zombieStatusIn),
  exists: (pid) => libc.kill(pid, 0) === 0 || libc.errno() === EPERM,
  hasEnded(pid) {
    const pidfd = openPidfd(pid);
    // Without descriptors the kernel's word that the leader ended is all there is.
    if (typeof pidfd === 'string') return true;
    const ended = pidfd.state() !== 'alive';
    pidfd.close();
    return ended;
  },
  pids: () =>
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0),
};

/** A reader of /proc; without `args` no argument is ever read. */
export function procReader({ args }: { readonly args: boolean }): ProcReader {
  const image = args ? [argsOf, linksOf] : [linksOf];
  return { ...rest, facts: factsBy(...image, userOf), image: imageBy(...image) };
}

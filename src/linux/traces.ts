/**
 * What can still be seen of what Node.js changed at its start: exact for most signals and for descriptors, a conclusion from the parent for
 * the limit of open files and a closed stdin.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import type { Given } from './given.ts';
import { sigaction, WORD_BYTES } from './libc.ts';

interface Descriptor {
  readonly fd: number;
  /** `/dev/null`, `pipe:[123]`, `anon_inode:[eventpoll]` … */
  readonly target: string;
  readonly flags: number;
}

const O_ACCMODE = 0o3;
const O_RDONLY = 0o0;
const O_WRONLY = 0o1;
const O_RDWR = 0o2;
const O_CLOEXEC = 0o2000000;

/** Of a process that we may look into; else none. */
function descriptorsOf(pid: number | 'self'): Descriptor[] {
  const read = (fd: string): Descriptor[] => {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
      const [, flags] = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'latin1')) ?? [];
      return [{ fd: Number(fd), target, flags: Number.parseInt(flags, 8) }];
    } catch {
      // The directory itself, which is closed by now.
      return [];
    }
  };
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap(read);
  } catch {
    return [];
  }
}

/** The two ends of it are here, close at an exec, and nobody gave them to us: a pipe by which the threads of Node.js wake each other. */
function isPipeOfNode({ target }: Descriptor, own: readonly Descriptor[], parents: readonly Descriptor[]): boolean {
  if (!target.startsWith('pipe:') || parents.some((one) => one.target === target)) return false;
  const modes = own.filter((one) => one.target === target).map(({ flags }) => flags & O_ACCMODE);
  return modes.length === 2 && modes.includes(O_RDONLY) && modes.includes(O_WRONLY);
}

const OF_NODE = ['anon_inode:[eventpoll]', 'anon_inode:[eventfd]', 'anon_inode:[io_uring]'];

const isOpenNull = ({ target, flags }: Descriptor): boolean => target === '/dev/null' && (flags & O_ACCMODE) === O_RDWR;

/** Node.js opens /dev/null for reading and writing in place of a stdin that was closed. Others do so for more than stdin, or keep it. */
function wasStdinClosed(own: readonly Descriptor[], parents: readonly Descriptor[]): boolean {
  const nulls = own.filter(({ fd }) => fd <= 2).filter(isOpenNull);
  return nulls.length === 1 && nulls[0].fd === 0 && parents.length > 0 && !parents.some(isOpenNull);
}

function descriptors(): number[] {
  const own = descriptorsOf('self');
  const parents = descriptorsOf(process.ppid);
  const isInherited = (one: Descriptor): boolean =>
    (one.flags & O_CLOEXEC) === 0 || !(OF_NODE.includes(one.target) || isPipeOfNode(one, own, parents));
  return own
    .filter(isInherited)
    .filter(({ fd }) => fd !== 0 || !wasStdinClosed(own, parents))
    .map(({ fd }) => fd);
}

const [SIGKILL, SIGPIPE, SIGSTOP] = [9, 13, 19];
const LAST_CLASSIC = 31;

/** For these Node.js sets a disposition whatever it finds: SIGINT, SIGUSR1, SIGPIPE, SIGTERM, SIGXFSZ. */
export const UNTRACED: readonly number[] = [2, 10, SIGPIPE, 15, 25];

/** `struct sigaction` of glibc and musl on 64 bits: the handler, a mask of 128 bytes, the flags, the restorer. */
const ACTION = { bytes: 256, flags: 136 } as const;
/** Set by the C library in each of its own calls; a signal that nobody has touched since the exec has it not. */
const SA_RESTORER = 0x04000000;

/** Whether a signal has its disposition by a call, and whether that is the default. */
function dispositionOf(signal: number): { readonly isByCall: boolean; readonly isDefault: boolean } {
  const action = new Uint8Array(ACTION.bytes);
  sigaction(signal, null, action);
  const [flags] = new Uint32Array(action.buffer, ACTION.flags, 1);
  const [handler] = new BigUint64Array(action.buffer, 0, 1);
  return { isByCall: (flags & SA_RESTORER) !== 0, isDefault: handler === 0n };
}

const SIGNALS = 64;
const IGNORED = /^SigIgn:\s*([0-9a-f]+)$/m;

/** A mask of /proc/PID/status as numbers: bit 0 is signal 1. */
export function signalsOf(mask: string): number[] {
  const bits = BigInt(`0x${mask}`);
  return Array.from({ length: SIGNALS }, (_, i) => i + 1).filter((signal) => (bits >> BigInt(signal - 1)) & 1n);
}

/** The first two are the C library's own. In children of its posix_spawn both are ignored; it hears the second once it has threads. */
const [FIRST_OF_LIBC, SECOND_OF_LIBC] = [32, 33];

function ownStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'latin1');
  } catch {
    return '';
  }
}

/** Node.js leaves the signals beyond the classic ones as they are. */
export function ignoredRealTime(): number[] {
  const [, mask] = IGNORED.exec(ownStatus()) ?? [];
  const ignored = signalsOf(mask ?? '0').filter((signal) => signal > LAST_CLASSIC);
  const isOfSpawn = ignored.includes(FIRST_OF_LIBC) && !ignored.includes(SECOND_OF_LIBC);
  return isOfSpawn ? [...ignored, SECOND_OF_LIBC] : ignored;
}

/**
 * The classic signals that were ignored at our start, but for the untraced: Node.js calls for those only that it finds ignored, to make them the
 * default. Undefined where a call leaves no trace: the C library of most machines but x86 needs no restorer.
 */
export function tracedSignals(): number[] | undefined {
  if (WORD_BYTES !== 8 || !dispositionOf(SIGPIPE).isByCall) return undefined;
  const all = Array.from({ length: LAST_CLASSIC }, (_, i) => i + 1);
  return all.filter((signal) => {
    if (signal === SIGKILL || signal === SIGSTOP) return false;
    const { isByCall, isDefault } = dispositionOf(signal);
    return isByCall && isDefault;
  });
}

const LIMIT = /^Max open files\s+(\S+)\s+(\S+)/m;

function limitOf(pid: number | 'self'): { readonly soft: string; readonly hard: string } | undefined {
  try {
    const [, soft, hard] = LIMIT.exec(readFileSync(`/proc/${pid}/limits`, 'latin1')) ?? [];
    return soft === undefined ? undefined : { soft, hard };
  } catch {
    return undefined;
  }
}

/** The parent's, where nobody seems to have set another one in between. */
function openFiles(): Given['openFiles'] {
  const own = limitOf('self');
  const parent = limitOf(process.ppid);
  if (parent === undefined || own?.soft !== own?.hard || own?.hard !== parent.hard) return undefined;
  return parent.soft === 'unlimited' ? 'unlimited' : BigInt(parent.soft);
}

export const traces = (): Pick<Given, 'openFiles' | 'descriptors'> => ({
  openFiles: openFiles(),
  descriptors: descriptors(),
});

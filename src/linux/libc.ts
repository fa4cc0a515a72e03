/**
 * The C library through koffi: the only importer of koffi, and the one list of the system calls procwatch makes. Callers pass
 * buffers and get numbers; errno must be read right after the call that failed.
 *
 * The process's own libc is loaded, so glibc and musl both work. koffi knows no `ssize_t`, `pid_t` or `socklen_t`: `long`
 * and the plain integers of the same width stand for them.
 */
import koffi from 'koffi';

const libc = koffi.load(null);

/** Bytes of a pointer, `long` and `size_t` on this machine. */
export const WORD_BYTES = koffi.sizeof('void *');

export const KOFFI_VERSION = koffi.version;

export const errno = (): number => koffi.errno();

/** Address of a buffer's bytes. Nothing keeps the buffer alive through it: hold the buffer as long as C may use it. */
export const addressOf = (view: NodeJS.ArrayBufferView): bigint => koffi.address(view);

type Bytes = NodeJS.ArrayBufferView | bigint | null;
type Call<A extends unknown[]> = (...args: A) => number;

export const socket: Call<[domain: number, type: number, protocol: number]> = libc.func('int socket(int, int, int)');
export const bind: Call<[fd: number, address: Bytes, length: number]> = libc.func('int bind(int, void *, uint32_t)');
export const setsockopt: Call<[fd: number, level: number, name: number, value: Bytes, length: number]> = libc.func(
  'int setsockopt(int, int, int, void *, uint32_t)',
);
export const getsockopt: Call<[fd: number, level: number, name: number, value: Bytes, length: Bytes]> = libc.func(
  'int getsockopt(int, int, int, void *, void *)',
);
export const send: Call<[fd: number, bytes: Bytes, length: number, flags: number]> = libc.func(
  'long send(int, void *, size_t, int)',
);
export const recvmmsg: Call<[fd: number, messages: Bytes, count: number, flags: number, timeout: Bytes]> = libc.func(
  'int recvmmsg(int, void *, uint32_t, int, void *)',
);
export const close: Call<[fd: number]> = libc.func('int close(int)');
export const openat: Call<[directory: number, path: Bytes, flags: number]> = libc.func('int openat(int, void *, int)');
/** openat2(2) has the same number on every architecture, and no function in any library. */
export const openat2: Call<[number: number, directory: number, path: Bytes, how: Bytes, length: number]> = libc.func(
  'long syscall(long, int, void *, void *, size_t)',
);
export const read: Call<[fd: number, into: Bytes, length: number]> = libc.func('long read(int, void *, size_t)');
export const readlinkat: Call<[directory: number, path: Bytes, into: Bytes, length: number]> = libc.func(
  'long readlinkat(int, void *, void *, size_t)',
);
export const statx: Call<[directory: number, path: Bytes, flags: number, mask: number, into: Bytes]> = libc.func(
  'int statx(int, void *, int, uint32_t, void *)',
);
export const kill: Call<[pid: number, signal: number]> = libc.func('int kill(int, int)');
/** pidfd_open(2) has a number on every architecture, but no function in older libraries. */
export const pidfdOpen: Call<[number: number, pid: number, flags: number]> = libc.func(
  'long syscall(long, int, uint32_t)',
);
/** The same number on every architecture, and no function in older libraries. */
export const pidfdSendSignal: Call<[number: number, fd: number, signal: number, info: null, flags: number]> = libc.func(
  'long syscall(long, int, int, void *, uint32_t)',
);
export const waitpid: Call<[pid: number, status: Bytes, options: number]> = libc.func('int waitpid(int, void *, int)');
/** A disposition as a number: 0 the default, 1 ignored, else the address of a function; -1 with errno set. */
export const signal: Call<[signal: number, disposition: number]> = libc.func('intptr_t signal(int, intptr_t)');
export const sigaction: Call<[signal: number, action: Bytes, before: Bytes]> = libc.func(
  'int sigaction(int, void *, void *)',
);
export const getrlimit: Call<[resource: number, into: Bytes]> = libc.func('int getrlimit(int, void *)');
export const setrlimit: Call<[resource: number, limit: Bytes]> = libc.func('int setrlimit(int, void *)');
/** Ends the process here and now: nothing that Node or anybody else wanted to do at its end is done. */
export const exitNow: (code: number) => never = libc.func('void _exit(int)') as never;
/** This one and those below return an errno, and leave errno as it is. */
export const posixSpawnp: Call<
  [pid: Bytes, file: Bytes, actions: null, attributes: Bytes, args: Bytes, environment: Bytes]
> = libc.func('int posix_spawnp(void *, void *, void *, void *, void *, void *)');
export const spawnattrInit: Call<[attributes: Bytes]> = libc.func('int posix_spawnattr_init(void *)');
export const spawnattrSetflags: Call<[attributes: Bytes, flags: number]> = libc.func(
  'int posix_spawnattr_setflags(void *, short)',
);
export const spawnattrSetsigmask: Call<[attributes: Bytes, set: Bytes]> = libc.func(
  'int posix_spawnattr_setsigmask(void *, void *)',
);
export const spawnattrSetsigdefault: Call<[attributes: Bytes, set: Bytes]> = libc.func(
  'int posix_spawnattr_setsigdefault(void *, void *)',
);
const fcntlWithInt = libc.func('int fcntl(int, int, ...)');
export const fcntl = (fd: number, command: number, argument: number): number =>
  fcntlWithInt(fd, command, 'int', argument);
export const prctl: Call<[option: number, a: number, b: number, c: number, d: number]> = libc.func(
  'int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)',
);
export const capset: Call<[header: Bytes, sets: Bytes]> = libc.func('int capset(void *, void *)');
export const ioctl: Call<[fd: number, request: number, argument: Bytes]> = libc.func(
  'int ioctl(int, unsigned long, void *)',
);
export const pollOnce: Call<[requests: Bytes, count: number, milliseconds: number]> = libc.func(
  'int poll(void *, unsigned long, int)',
);
export const clockGettime: Call<[clock: number, into: Bytes]> = libc.func('int clock_gettime(int, void *)');
/** bpf(2) has no function in any C library, and its number depends on the architecture. */
export const bpf: Call<[number: number, command: number, attributes: Bytes, length: number]> = libc.func(
  'long syscall(long, long, void *, size_t)',
);
export const pageBytes: () => number = libc.func('int getpagesize()');

/** Reading on threads of the C library. Source: aio(7). */
export interface Aio {
  readonly start: Call<[wait: number, blocks: Bytes, count: number, event: null]>;
  /** The errno that a request ended with, 0, or EINPROGRESS. */
  readonly error: Call<[block: bigint]>;
  /** What read(2) would have returned. Once, and only of who has ended. */
  readonly result: Call<[block: bigint]>;
  readonly suspend: Call<[blocks: Bytes, count: number, patience: Bytes]>;
}

/** Undefined where the library has none. Before glibc 2.34 they are in a library of their own. */
export function loadAio(): Aio | undefined {
  for (const name of [null, 'librt.so.1']) {
    try {
      const library = name === null ? libc : koffi.load(name);
      return {
        start: library.func('int lio_listio(int, void *, int, void *)'),
        error: library.func('int aio_error(void *)'),
        result: library.func('long aio_return(void *)'),
        suspend: library.func('int aio_suspend(void *, int, void *)'),
      };
    } catch {
      // Not there.
    }
  }
  return undefined;
}

const mapMemory: (
  at: null,
  length: number,
  protection: number,
  flags: number,
  fd: number,
  offset: number,
) => bigint | null = libc.func('void *mmap(void *, size_t, int, int, int, long)');
const unmapMemory: Call<[at: bigint, length: number]> = libc.func('int munmap(void *, size_t)');
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const PROT_READ = 1;
/** MAP_FAILED is -1, whichever way a pointer is turned into a number. */
const MAP_FAILED = 2n ** BigInt(8 * WORD_BYTES) - 1n;

export interface Mapping {
  readonly memory: ArrayBuffer;
  /** Whoever touches `memory` after this dies by SIGSEGV: drop every view of it first. */
  unmap(): void;
}

/** Memory shared with the kernel through a descriptor; undefined with errno set where that fails. */
export const mmapShared = (fd: number, length: number, protection: number, offset: number): Mapping | undefined =>
  mapped(fd, length, protection, MAP_SHARED, offset);

/** A file to be read, of which only what is touched is loaded; undefined with errno set where that fails. */
export const mmapFile = (fd: number, length: number): Mapping | undefined =>
  mapped(fd, length, PROT_READ, MAP_PRIVATE, 0);

function mapped(fd: number, length: number, protection: number, flags: number, offset: number): Mapping | undefined {
  const at = mapMemory(null, length, protection, flags, fd, offset);
  if (at === null || BigInt.asUintN(8 * WORD_BYTES, at) === MAP_FAILED) return undefined;
  return { memory: koffi.view(at, length), unmap: () => unmapMemory(at, length) };
}

/** On a thread of libuv's pool: name services may ask a network. Resolve to the return value, an errno. */
type PasswdLookup<Key> = (key: Key, entry: Bytes, strings: Bytes, length: number, result: Bytes) => Promise<number>;
export const getpwuid: PasswdLookup<number> = onPool('int getpwuid_r(uint32_t, void *, void *, size_t, void *)');
export const getpwnam: PasswdLookup<Bytes> = onPool('int getpwnam_r(void *, void *, void *, size_t, void *)');

function onPool<A extends unknown[]>(prototype: string): (...args: A) => Promise<number> {
  const call = libc.func(prototype);
  return (...args) =>
    new Promise((resolve, reject) => {
      call.async(...args, (error: Error | null, result: number) => (error ? reject(error) : resolve(result)));
    });
}

/** libuv's poll on a descriptor, as koffi calls it: its types leave the status out, hence the one cast below. */
export interface PollHandle {
  start(options: typeof READABLE, callback: PollCallback): void;
  stop(): void;
  close(): void;
}
export type PollCallback = (status: number) => void;
export const READABLE = { readable: true } as const;

/** Starts at once. Must be closed before the event loop ends, and not touched after that. */
export function poll(fd: number, callback: PollCallback): PollHandle {
  return koffi.node.poll(fd, READABLE, callback as unknown as () => void) as unknown as PollHandle;
}

/**
 * Files whose reading may never return, read by a thread of the C library: we wait for it, and not for ever. The arguments of a process
 * lie in its memory, and whoever changes that holds a lock. Where that hangs (a file system that does not answer, while one of its files is
 * mapped) all readers hang with it, deaf to every signal but SIGKILL. Source: aio(7); fs/proc/base.c (`get_mm_cmdline`, `do_io_accounting`).
 */
import { slurpFrom } from './files.ts';
import { type Aio, addressOf, close, errno, loadAio, WORD_BYTES } from './libc.ts';
import { monotonicMs } from './monotonic.ts';

/** `struct aiocb`, as far as glibc and musl agree on it: two ints, the priority, the buffer, its length, `struct sigevent`. */
const BUFFER_AT = Math.ceil(12 / WORD_BYTES) * WORD_BYTES;
const BLOCK = {
  bytes: 168,
  fd: 0,
  buffer: BUFFER_AT,
  length: BUFFER_AT + WORD_BYTES,
  notify: BUFFER_AT + 2 * WORD_BYTES + WORD_BYTES + 4,
} as const;
const SIGEV_NONE = 1;
const LIO_NOWAIT = 1;
const EINTR = 4;
const EINPROGRESS = 115;

/** Enough for nearly every command line. A longer one is read again, into more. */
const BUFFER_BYTES = 8 * 1024;
const LIMIT_BYTES = 4 * 1024 * 1024;
/** Files that are read with one waking up of the thread. Each has a descriptor. */
const AT_ONCE = 32;
/** What hangs occupies a thread; glibc has 20. */
const MOST_STUCK = 16;

/** Who waits for many that hang waits for the first of them longest, and for all of them together no longer than this. */
const PATIENCE = { mostMs: 600, share: 1 / 3, leastMs: 2, regainedEachMs: 0.05 } as const;

const setWord = (view: DataView, at: number, value: bigint): void =>
  WORD_BYTES === 8 ? view.setBigUint64(at, value, true) : view.setUint32(at, Number(value), true);

/** A request, and the memory that the thread writes to. Nobody else may have that until it is done. */
class Request {
  readonly buffer: Uint8Array;
  readonly address: bigint;
  private readonly block = new Uint8Array(BLOCK.bytes);
  private readonly view = new DataView(this.block.buffer);
  fd = -1;
  key = '';

  constructor(bytes: number) {
    this.buffer = new Uint8Array(bytes);
    this.address = addressOf(this.block);
  }

  prepare(fd: number, key: string): void {
    this.fd = fd;
    this.key = key;
    this.block.fill(0);
    this.view.setInt32(BLOCK.fd, fd, true);
    this.view.setInt32(BLOCK.notify, SIGEV_NONE, true);
    setWord(this.view, BLOCK.buffer, addressOf(this.buffer));
    setWord(this.view, BLOCK.length, BigInt(this.buffer.length));
  }
}

/** The bytes, good until the next call; `stuck` if they did not come in time; undefined if the file cannot be read. */
export type Read = Uint8Array | 'stuck' | undefined;

/** A file to be read. */
export interface Wanted {
  /** Taken over; -1 where there is none. */
  readonly fd: number;
  /** Which file it is: one that hangs is not tried again. */
  readonly key: string;
}

class Reads {
  private readonly aio: Aio;
  private readonly free: Request[] = [];
  private readonly stuck = new Set<Request>();
  private readonly list = new DataView(new ArrayBuffer(AT_ONCE * WORD_BYTES));
  private readonly patience = new DataView(new ArrayBuffer(2 * WORD_BYTES));
  private leftMs: number = PATIENCE.mostMs;
  private spentAt = 0;

  constructor(aio: Aio) {
    this.aio = aio;
  }

  /** Tells each of them in their order. */
  all(wanted: readonly Wanted[], take: (read: Read, place: number) => void): void {
    this.recover();
    const hanging = new Set(Array.from(this.stuck, ({ key }) => key));
    // The first alone: one thread that waits for more takes all the others, where a list would get a thread for each.
    for (let from = 0, to = 1; from < wanted.length; from = to, to += AT_ONCE) {
      const some = wanted.slice(from, to);
      const isSaturated = this.stuck.size >= MOST_STUCK;
      const begun = some.map(({ fd, key }) => {
        if (!isSaturated && !hanging.has(key)) return this.begin(fd, key, BUFFER_BYTES);
        close(fd);
        return 'stuck';
      });
      this.submit(begun.filter((one) => one !== 'stuck'));
      for (const [i, one] of begun.entries()) take(one === 'stuck' ? one : this.finish(one), from + i);
    }
  }

  private begin(fd: number, key: string, bytes: number): Request {
    const request = (bytes === BUFFER_BYTES && this.free.pop()) || new Request(bytes);
    request.prepare(fd, key);
    return request;
  }

  private submit(requests: readonly Request[]): void {
    for (const [i, { address }] of requests.entries()) setWord(this.list, i * WORD_BYTES, address);
    if (requests.length > 0) this.aio.start(LIO_NOWAIT, this.list, requests.length, null);
  }

  private finish(request: Request): Read {
    if (!this.isDone(request)) {
      this.stuck.add(request);
      this.wakeAnother();
      return 'stuck';
    }
    const length = this.aio.result(request.address);
    const isWhole = length < request.buffer.length || length >= LIMIT_BYTES;
    if (!isWhole) return this.longer(request);
    this.release(request);
    return length < 0 ? undefined : request.buffer.subarray(0, length);
  }

  private release(request: Request): void {
    close(request.fd);
    if (request.buffer.length === BUFFER_BYTES) this.free.push(request);
  }

  private longer({ fd, key, buffer }: Request): Read {
    const request = this.begin(fd, key, buffer.length * 8);
    this.submit([request]);
    return this.finish(request);
  }

  /** Waits, as long as there is patience. */
  private isDone({ address }: Request): boolean {
    if (this.aio.error(address) !== EINPROGRESS) return true;
    const from = monotonicMs();
    const patienceMs = this.patienceAt(from);
    for (;;) {
      const nanos = Math.max(0, Math.round((from + patienceMs - monotonicMs()) * 1e6));
      setWord(this.patience, 0, BigInt(Math.floor(nanos / 1e9)));
      setWord(this.patience, WORD_BYTES, BigInt(nanos % 1e9));
      setWord(this.list, 0, address);
      const failed = this.aio.suspend(this.list, 1, this.patience) < 0;
      const why = failed ? errno() : 0;
      if (this.aio.error(address) !== EINPROGRESS) return true;
      if (why !== EINTR && why !== 0) break;
    }
    this.leftMs -= patienceMs;
    return false;
  }

  private patienceAt(now: number): number {
    this.leftMs = Math.min(PATIENCE.mostMs, this.leftMs + (now - this.spentAt) * PATIENCE.regainedEachMs);
    this.spentAt = now;
    return Math.max(PATIENCE.leastMs, this.leftMs * PATIENCE.share);
  }

  /** What waits behind one that hangs is done by the thread that a new request brings: one that fails will do. */
  private wakeAnother(): void {
    const request = this.begin(-1, '', BUFFER_BYTES);
    this.submit([request]);
    if (this.isDone(request)) this.release(request);
    else this.stuck.add(request);
  }

  /** Some hang only for a while. */
  private recover(): void {
    for (const request of this.stuck) {
      if (this.aio.error(request.address) === EINPROGRESS) continue;
      this.stuck.delete(request);
      this.aio.result(request.address);
      this.release(request);
    }
  }
}

let reads: Reads | 'unavailable' | undefined;

function load(): Reads | 'unavailable' {
  const aio = loadAio();
  return aio === undefined ? 'unavailable' : new Reads(aio);
}

/** Reads files from their beginning; `take` is told each of them in its order. Without such threads one is waited for as long as it takes. */
export function readInTime(wanted: readonly Wanted[], take: (read: Read, place: number) => void): void {
  reads ??= load();
  if (reads === 'unavailable') for (const [i, { fd }] of wanted.entries()) take(slurpFrom(fd), i);
  else reads.all(wanted, take);
}

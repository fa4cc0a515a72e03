/**
 * One task in the dump of all tasks: the layout our iterator writes, and views over it. Pure. The figures are those of /proc/PID/stat,
 * taken in one walk over the kernel's own list.
 */
import type { Moment } from '../process/moment.ts';
import type { Text } from '../process/text.ts';
import { asBuffer, commAt, momentOf } from './record-fields.ts';

/** Byte offsets; u32 unless said otherwise. */
export const TASK = {
  /** u64, ns, CLOCK_BOOTTIME. */
  start: 0,
  comm: 8,
  pid: 24,
  tgid: 28,
  parentTgid: 32,
  /** UNTOLD where BTF did not tell where they are; 0 of kernel threads. */
  processGroup: 36,
  session: 40,
  realUid: 44,
  effectiveUid: 48,
  threads: 52,
  state: 56,
  exitState: 60,
  exitCode: 64,
  groupExitCode: 68,
  signalFlags: 72,
  flags: 76,
  bytes: 80,
} as const;

/** -1 as u32. */
export const UNTOLD = 0xffffffff;

/** `task_index_to_char` and the bits it counts (include/linux/sched.h): the letter is that of the highest bit that is set. */
const STATES = 'RSDTtXZPI';
const REPORTED = 0x7f;
const UNINTERRUPTIBLE = 0x2;
const IDLE = 0x402;
const IDLE_INDEX = 8;
/** A sleep on a lock of the real-time kernel, and a frozen task, are shown as D. */
const SHOWN_AS_D = 0x1000 | 0x8000;

export function stateLetter(state: number, exitState: number): string {
  if (state === IDLE) return STATES[IDLE_INDEX];
  const bits = (state & SHOWN_AS_D) !== 0 ? UNINTERRUPTIBLE : (state | exitState) & REPORTED;
  return STATES[32 - Math.clz32(bits)];
}

const GROUP_EXIT = 0x4;
/** Source: include/linux/sched.h. */
const PF_WQ_WORKER = 0x20;
const PF_KTHREAD = 0x200000;
const COMM_MOST = 15;

/**
 * One task of a dump: nothing is read but what is asked for, since of thousands most people want two or three members. A view over the
 * dump's bytes, and good as long as these are.
 */
export class WalkedTask {
  private readonly bytes: Buffer;
  private readonly words: Uint32Array;
  /** First word of the record. */
  private readonly word: number;

  constructor(bytes: Buffer, words: Uint32Array, word: number) {
    this.bytes = bytes;
    this.words = words;
    this.word = word;
  }

  private u32(field: number): number {
    return this.words[this.word + (field >>> 2)];
  }

  private told(field: number): number | undefined {
    const number = this.u32(field);
    return number === UNTOLD ? undefined : number;
  }

  get tid(): number {
    return this.u32(TASK.pid);
  }

  get pid(): number {
    return this.u32(TASK.tgid);
  }

  get ppid(): number {
    return this.u32(TASK.parentTgid);
  }

  /** Process group; undefined where this kernel's types do not tell. */
  get pgid(): number | undefined {
    return this.told(TASK.processGroup);
  }

  /** Session; undefined where this kernel's types do not tell. */
  get sid(): number | undefined {
    return this.told(TASK.session);
  }

  get ruid(): number {
    return this.u32(TASK.realUid);
  }

  /** Effective. */
  get uid(): number {
    return this.u32(TASK.effectiveUid);
  }

  get comm(): Text {
    return commAt(this.bytes, this.word * 4 + TASK.comm);
  }

  /** A thread of the kernel's own, which has no memory, and so neither program nor arguments. */
  get isKernelThread(): boolean {
    return (this.u32(TASK.flags) & PF_KTHREAD) !== 0;
  }

  /** /proc tells more of the name: here it is cut, and of a worker what it works on is missing. Source: fs/proc/array.c (`proc_task_name`). */
  get isNameCut(): boolean {
    if ((this.u32(TASK.flags) & PF_WQ_WORKER) !== 0) return true;
    return this.isKernelThread && this.bytes[this.word * 4 + TASK.comm + COMM_MOST - 1] !== 0;
  }

  /** On CLOCK_BOOTTIME. */
  get start(): Moment {
    return momentOf(this.u32(TASK.start + 4), this.u32(TASK.start));
  }

  /** One letter, as in /proc/PID/stat. */
  get state(): string {
    return stateLetter(this.u32(TASK.state), this.u32(TASK.exitState));
  }

  /** Threads of the process not yet reaped. */
  get threads(): number {
    return this.u32(TASK.threads);
  }

  /** Wait status of one that has ended; 0 of a living one. */
  get waitStatus(): number {
    if (this.u32(TASK.exitState) === 0) return 0;
    const isGroupExit = (this.u32(TASK.signalFlags) & GROUP_EXIT) !== 0;
    return this.u32(isGroupExit ? TASK.groupExitCode : TASK.exitCode);
  }
}

/** How a row is made of a place in a dump. */
export type RowOf<Row extends WalkedTask> = new (bytes: Buffer, words: Uint32Array, word: number) => Row;

/** All tasks of a dump, each made when it is asked for. A rest that is no whole record is left out. */
export class WalkedTasks {
  readonly length: number;
  private readonly bytes: Buffer;
  private readonly words: Uint32Array;

  /** The dump begins at a multiple of 4. */
  constructor(dump: Uint8Array) {
    this.length = Math.floor(dump.byteLength / TASK.bytes);
    this.bytes = asBuffer(dump);
    this.words = new Uint32Array(dump.buffer, dump.byteOffset, dump.byteLength >>> 2);
  }

  at<Row extends WalkedTask>(index: number, Row: RowOf<Row>): Row {
    return new Row(this.bytes, this.words, (index * TASK.bytes) >>> 2);
  }

  /** Each as a row of this class. */
  all<Row extends WalkedTask>(Row: RowOf<Row>): Row[] {
    return Array.from({ length: this.length }, (_, i) => this.at(i, Row));
  }
}

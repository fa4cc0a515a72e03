/**
 * One task in the dump of all tasks: the layout our iterator writes, and its decoder. Pure. The figures are those of /proc/PID/stat,
 * taken in one walk over the kernel's own list.
 */
import type { Moment } from '../process/moment.ts';
import type { Text } from '../process/text.ts';
import { asBuffer, commAt, momentAt } from './record-fields.ts';

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
  bytes: 80,
} as const;

/** -1 as u32. */
export const UNTOLD = 0xffffffff;

export interface TaskRecord {
  readonly tid: number;
  readonly pid: number;
  readonly ppid: number;
  /** Undefined where this kernel's types do not tell. */
  readonly processGroup: number | undefined;
  readonly session: number | undefined;
  readonly realUid: number;
  readonly effectiveUid: number;
  readonly comm: Text;
  /** On CLOCK_BOOTTIME. */
  readonly start: Moment;
  /** One letter, as in /proc/PID/stat. */
  readonly state: string;
  /** Threads of the process not yet reaped. */
  readonly threads: number;
  /** Wait status of one that has ended; 0 of a living one. */
  readonly waitStatus: number;
}

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

/** All records of a dump; a rest that is no whole record is left out. */
export function decodeTasks(bytes: Uint8Array): TaskRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: TaskRecord[] = [];
  const buffer = asBuffer(bytes);
  for (let at = 0; at + TASK.bytes <= bytes.byteLength; at += TASK.bytes) records.push(decodeTask(buffer, view, at));
  return records;
}

function decodeTask(bytes: Buffer, view: DataView, at: number): TaskRecord {
  const u32 = (offset: number): number => view.getUint32(at + offset, true);
  const toldAt = (offset: number): number | undefined => (u32(offset) === UNTOLD ? undefined : u32(offset));
  const exitState = u32(TASK.exitState);
  const isGroupExit = (u32(TASK.signalFlags) & GROUP_EXIT) !== 0;
  return {
    tid: u32(TASK.pid),
    pid: u32(TASK.tgid),
    ppid: u32(TASK.parentTgid),
    processGroup: toldAt(TASK.processGroup),
    session: toldAt(TASK.session),
    realUid: u32(TASK.realUid),
    effectiveUid: u32(TASK.effectiveUid),
    comm: commAt(bytes, at + TASK.comm),
    start: momentAt(view, at + TASK.start),
    state: stateLetter(u32(TASK.state), exitState),
    threads: u32(TASK.threads),
    waitStatus: exitState === 0 ? 0 : u32(isGroupExit ? TASK.groupExitCode : TASK.exitCode),
  };
}

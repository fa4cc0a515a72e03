/**
 * What a whole life cost, as our program writes it when the kernel lets go of a process: layout and decoder. Pure. It comes some
 * milliseconds after the parent's wait, never before; the figures are those of wait4(2)'s rusage.
 *
 * Source: kernel/exit.c (`__exit_signal` adds the last thread to signal_struct), kernel/fork.c (`put_task_struct`).
 */
import type { Moment } from '../process/moment.ts';
import type { Text } from '../process/text.ts';
import { commAt, momentAt } from './record-fields.ts';

/** Byte offsets. */
export const END = {
  /** u64, ns, CLOCK_MONOTONIC: when the record was written, not when the process ended. */
  at: 0,
  /** u64, ns, CLOCK_BOOTTIME. */
  start: 8,
  /** u64s: ns of CPU time, exact; the same by ticks, in user and in kernel mode; counters; pages. */
  cpuNanos: 16,
  userNanos: 24,
  systemNanos: 32,
  minorFaults: 40,
  majorFaults: 48,
  voluntarySwitches: 56,
  involuntarySwitches: 64,
  peakPages: 72,
  /** u32s. */
  tgid: 80,
  signalFlags: 84,
  groupExitCode: 88,
  exitCode: 92,
  comm: 96,
  bytes: 112,
} as const;

export interface EndRecord {
  readonly tgid: number;
  readonly at: Moment;
  /** On CLOCK_BOOTTIME: with the tgid it says which process. */
  readonly start: Moment;
  /** As wait(2) gave it to the parent. */
  readonly waitStatus: number;
  /** All threads together, to the nanosecond. */
  readonly cpuNanos: number;
  /** Sampled by the clock tick unless the kernel accounts precisely: good for a ratio, not for a short life. */
  readonly userNanos: number;
  readonly systemNanos: number;
  readonly minorFaults: number;
  readonly majorFaults: number;
  readonly voluntarySwitches: number;
  readonly involuntarySwitches: number;
  /** In pages. */
  readonly peakPages: number;
  readonly comm: Text;
}

/** SIGNAL_GROUP_EXIT (include/linux/sched/signal.h): the group's code counts, as in `wait_task_zombie`. */
const GROUP_EXIT = 0x4;

/** Undefined if the record is none of ours. */
export function decodeEnd(bytes: Uint8Array): EndRecord | undefined {
  if (bytes.byteLength < END.bytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = (offset: number): number => Number(view.getBigUint64(offset, true));
  const isGroupExit = (view.getUint32(END.signalFlags, true) & GROUP_EXIT) !== 0;
  return {
    tgid: view.getUint32(END.tgid, true),
    at: momentAt(view, END.at),
    start: momentAt(view, END.start),
    waitStatus: view.getUint32(isGroupExit ? END.groupExitCode : END.exitCode, true),
    cpuNanos: number(END.cpuNanos),
    userNanos: number(END.userNanos),
    systemNanos: number(END.systemNanos),
    minorFaults: number(END.minorFaults),
    majorFaults: number(END.majorFaults),
    voluntarySwitches: number(END.voluntarySwitches),
    involuntarySwitches: number(END.involuntarySwitches),
    peakPages: number(END.peakPages),
    comm: commAt(bytes, END.comm),
  };
}

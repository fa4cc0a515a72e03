/**
 * What a whole life cost, as our program writes it when the last thread of a process has run for the last time: layout and decoder. Pure.
 * The figures are those that wait4(2) gives or will give to the parent, except for the peak of memory, which is of the last program alone.
 *
 * Source: kernel/exit.c (`__exit_signal` adds up what threads used), kernel/sched/cputime.c (`cputime_adjust`).
 */
import type { Text } from '../process/text.ts';
import type { Account } from '../usage/account.ts';
import { asBuffer, COMM_BYTES, commAt } from './record-fields.ts';

/** Byte offsets. */
export const ACCOUNT = {
  /** u64, ns, CLOCK_BOOTTIME. */
  start: 0,
  /** u64s: ns of CPU time, exact; the same by ticks, in user and in kernel mode; counters; bytes; ns; pages; an inode. */
  cpuNanos: 8,
  userNanos: 16,
  systemNanos: 24,
  minorFaults: 32,
  majorFaults: 40,
  voluntarySwitches: 48,
  involuntarySwitches: 56,
  readBytes: 64,
  writeBytes: 72,
  ioDelayNanos: 80,
  peakPages: 88,
  exeInode: 96,
  /** u64s, ns: what somebody was told last of either time, while it lived. */
  toldUserNanos: 104,
  toldSystemNanos: 112,
  /** u32s. */
  tgid: 120,
  signalFlags: 124,
  groupExitCode: 128,
  exitCode: 132,
  realUid: 136,
  realGid: 140,
  /** More than 1: other threads have ended that a tracer holds, and are not in the sums. */
  threadsLeft: 144,
  /** 0: `peakPages` and `exeInode` are not known. */
  hasMemory: 148,
  /** 0: not known. */
  ppid: 152,
  comm: 160,
  bytes: 160 + COMM_BYTES,
} as const;

/** One object for each end: tens of thousands a second are made, and each goes into the record of an exit as it is. */
export interface AccountRecord extends Account {
  readonly pid: number;
  /** Nanoseconds on CLOCK_BOOTTIME: with the pid it says which process. Exact for 104 days of uptime, then to some nanoseconds. */
  readonly startNanos: number;
  /** As wait(2) gives it to the parent. */
  readonly waitStatus: number;
}

/** What the decoder must know of the machine. */
export interface AccountUnits {
  readonly pageKib: number;
  /** False: the kernel's zeros are no measurement. Undefined: it does not say, so a zero is none. */
  readonly countsDelays: boolean | undefined;
  /** False: nobody counts input and output, and what the record has there means nothing. */
  readonly countsBytes: boolean;
}

/** SIGNAL_GROUP_EXIT (include/linux/sched/signal.h): the group's code counts, as in `wait_task_zombie`. */
const GROUP_EXIT = 0x4;
const NANOS_PER_MICRO = 1000;
const TWO_32 = 2 ** 32;

/**
 * The kernel's own rule (`cputime_adjust`), in nanoseconds: ticks say how exact time is divided, and neither part may be less than what
 * somebody was told before.
 */
function systemShare(exact: number, user: number, system: number, toldUser: number, toldSystem: number): number {
  if (toldUser + toldSystem >= exact) return Math.min(toldSystem, exact);
  const share = system === 0 ? 0 : exact * (system / (user + system));
  return Math.min(Math.max(share, toldSystem), exact - toldUser);
}

type Words = Uint32Array;
const u32 = (words: Words, at: number): number => words[at >>> 2];

function u64(words: Words, at: number): number {
  const low = words[at >>> 2];
  const high = words[(at >>> 2) + 1];
  // Most are small, and stay integers to V8 this way: those need no room of their own.
  return high === 0 ? low : low + high * TWO_32;
}

/** The name decoded last, and its words: thousands of processes of one name end one after another. */
let latest: { readonly words: readonly number[]; readonly comm: Text } | undefined;

function commOf(bytes: Buffer, words: Uint32Array, at: number): Text {
  const first = (at + ACCOUNT.comm) / 4;
  const known = latest?.words;
  if (
    latest !== undefined &&
    known !== undefined &&
    known[0] === words[first] &&
    known[1] === words[first + 1] &&
    known[2] === words[first + 2] &&
    known[3] === words[first + 3]
  ) {
    return latest.comm;
  }
  const comm = commAt(bytes, at + ACCOUNT.comm);
  latest = { words: [...words.subarray(first, first + COMM_BYTES / 4)], comm };
  return comm;
}

/** Decodes records where they lie in a ring. Little endian, as every machine is that runs Node.js and BPF programs of ours. */
export function accountDecoder(bytes: Uint8Array, { pageKib, countsDelays, countsBytes }: AccountUnits) {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
  const buffer = asBuffer(bytes);
  /** Undefined if the record is none of ours. `at` is a multiple of 4. */
  return (at: number, length: number): AccountRecord | undefined => {
    if (length < ACCOUNT.bytes) return undefined;
    const cpuNanos = u64(words, at + ACCOUNT.cpuNanos);
    const system = systemShare(
      cpuNanos,
      u64(words, at + ACCOUNT.userNanos),
      u64(words, at + ACCOUNT.systemNanos),
      u64(words, at + ACCOUNT.toldUserNanos),
      u64(words, at + ACCOUNT.toldSystemNanos),
    );
    const isGroupExit = (u32(words, at + ACCOUNT.signalFlags) & GROUP_EXIT) !== 0;
    const hasMemory = u32(words, at + ACCOUNT.hasMemory) !== 0;
    const exeInode = u64(words, at + ACCOUNT.exeInode);
    const ioDelayNanos = u64(words, at + ACCOUNT.ioDelayNanos);
    return {
      pid: u32(words, at + ACCOUNT.tgid),
      startNanos: u64(words, at + ACCOUNT.start),
      waitStatus: u32(words, at + (isGroupExit ? ACCOUNT.groupExitCode : ACCOUNT.exitCode)),
      comm: commOf(buffer, words, at),
      uid: u32(words, at + ACCOUNT.realUid),
      ppid: u32(words, at + ACCOUNT.ppid) || undefined,
      cpuNanos,
      cpuIsLowerBound: u32(words, at + ACCOUNT.threadsLeft) > 1,
      userMicros: (cpuNanos - system) / NANOS_PER_MICRO,
      systemMicros: system / NANOS_PER_MICRO,
      maxRssKib: hasMemory ? u64(words, at + ACCOUNT.peakPages) * pageKib : undefined,
      minorFaults: u64(words, at + ACCOUNT.minorFaults),
      majorFaults: u64(words, at + ACCOUNT.majorFaults),
      readBytes: countsBytes ? u64(words, at + ACCOUNT.readBytes) : undefined,
      writeBytes: countsBytes ? u64(words, at + ACCOUNT.writeBytes) : undefined,
      voluntarySwitches: u64(words, at + ACCOUNT.voluntarySwitches),
      involuntarySwitches: u64(words, at + ACCOUNT.involuntarySwitches),
      exeInode: exeInode > 0 && Number.isSafeInteger(exeInode) ? exeInode : undefined,
      ioDelayNanos: (countsDelays ?? ioDelayNanos > 0) ? ioDelayNanos : undefined,
      gid: u32(words, at + ACCOUNT.realGid),
    };
  };
}

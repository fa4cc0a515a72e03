/**
 * The records in which our programs tell births, execs and ends: the layout, declared once for the programs that write and for the
 * readers. Pure. All pids and user ids are numbers of the initial namespaces, like the connector's.
 */

/** What a record tells. */
export const FACT_KIND = { birth: 1, exec: 2, end: 3, threadEnd: 4 } as const;

/**
 * Byte offsets; u32 unless said otherwise. A record ends behind what it tells: that of the end of a thread at `threadEndBytes`, that of a
 * birth, and of an end whose program is known already, at `endBytes`. Behind the whole header follow arguments, path as executed, program and directory.
 */
export const FACT = {
  /** u64, ns, CLOCK_MONOTONIC: the clock of the connector's events. */
  at: 0,
  kind: 8,
  cpu: 12,
  tgid: 16,
  parentTgid: 20,
  /** u64, ns, CLOCK_BOOTTIME: task_struct.start_boottime, what /proc/PID/stat tells in ticks. */
  start: 24,
  /** Of a birth the process that made it; of an exec the thread that called it; of an end the thread that ended last. */
  tid: 32,
  /** Of a birth: the thread that was born, which is its process' first or one more. */
  born: 36,
  /** Of an end: as wait(2) gives it to the parent; of the end of a thread its own. */
  status: 36,
  threadEndBytes: 40,
  effectiveUid: 40,
  /** Of an end: `END_FLAG`. */
  flags: 44,
  /** char[16] */
  comm: 48,
  endBytes: 64,
  realUid: 64,
  /** 1: `inode` (u64) and `device` say which file runs. */
  hasFile: 68,
  inode: 72,
  device: 80,
  argsStored: 84,
  /** u64: true length in bytes. */
  argsTotal: 88,
  /** i32: 0, or minus an errno: the arguments could not be copied. */
  argsResult: 96,
  /** i32: bytes of the path with its NUL; `PATH_BYTES` if it was cut; minus an errno. */
  pathResult: 100,
  /** char[16] */
  parentComm: 104,
  /** u64: the inode of the control group in the unified hierarchy. */
  cgroup: 120,
  /** How the walk ended (`WALK`), and where in the record what it wrote ends. */
  exeState: 128,
  exeEnd: 132,
  cwdState: 136,
  cwdEnd: 140,
  bytes: 144,
} as const;

/** Of an end, as bits: it has not executed anything itself, so what it runs is its parent's; the kernel killed it for want of memory. */
export const END_FLAG = { onlyForked: 1, outOfMemory: 2 } as const;

/** Arguments are copied up to here. */
export const ARGS_LIMIT = 32 * 1024;
export const PATH_BYTES = 256;
/** A name of a file system has 255 bytes at the most, and is copied in whole words. */
export const NAME_BYTES = 255;
const NAME_ROOM = 512;
/** A path that has reached this length may be written on by one name more. */
export const WALKED_BYTES = 4096;

/** What was written may reach to here when the walk of the program, and that of the directory, has no more room. */
export const EXE_LIMIT = FACT.bytes + ARGS_LIMIT + PATH_BYTES + WALKED_BYTES;
export const CWD_LIMIT = EXE_LIMIT + NAME_ROOM + WALKED_BYTES;
/** The longest record. */
export const MOST_BYTES = CWD_LIMIT + NAME_ROOM + NAME_ROOM / 2;

/** How a walk from a file up to the root ended. */
export const WALK = {
  /** Not begun: there was no file. */
  none: 0,
  complete: 1,
  /** More directories than the walk may take: the end of the path is there. */
  tooDeep: 2,
  /** Longer than the record has room for: the end of the path is there. */
  tooLong: 3,
  /** A name was changed while it was copied: nothing of it may be believed. */
  torn: 4,
  /** The name is the file system's own making: memfd. */
  pseudo: 5,
  /** At a root from which no way leads up: moved out of its mount. /proc says "/" of it, which it is not. */
  escaped: 6,
  fault: 7,
} as const;
/** A bit besides: the file has no name any more. */
export const DELETED = 0x100;
export const STATE_MASK = 0xff;

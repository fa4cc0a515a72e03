/** The record in which our programs tell an exec that failed: the layout, declared once for programs and reader. Pure. */
import type { Attempt } from '../attempts/attempt.ts';
import { argsFrom, commAt, letters, momentAt, textFrom } from './record-fields.ts';

/** Byte offsets; u32 unless said otherwise. Behind the header follow the arguments, each with its NUL, and the path. */
export const FAILED = {
  /** u64, ns, CLOCK_MONOTONIC. */
  at: 0,
  /** u64, ns, CLOCK_BOOTTIME. */
  start: 8,
  pid: 16,
  tid: 20,
  ppid: 24,
  effectiveUid: 28,
  errno: 32,
  argsBytes: 36,
  /** i32: bytes of the path with its NUL, or minus an errno. */
  pathBytes: 40,
  /** `CUT` */
  cut: 44,
  /** char[16] */
  comm: 48,
  args: 64,
} as const;

/** Why the arguments end where they do. */
export const CUT = { whole: 0, tooMany: 1, tooLong: 2, unreadable: 3 } as const;

export const MOST_ARGS = 32;
/** One argument, with its NUL; the next may be begun as long as there are no more bytes than `ARGS_BYTES`. */
export const ARG_BYTES = 1024;
export const ARGS_BYTES = 4096;
export const PATH_BYTES = 256;
export const VALUE_BYTES = FAILED.args + ARGS_BYTES + ARG_BYTES + PATH_BYTES;

const hasCutArg = (args: string): boolean => args.split('\0').some((arg) => arg.length >= ARG_BYTES - 1);

export function attemptAt(bytes: Buffer, at: number): Attempt {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, FAILED.args);
  const u32 = (field: number): number => view.getUint32(field, true);
  const argsEnd = at + FAILED.args + u32(FAILED.argsBytes);
  const args = letters(bytes, at + FAILED.args, argsEnd);
  const pathBytes = view.getInt32(FAILED.pathBytes, true);
  return {
    at: momentAt(view, FAILED.at),
    pid: u32(FAILED.pid),
    tid: u32(FAILED.tid),
    ppid: u32(FAILED.ppid),
    start: momentAt(view, FAILED.start),
    uid: u32(FAILED.effectiveUid),
    comm: commAt(bytes, at + FAILED.comm),
    errno: u32(FAILED.errno),
    path: pathBytes > 0 ? textFrom(letters(bytes, argsEnd, argsEnd + pathBytes - 1)) : undefined,
    args: args === '' ? [] : argsFrom(args),
    hasAllArgs: u32(FAILED.cut) === CUT.whole && !hasCutArg(args),
  };
}

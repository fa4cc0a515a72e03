/**
 * The formats of the files below /proc/PID, as pure functions over bytes.
 * Source: proc_pid_stat(5), proc_pid_cmdline(5); fs/proc/array.c (`do_task_stat`).
 */
import { type Text, textOf } from './text.ts';

/** What /proc/PID/stat tells about a process. */
export interface ProcessStat {
  readonly comm: Text;
  /** One letter; Z is a zombie: its leader has ended. */
  readonly state: string;
  readonly ppid: number;
  /** Threads not yet reaped, the leader included. */
  readonly threads: number;
  /** Clock ticks after boot, CLOCK_BOOTTIME, 100 a second. */
  readonly startTicks: number;
  /** Wait status; the kernel shows 0 to those who may not trace the process. */
  readonly waitStatus: number;
}

/** Fields after the comm, counted from the state (field 3 of the manual page). */
const FIELD = { state: 0, ppid: 1, threads: 17, startTicks: 19, waitStatus: 49 } as const;

const OPEN = '('.charCodeAt(0);
const CLOSE = ')'.charCodeAt(0);

/** Undefined if the bytes are no stat line. The comm may hold blanks and parentheses: its end is the last one. */
export function parseStat(bytes: Uint8Array): ProcessStat | undefined {
  const open = bytes.indexOf(OPEN);
  const close = bytes.lastIndexOf(CLOSE);
  if (open < 0 || close < open) return undefined;
  const fields = latin1(bytes.subarray(close + 2)).split(' ');
  if (fields.length <= FIELD.startTicks) return undefined;
  return {
    comm: textOf(bytes.subarray(open + 1, close)),
    state: fields[FIELD.state],
    ppid: Number(fields[FIELD.ppid]),
    threads: Number(fields[FIELD.threads]),
    startTicks: Number(fields[FIELD.startTicks]),
    waitStatus: Number(fields[FIELD.waitStatus] ?? 0),
  };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}

/** The arguments, each ended by a NUL; a program that wrote over its arguments may have left the last one open. */
export function parseCmdline(bytes: Uint8Array): Text[] {
  const args: Text[] = [];
  for (let start = 0; start < bytes.length; ) {
    const nul = bytes.indexOf(0, start);
    const end = nul < 0 ? bytes.length : nul;
    args.push(textOf(bytes.subarray(start, end)));
    start = end + 1;
  }
  return args;
}

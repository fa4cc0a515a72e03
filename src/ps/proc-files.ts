/**
 * The files below /proc/PID that a snapshot reads, as pure functions over bytes.
 * Source: proc_pid_stat(5), proc_pid_status(5), proc_pid_io(5), proc_pid_cgroup(5).
 */
import { cgroupPathIn } from '../process/cgroup.ts';
import { textOf } from '../process/text.ts';
import type { TaskBase, TaskDetails } from './task.ts';

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');

/** Fields after the comm, counted from the state (field 3 of the manual page). */
const FIELD = {
  state: 0,
  ppid: 1,
  processGroup: 2,
  session: 3,
  minorFaults: 7,
  majorFaults: 9,
  userTicks: 11,
  systemTicks: 12,
  startTicks: 19,
} as const;

const OPEN = '('.charCodeAt(0);
const CLOSE = ')'.charCodeAt(0);

type Counters = Pick<TaskDetails, 'userTicks' | 'systemTicks' | 'minorFaults' | 'majorFaults'>;

/** The line of a task of process `pid`; undefined if it is none. The comm may hold blanks and parentheses: its end is the last one. */
export function parseTaskStat(bytes: Uint8Array, pid: number): (TaskBase & Counters) | undefined {
  const open = bytes.indexOf(OPEN);
  const close = bytes.lastIndexOf(CLOSE);
  if (open < 0 || close < open) return undefined;
  const fields = latin1(bytes.subarray(close + 2)).split(' ', FIELD.startTicks + 1);
  if (fields.length <= FIELD.startTicks) return undefined;
  const number = (name: keyof typeof FIELD): number => Number(fields[FIELD[name]]);
  return {
    tid: Number(latin1(bytes.subarray(0, open))),
    pid,
    ppid: number('ppid'),
    pgid: number('processGroup'),
    sid: number('session'),
    state: fields[FIELD.state],
    comm: textOf(bytes.subarray(open + 1, close)),
    startTicks: number('startTicks'),
    userTicks: number('userTicks'),
    systemTicks: number('systemTicks'),
    minorFaults: number('minorFaults'),
    majorFaults: number('majorFaults'),
  };
}

type Ids = Pick<TaskDetails, 'uid' | 'ruid' | 'rgid' | 'egid'>;
type Sizes = Pick<TaskDetails, 'virtualKib' | 'residentKib' | 'peakKib' | 'swapKib'>;

const SIZES = { virtualKib: 'VmSize', residentKib: 'VmRSS', peakKib: 'VmHWM', swapKib: 'VmSwap' } as const;

/** Kernel threads and zombies have no memory of their own: their sizes are absent. */
export function parseStatus(bytes: Uint8Array): Partial<Ids & Sizes> {
  const text = latin1(bytes);
  const found: Partial<Ids & Sizes> = {};
  const user = /^Uid:\t(\d+)\t(\d+)/m.exec(text);
  const group = /^Gid:\t(\d+)\t(\d+)/m.exec(text);
  if (user !== null) Object.assign(found, { ruid: Number(user[1]), uid: Number(user[2]) });
  if (group !== null) Object.assign(found, { rgid: Number(group[1]), egid: Number(group[2]) });
  for (const [name, label] of Object.entries(SIZES)) {
    const at = text.indexOf(`\n${label}:`);
    if (at >= 0) found[name as keyof Sizes] = Number.parseInt(text.slice(at + label.length + 2), 10);
  }
  return found;
}

type Flows = Pick<TaskDetails, 'readBytes' | 'writeBytes' | 'readChars' | 'writeChars'>;

const FLOWS = { readChars: 'rchar', writeChars: 'wchar', readBytes: 'read_bytes', writeBytes: 'write_bytes' } as const;

export function parseIo(bytes: Uint8Array): Partial<Flows> {
  const text = `\n${latin1(bytes)}`;
  const found: Partial<Flows> = {};
  for (const [name, label] of Object.entries(FLOWS)) {
    const at = text.indexOf(`\n${label}: `);
    if (at >= 0) found[name as keyof Flows] = Number.parseInt(text.slice(at + label.length + 3), 10);
  }
  return found;
}

/** The path in the unified hierarchy. */
export function parseCgroup(bytes: Uint8Array): string | undefined {
  return cgroupPathIn(new TextDecoder().decode(bytes));
}

/**
 * THE table of the fields of a task: each is declared once with its name, group, type, meaning, where it stands and its value. Groups,
 * columns, sorting, JSON and the manual derive from it. A field that watch has too has the same name and type here.
 */
import { commandLine, escapeText } from '../format/escape.ts';
import { monotonicNanos, utcTime } from '../format/times.ts';
import { containerOf, unitOf } from '../process/cgroup.ts';
import { type Moment, momentOfTicks, plus } from '../process/moment.ts';
import type { Text } from '../process/text.ts';
import type { Part, Task } from './task.ts';

export const GROUP_NAMES = ['base', 'cred', 'time', 'memory', 'io', 'args', 'cgroup'] as const;
export type GroupName = (typeof GROUP_NAMES)[number];

/** What a renderer knows besides the task. */
export interface TaskContext {
  /** Of the snapshot, CLOCK_BOOTTIME. */
  readonly nowTicks: number;
  /** CLOCK_REALTIME minus CLOCK_BOOTTIME. */
  readonly wallOffset: Moment;
  /** CLOCK_BOOTTIME minus CLOCK_MONOTONIC; undefined where a recording is read, which may tell of several machines. */
  readonly bootOffset?: Moment;
  /** The name of a user id; undefined where there is none. */
  userName(uid: number, host: string | undefined): Text | undefined;
}

export type TaskValue = number | true | Text | readonly Text[] | undefined;

export interface TaskField {
  readonly name: string;
  readonly group: GroupName;
  readonly type: 'string' | 'strings' | 'integer' | 'number' | 'boolean';
  readonly meaning: string;
  /** Told of recordings only. */
  readonly ofRecordings?: true;
  /** A text of our own making: it needs no twin with its bytes. */
  readonly ours?: true;
  /** What must be read besides what every source tells. */
  readonly part?: Part;
  readonly value: (task: Task, context: TaskContext) => TaskValue;
  /** The cell, where it reads better than the plain value. Already safe for a terminal. */
  readonly cell?: (task: Task, context: TaskContext) => string;
}

const TICKS = 100;
const inSeconds = (ticks: number | undefined): number | undefined => (ticks === undefined ? undefined : ticks / TICKS);
const NO_OFFSET: Moment = { seconds: 0, nanos: 0 };

const GROUPED: Readonly<Record<GroupName, readonly Omit<TaskField, 'group'>[]>> = {
  base: [
    { name: 'pid', type: 'integer', meaning: "process id (the kernel's tgid)", value: (t) => t.pid },
    {
      name: 'tid',
      type: 'integer',
      meaning: 'thread id; equal to pid for the thread that leads its process',
      value: (t) => t.tid,
    },
    { name: 'ppid', type: 'integer', meaning: 'process id of the parent', value: (t) => t.ppid },
    { name: 'tgid', type: 'integer', meaning: "pid, by the kernel's name for it", value: (t) => t.pid },
    { name: 'pgid', type: 'integer', meaning: 'process group', value: (t) => t.pgid },
    { name: 'sid', type: 'integer', meaning: 'session', value: (t) => t.sid },
    {
      name: 'state',
      type: 'string',
      ours: true,
      meaning: 'one letter: R running, S sleeping, D waiting uninterruptibly, T stopped, t traced, Z zombie, I idle …',
      value: (t) => t.state,
    },
    {
      name: 'comm',
      type: 'string',
      part: 'comm',
      meaning: 'name, at most 15 bytes; of a kernel thread the whole',
      value: (t) => t.comm,
    },
    {
      name: 'host',
      type: 'string',
      ofRecordings: true,
      meaning: 'name of the machine, where recordings of several are read',
      value: (t) => t.host,
    },
  ],
  cred: [
    { name: 'uid', type: 'integer', part: 'uids', meaning: 'effective user id', value: (t) => t.uid },
    {
      name: 'user',
      type: 'string',
      part: 'uids',
      meaning: 'name of the effective user',
      value: (t, c) => (t.uid === undefined ? undefined : c.userName(t.uid, t.host)),
      cell: (t, c) => (t.uid === undefined ? '' : escapeText(c.userName(t.uid, t.host) ?? String(t.uid))),
    },
    { name: 'ruid', type: 'integer', part: 'uids', meaning: 'real user id', value: (t) => t.ruid },
    { name: 'rgid', type: 'integer', part: 'status', meaning: 'real group id', value: (t) => t.rgid },
    { name: 'egid', type: 'integer', part: 'status', meaning: 'effective group id', value: (t) => t.egid },
  ],
  time: [
    {
      name: 'start_time',
      type: 'string',
      ours: true,
      meaning: 'wall time of its birth, RFC 3339 in UTC, in steps of 10 ms',
      value: (t, c) =>
        t.startTicks === undefined ? undefined : utcTime(plus(momentOfTicks(t.startTicks, NO_OFFSET), c.wallOffset)),
    },
    {
      name: 'start_mono_ns',
      type: 'string',
      ours: true,
      meaning:
        "its birth on the kernel's monotonic clock, as digits, in steps of 10 ms: what no setting of a clock changes",
      value: ({ startTicks }, { bootOffset }) =>
        startTicks === undefined || bootOffset === undefined
          ? undefined
          : monotonicNanos(momentOfTicks(startTicks, bootOffset)),
    },
    {
      name: 'duration_s',
      type: 'number',
      meaning: 'seconds of life so far, in steps of 10 ms',
      value: (t, c) => (t.startTicks === undefined ? undefined : inSeconds(Math.max(0, c.nowTicks - t.startTicks))),
    },
    {
      name: 'cpu_s',
      type: 'number',
      part: 'stat',
      meaning: 'seconds of CPU time of all threads together, in clock ticks of 10 ms',
      value: (t) =>
        t.userTicks === undefined || t.systemTicks === undefined ? undefined : inSeconds(t.userTicks + t.systemTicks),
    },
    {
      name: 'user_s',
      type: 'number',
      part: 'stat',
      meaning: 'of these, in user mode',
      value: (t) => inSeconds(t.userTicks),
    },
    {
      name: 'sys_s',
      type: 'number',
      part: 'stat',
      meaning: 'of these, in the kernel',
      value: (t) => inSeconds(t.systemTicks),
    },
  ],
  memory: [
    { name: 'vsize_kib', type: 'integer', part: 'status', meaning: 'address space in KiB', value: (t) => t.virtualKib },
    {
      name: 'rss_kib',
      type: 'integer',
      part: 'status',
      meaning: 'resident memory in KiB',
      value: (t) => t.residentKib,
    },
    { name: 'max_rss_kib', type: 'integer', part: 'status', meaning: 'its peak in KiB', value: (t) => t.peakKib },
    { name: 'swap_kib', type: 'integer', part: 'status', meaning: 'swapped out, in KiB', value: (t) => t.swapKib },
    {
      name: 'minflt',
      type: 'integer',
      part: 'stat',
      meaning: 'page faults without input',
      value: (t) => t.minorFaults,
    },
    {
      name: 'majflt',
      type: 'integer',
      part: 'stat',
      meaning: 'page faults that had to wait for input',
      value: (t) => t.majorFaults,
    },
  ],
  io: [
    { name: 'read_bytes', type: 'integer', part: 'io', meaning: 'bytes read from storage', value: (t) => t.readBytes },
    {
      name: 'write_bytes',
      type: 'integer',
      part: 'io',
      meaning: 'bytes made dirty for storage',
      value: (t) => t.writeBytes,
    },
    { name: 'rchar', type: 'integer', part: 'io', meaning: 'bytes passed by read calls', value: (t) => t.readChars },
    { name: 'wchar', type: 'integer', part: 'io', meaning: 'bytes passed by write calls', value: (t) => t.writeChars },
  ],
  args: [
    { name: 'exe', type: 'string', part: 'exe', meaning: 'path of the program', value: (t) => t.exe },
    {
      name: 'exe_deleted',
      type: 'boolean',
      part: 'exe',
      meaning: 'true: the file of the program has no name any more; exe is the one it had',
      value: (t) => t.exeDeleted,
    },
    {
      name: 'args',
      type: 'strings',
      part: 'cmdline',
      meaning: 'the arguments, the program name first',
      value: (t) => t.args,
      cell: (t) => (t.args === undefined ? '' : commandLine(t.args, t.argsTotal)),
    },
    {
      name: 'args_truncated',
      type: 'integer',
      part: 'cmdline',
      meaning: 'bytes of all arguments, where args are only the beginning of them',
      value: (t) => t.argsTotal,
    },
  ],
  cgroup: [
    { name: 'cgroup', type: 'string', part: 'cgroup', meaning: 'path of the control group', value: (t) => t.cgroup },
    {
      name: 'container_id',
      type: 'string',
      part: 'cgroup',
      meaning: 'the container, where the control group tells',
      value: (t) => (t.cgroup === undefined ? undefined : containerOf(t.cgroup)),
    },
    {
      name: 'unit',
      type: 'string',
      part: 'cgroup',
      meaning: 'the systemd unit, where the control group tells',
      value: (t) => (t.cgroup === undefined ? undefined : unitOf(t.cgroup)),
    },
  ],
};

export const TASK_FIELDS: readonly TaskField[] = GROUP_NAMES.flatMap((group) =>
  GROUPED[group].map((field) => ({ ...field, group })),
);
export const TASK_FIELD_NAMES = TASK_FIELDS.map(({ name }) => name);
/** Of a machine as it is. */
export const LIVE_TASK_FIELDS = TASK_FIELDS.filter(({ ofRecordings }) => !ofRecordings);

const BY_NAME = new Map(TASK_FIELDS.map((field) => [field.name, field]));

export function taskField(name: string): TaskField {
  const field = BY_NAME.get(name);
  if (field === undefined) throw new Error(`there is no field ${name}`);
  return field;
}

/** The columns of a table unless others are chosen, group by group; wide texts come last. */
const COLUMNS: Readonly<Record<GroupName, readonly string[]>> = {
  base: ['pid', 'ppid', 'pgid', 'sid', 'state'],
  cred: ['user'],
  time: ['start_time', 'duration_s', 'cpu_s'],
  memory: ['vsize_kib', 'rss_kib', 'majflt'],
  io: ['read_bytes', 'write_bytes'],
  args: [],
  cgroup: ['unit', 'cgroup'],
};

export function defaultColumns(shows: readonly GroupName[], threads: boolean): TaskField[] {
  const groups = GROUP_NAMES.filter((group) => shows.includes(group));
  const names = groups.flatMap((group) => COLUMNS[group]);
  if (threads && shows.includes('base')) names.splice(1, 0, 'tid');
  const name = shows.includes('base') ? ['comm'] : [];
  return [...names, ...name, ...(shows.includes('args') ? ['args'] : [])].map(taskField);
}

/** Beside the tree, which ends in the command: where a task stands in its family is to be seen, so its parent is not told. */
export function treeColumns(shows: readonly GroupName[], threads: boolean): TaskField[] {
  const inTree = ['ppid', 'pgid', 'sid', 'comm', 'args'];
  return defaultColumns(shows, threads).filter(({ name }) => !inTree.includes(name));
}

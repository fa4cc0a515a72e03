/**
 * THE table of record fields: each is declared once with its name, type, meaning, who carries it, its value and its column. The
 * JSON writer, the columns of the table format, `--columns`, the manual and the tests derive from it.
 */
import { containerOf, unitOf } from '../process/cgroup.ts';
import { type Image, MISSING, PATHS_MISSING, type PathMissing } from '../process/image.ts';
import { type Moment, plus } from '../process/moment.ts';
import type { Ancestor, ProcessEnd, ProcessEventName, ProcessRecord } from '../process/record.ts';
import { readable, type Text } from '../process/text.ts';
import { type Outcome, outcomeOf } from '../process/wait-status.ts';
import { CAUSE_FIELDS } from './cause-fields.ts';
import { commandLine, escapeText } from './escape.ts';
import { FAILED_FIELDS } from './failed-fields.ts';
import { type Field, type FieldContext, LEFT, MICRO, RIGHT, set, type Value } from './field.ts';
import type { LineBuffer } from './line-buffer.ts';
import {
  localTime,
  monotonicMoment,
  monotonicNanos,
  putMonotonicNanos,
  putUtcTime,
  utcTime,
  wallMoment,
} from './times.ts';
import { USAGE_FIELDS } from './usage-fields.ts';

const wall = (record: ProcessRecord, context: FieldContext): Moment => plus(record.at, context.wallOffset);

const putWall = (at: Moment, { wallOffset }: FieldContext, out: LineBuffer): void => putUtcTime(at, wallOffset, out);

const outcome = ({ exit }: ProcessRecord): Outcome | undefined =>
  exit?.waitStatus === undefined ? undefined : outcomeOf(exit.waitStatus);

/** By which its birth is told, whatever has become of the clock. */
const startOffsetOf = ({ exit }: ProcessRecord, { wallOffset }: FieldContext): Moment =>
  exit?.startOffset ?? wallOffset;

const startOf = ({ exit, start }: ProcessRecord): Moment | undefined => (exit === undefined ? start : exit.start);

const TICKS = 100;

/** Exact durations to the microsecond, others to the clock tick they were read in. */
export function durationOf({ seconds, exact }: NonNullable<ProcessEnd['duration']>): number {
  const unit = exact ? MICRO : TICKS;
  return Math.round(seconds * unit) / unit;
}

const duration = ({ exit }: ProcessRecord): number | undefined => exit?.duration && durationOf(exit.duration);

/** The digits of an inode that a number would not hold. */
const inodeOf = (digits: Value): bigint | undefined =>
  typeof digits === 'string' && /^\d{1,20}$/.test(digits) ? BigInt(digits) : undefined;

/** Of an inode that a number cannot hold exactly. */
export const inodeDigits = ({ file }: Image): string | undefined =>
  file === undefined || Number.isSafeInteger(Number(file.inode)) ? undefined : String(file.inode);
/** Nothing else than two numbers is ever written there, and nothing else is read. */
const deviceIn = (device: Text): string | undefined =>
  typeof device === 'string' && /^\d+:\d+$/.test(device) ? device : undefined;
const pathMissing = (value: unknown): PathMissing | undefined => PATHS_MISSING.find((why) => why === value);

export const FIELDS: readonly Field[] = [
  {
    name: 'time',
    type: 'string',
    ours: true,
    meaning: 'wall time of the event, RFC 3339 in UTC with nanoseconds',
    carriers: 'all',
    value: (r, c) => utcTime(wall(r, c)),
    put: { of: (r) => r.at, write: putWall },
    cell: (r, c) => localTime(wall(r, c)),
    fill: (d, v) => set(d, 'wall', wallMoment(v)),
    column: LEFT(12),
  },
  {
    name: 'mono_ns',
    type: 'string',
    ours: true,
    meaning: "the kernel's monotonic clock in nanoseconds, as digits",
    carriers: 'all',
    value: (r) => monotonicNanos(r.at),
    put: { of: (r) => r.at, write: (at, _, out) => putMonotonicNanos(at, out) },
    fill: (d, v) => set(d, 'at', monotonicMoment(v)),
    column: RIGHT(16),
  },
  {
    name: 'event',
    type: 'string',
    ours: true,
    meaning: 'what happened',
    carriers: 'all',
    value: (r) => r.event,
    fill: 'elsewhere',
    column: LEFT(8),
  },
  {
    name: 'cpu',
    type: 'integer',
    meaning: 'the CPU it happened on',
    carriers: 'all',
    value: (r) => r.cpu,
    fill: (d, v) => set(d, 'cpu', Number(v)),
    column: RIGHT(3),
  },
  {
    name: 'pid',
    type: 'integer',
    meaning: "process id (the kernel's tgid), in the initial pid namespace",
    carriers: 'all',
    value: (r) => r.pid,
    fill: (d, v) => set(d, 'pid', Number(v)),
    column: RIGHT(7),
  },
  {
    name: 'tid',
    type: 'integer',
    meaning: 'thread id; equal to pid for the process as a whole',
    carriers: 'all',
    value: (r) => r.tid,
    fill: (d, v) => set(d, 'tid', Number(v)),
    column: RIGHT(7),
  },
  {
    name: 'ppid',
    type: 'integer',
    meaning: 'process id of the parent; of an exit, the parent at the end',
    carriers: 'all',
    value: (r) => r.ppid,
    fill: (d, v) => set(d, 'ppid', Number(v)),
    column: RIGHT(7),
  },
  {
    name: 'parent_comm',
    type: 'string',
    meaning: 'name of the parent',
    carriers: 'all',
    value: (r) => r.parentComm,
    fill: (d, v) => set(d, 'parentComm', v as Text),
    column: LEFT(15),
  },
  {
    name: 'comm',
    type: 'string',
    meaning: 'name of the process, at most 15 bytes; of a comm event, the new name',
    carriers: 'all',
    ofImage: true,
    value: (r) => r.image.comm,
    fill: ({ image }, v) => set(image, 'comm', v as Text),
    column: LEFT(15),
  },
  {
    name: 'exe',
    type: 'string',
    meaning: 'path of the program',
    carriers: 'all',
    ofImage: true,
    value: (r) => r.image.exe,
    fill: ({ image }, v) => set(image, 'exe', v as Text),
    column: LEFT(24),
  },
  {
    name: 'exe_deleted',
    type: 'boolean',
    meaning:
      'true: the file of the program had no name any more at the exec, or never had one (memfd); exe is the one it had',
    carriers: 'all',
    ofImage: true,
    value: (r) => r.image.exeDeleted,
    fill: ({ image }, v) => set(image, 'exeDeleted', v === true ? v : undefined),
    column: LEFT(11),
  },
  {
    name: 'exe_missing',
    type: 'string',
    ours: true,
    meaning:
      'why exe is not known: "too deep", "too long", "torn" (a name in it was changed meanwhile), "unreachable" (outside of the root) or "unreadable"',
    carriers: 'all',
    ofImage: true,
    value: (r) => r.image.exeMissing,
    fill: ({ image }, v) => set(image, 'exeMissing', pathMissing(v)),
    column: LEFT(11),
  },
  {
    name: 'path',
    type: 'string',
    meaning: 'the path as it was executed, which may be relative; of a script, the script',
    carriers: 'all',
    ofImage: true,
    value: (r) => r.image.path,
    fill: ({ image }, v) => set(image, 'path', v as Text),
    column: LEFT(24),
  },
  {
    name: 'exe_dev',
    type: 'string',
    meaning: 'file system of the program, major:minor',
    carriers: 'all',
    ofImage: true,
    value: (r) => r.image.file?.device,
    fill: (d, v) => set(d, 'device', deviceIn(v as Text)),
    column: LEFT(7),
  },
  {
    name: 'exe_inode',
    type: 'integer',
    meaning: 'inode of the program; with --usage also where the program could not be looked at',
    carriers: 'all',
    ofImage: true,
    value: (r) => r.image.file?.inode,
    fill: (d, v) => set(d, 'inode', v as number | bigint),
    column: RIGHT(9),
  },
  {
    name: 'exe_inode_digits',
    type: 'string',
    ours: true,
    meaning: 'the same as digits, where a number of JSON is no more exact for most readers (from 2^53 on)',
    carriers: 'all',
    ofImage: true,
    value: (r) => inodeDigits(r.image),
    fill: (d, v) => set(d, 'inode', inodeOf(v)),
    column: RIGHT(20),
  },
  {
    name: 'args',
    type: 'strings',
    meaning: 'the arguments, the program name first',
    carriers: 'all',
    ofImage: true,
    value: (r) => r.image.args,
    cell: (r) => (r.image.args === undefined ? '' : commandLine(r.image.args, r.image.argsTotal)),
    fill: ({ image }, v) => set(image, 'args', v as readonly Text[]),
    column: LEFT(40),
  },
  {
    name: 'args_truncated',
    type: 'integer',
    meaning: 'bytes of all arguments, each with its final zero, where args are only the beginning of them',
    carriers: 'all',
    ofImage: true,
    value: (r) => r.image.argsTotal,
    fill: ({ image }, v) => set(image, 'argsTotal', Number(v)),
    column: RIGHT(14),
  },
  {
    name: 'cwd',
    type: 'string',
    meaning: 'working directory at the exec',
    carriers: 'all',
    ofImage: true,
    value: (r) => r.image.cwd,
    fill: ({ image }, v) => set(image, 'cwd', v as Text),
    column: LEFT(24),
  },
  {
    name: 'cwd_deleted',
    type: 'boolean',
    meaning: 'true: the directory has no name any more; cwd is the one it had',
    carriers: 'all',
    ofImage: true,
    value: (r) => r.image.cwdDeleted,
    fill: ({ image }, v) => set(image, 'cwdDeleted', v === true ? v : undefined),
    column: LEFT(11),
  },
  {
    name: 'cwd_missing',
    type: 'string',
    ours: true,
    meaning:
      'why cwd is not known: "too deep", "too long", "torn" (a name in it was changed meanwhile), "unreachable" (outside of the root) or "unreadable"',
    carriers: 'all',
    ofImage: true,
    value: (r) => r.image.cwdMissing,
    fill: ({ image }, v) => set(image, 'cwdMissing', pathMissing(v)),
    column: LEFT(11),
  },
  {
    name: 'uid',
    type: 'integer',
    meaning: 'effective user id; of an exit known by its account alone (--usage), the real one',
    carriers: 'all',
    ofImage: true,
    value: (r) => r.image.uid,
    fill: ({ image }, v) => set(image, 'uid', Number(v)),
    column: RIGHT(6),
  },
  {
    name: 'user',
    type: 'string',
    meaning: 'name of the effective user',
    carriers: 'all',
    ofImage: true,
    value: (r, c) => (r.image.uid === undefined ? undefined : c.userName(r.image.uid)),
    cell: (r, c) => {
      if (r.image.uid === undefined) return '';
      return escapeText(c.userName(r.image.uid) ?? String(r.image.uid));
    },
    fill: (d, v) => set(d, 'user', v as Text),
    column: LEFT(8),
  },
  {
    name: 'missing',
    type: 'string',
    ours: true,
    meaning:
      'why there are no arguments: "gone", the process had ended before they could be read; "hidden", /proc does not show it to us (hidepid); "denied", they may not be read; "stuck", they did not come in time, since whoever holds its memory hangs',
    carriers: 'all',
    ofImage: true,
    value: (r) => r.image.missing,
    fill: ({ image }, v) =>
      set(
        image,
        'missing',
        MISSING.find((one) => one === v),
      ),
    column: LEFT(7),
  },
  {
    name: 'image',
    type: 'string',
    ours: true,
    meaning:
      '"inherited": name, arguments and so on are those of the parent, since this process has run no program of its own; "earlier": as read at the start, and perhaps replaced since',
    carriers: 'all',
    value: (r) => r.imageOf,
    fill: (d, v) => set(d, 'imageOf', v === 'inherited' || v === 'earlier' ? v : undefined),
    column: LEFT(9),
  },
  {
    name: 'thread',
    type: 'boolean',
    meaning: 'true: the end of one thread, not of the process',
    carriers: ['exit'],
    value: (r) => r.thread || undefined,
    fill: (d, v) => set(d, 'thread', v === true),
    column: LEFT(6),
  },
  {
    name: 'wait_status',
    type: 'integer',
    meaning: 'the raw status, as wait(2) gives it to the parent',
    carriers: ['exit'],
    value: (r) => r.exit?.waitStatus,
    fill: (d, v) => set(d, 'waitStatus', Number(v)),
    column: RIGHT(6),
  },
  {
    name: 'exit_code',
    type: 'integer',
    meaning: 'the exit code, if it ended by itself',
    carriers: ['exit'],
    value: (r) => {
      const end = outcome(r);
      return end?.kind === 'code' ? end.code : undefined;
    },
    fill: 'elsewhere',
    column: RIGHT(4),
  },
  {
    name: 'signal',
    type: 'string',
    ours: true,
    meaning: 'the signal that killed it',
    carriers: ['exit'],
    value: (r) => {
      const end = outcome(r);
      return end?.kind === 'signal' ? end.signal : undefined;
    },
    fill: 'elsewhere',
    column: LEFT(9),
  },
  {
    name: 'core_dumped',
    type: 'boolean',
    meaning: 'whether the killed process left a core file',
    carriers: ['exit'],
    value: (r) => {
      const end = outcome(r);
      return end?.kind === 'signal' ? end.coreDumped : undefined;
    },
    fill: 'elsewhere',
    column: LEFT(5),
  },
  {
    name: 'duration_s',
    type: 'number',
    meaning: 'seconds of life, to the microsecond; in steps of 10 ms for processes older than procwatch',
    carriers: ['exit'],
    value: duration,
    fill: (d, v) => set(d, 'seconds', Number(v)),
    column: RIGHT(10),
  },
  {
    name: 'start_time',
    type: 'string',
    ours: true,
    meaning:
      'wall time of its birth, as the clock was when that was heard or read; with pid, an identity that survives the reuse of the pid',
    carriers: ['exit', 'alive'],
    value: (r, c) => {
      const start = startOf(r);
      return start === undefined ? undefined : utcTime(plus(start, startOffsetOf(r, c)));
    },
    cell: (r, c) => {
      const start = startOf(r);
      return start === undefined ? '' : localTime(plus(start, startOffsetOf(r, c)));
    },
    fill: (d, v) => set(d, 'born', wallMoment(v)),
    column: LEFT(12),
  },
  {
    name: 'start_mono_ns',
    type: 'string',
    ours: true,
    meaning: "its birth on the kernel's monotonic clock, as digits: what no setting of a clock changes",
    carriers: ['exit', 'alive'],
    value: (r) => {
      const start = startOf(r);
      return start === undefined ? undefined : monotonicNanos(start);
    },
    put: { of: startOf, write: (at, _, out) => putMonotonicNanos(at, out) },
    fill: (d, v) => set(d, 'bornAt', monotonicMoment(v)),
    column: RIGHT(16),
  },
  {
    name: 'ruid',
    type: 'integer',
    meaning: 'new real user id',
    carriers: ['uid'],
    value: (r) => (r.event === 'uid' ? r.ids?.real : undefined),
    fill: (d, v) => set(d, 'realId', Number(v)),
    column: RIGHT(6),
  },
  {
    name: 'euid',
    type: 'integer',
    meaning: 'new effective user id',
    carriers: ['uid'],
    value: (r) => (r.event === 'uid' ? r.ids?.effective : undefined),
    fill: (d, v) => set(d, 'effectiveId', Number(v)),
    column: RIGHT(6),
  },
  {
    name: 'rgid',
    type: 'integer',
    meaning: 'new real group id',
    carriers: ['gid'],
    value: (r) => (r.event === 'gid' ? r.ids?.real : undefined),
    fill: (d, v) => set(d, 'realId', Number(v)),
    column: RIGHT(6),
  },
  {
    name: 'egid',
    type: 'integer',
    meaning: 'new effective group id',
    carriers: ['gid'],
    value: (r) => (r.event === 'gid' ? r.ids?.effective : undefined),
    fill: (d, v) => set(d, 'effectiveId', Number(v)),
    column: RIGHT(6),
  },
  {
    name: 'attached',
    type: 'boolean',
    meaning: 'whether a tracer attached (true) or let go (false)',
    carriers: ['ptrace'],
    value: (r) => (r.event === 'ptrace' ? r.tracer !== undefined : undefined),
    fill: 'elsewhere',
    column: LEFT(8),
  },
  {
    name: 'tracer_pid',
    type: 'integer',
    meaning: 'process id of the tracer',
    carriers: ['ptrace'],
    value: (r) => r.tracer?.pid,
    fill: (d, v) => set(d, 'tracerPid', Number(v)),
    column: RIGHT(7),
  },
  {
    name: 'tracer_tid',
    type: 'integer',
    meaning: 'thread id of the tracer',
    carriers: ['ptrace'],
    value: (r) => r.tracer?.tid,
    fill: (d, v) => set(d, 'tracerTid', Number(v)),
    column: RIGHT(7),
  },
  {
    name: 'inferred',
    type: 'boolean',
    meaning:
      'true: not told by an event, since that was lost: concluded from a scan of /proc, or an exec that only the capture in the kernel saw',
    carriers: ['exec', 'exit', 'found'],
    value: (r) => r.inferred || undefined,
    fill: (d, v) => set(d, 'inferred', v === true),
    column: LEFT(8),
  },
  {
    name: 'ancestry',
    type: 'ancestry',
    extra: 'ancestry',
    meaning: 'with --ancestry: the parent, its parent and so on up to init, each with pid and comm',
    carriers: 'all',
    value: (r) => r.ancestry,
    cell: ({ ancestry = [] }) =>
      ancestry.map(({ pid, comm }) => `${comm === undefined ? '?' : escapeText(comm)}(${pid})`).join(' < '),
    fill: (d, v) => set(d, 'ancestry', v as readonly Ancestor[]),
    column: LEFT(24),
  },
  {
    name: 'cgroup',
    type: 'string',
    meaning: 'path of the control group',
    carriers: 'all',
    extra: 'cgroup',
    value: (r) => r.cgroup,
    fill: (d, v) => set(d, 'cgroup', readable(v as Text)),
    column: LEFT(24),
  },
  {
    name: 'container_id',
    type: 'string',
    meaning: 'the container, where the control group tells',
    carriers: 'all',
    extra: 'cgroup',
    value: (r) => (r.cgroup === undefined ? undefined : containerOf(r.cgroup)),
    fill: 'elsewhere',
    column: LEFT(12),
  },
  {
    name: 'unit',
    type: 'string',
    meaning: 'the systemd unit, where the control group tells',
    carriers: 'all',
    extra: 'cgroup',
    value: (r) => (r.cgroup === undefined ? undefined : unitOf(r.cgroup)),
    fill: 'elsewhere',
    column: LEFT(16),
  },
  ...FAILED_FIELDS,
  ...CAUSE_FIELDS,
  ...USAGE_FIELDS,
  {
    name: 'host',
    type: 'string',
    meaning: 'name of the machine, where records of several are read',
    carriers: 'all',
    extra: 'host',
    value: (_, { host }) => host,
    fill: 'elsewhere',
    column: LEFT(12),
  },
];

/** The fields a record of this kind may carry. */
export function fieldsOf(event: ProcessEventName): readonly Field[] {
  return FIELDS.filter(({ carriers }) => carriers === 'all' || carriers.includes(event));
}

export function fieldNamed(name: string): Field | undefined {
  return FIELDS.find((field) => field.name === name);
}

/** The cell of a column: safe for a terminal, empty where the value is unknown. */
export function cellOf(field: Field, record: ProcessRecord, context: FieldContext): string {
  if (field.cell !== undefined) return field.cell(record, context);
  const value = field.value(record, context);
  if (value === undefined) return '';
  return field.type === 'string' ? escapeText(value as Text) : String(value);
}

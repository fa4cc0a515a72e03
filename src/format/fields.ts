/**
 * THE table of record fields: each is declared once with its name, type, meaning, who carries it, its value and its column. The
 * JSON writer, the columns of the table format, `--columns`, the manual and the tests derive from it.
 */
import type { FailedExec } from '../attempts/walks.ts';
import { CAUSE_NAMES } from '../cause/causes.ts';
import type { EndCause } from '../cause/end-cause.ts';
import { EVENT_NAMES, type EventName } from '../netlink/events.ts';
import { containerOf, unitOf } from '../process/cgroup.ts';
import { type Image, MISSING, PATHS_MISSING, type PathMissing } from '../process/image.ts';
import type { Moment } from '../process/moment.ts';
import { plus } from '../process/moment.ts';
import type { Ancestor, ProcessEnd, ProcessEventName, ProcessRecord } from '../process/record.ts';
import { readable, type Text } from '../process/text.ts';
import { type Outcome, outcomeOf } from '../process/wait-status.ts';
import type { Usage } from '../usage/usage.ts';
import { errorName, errorNumber } from './attempt-in-words.ts';
import type { Draft } from './draft.ts';
import { commandLine, escapeText, shellLine } from './escape.ts';
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

export type Extra = 'ancestry' | 'cgroup' | 'usage' | 'host';

/** What a formatter knows besides the record. */
export interface FieldContext {
  /** CLOCK_REALTIME minus CLOCK_MONOTONIC. */
  readonly wallOffset: Moment;
  /** The fields to tell that are not told unasked. */
  readonly extras: ReadonlySet<Extra>;
  /** The name of a user id; undefined while it is unknown. */
  userName(uid: number): Text | undefined;
  /** Whether records of several machines stand beside each other, so that each has to say whose it is. */
  readonly tellsHosts?: boolean;
  /** The machine of the record, where it is told. */
  readonly host?: Text | undefined;
}

export type Value = number | bigint | boolean | Text | readonly Text[] | readonly Ancestor[] | undefined;
export type FieldType = 'string' | 'integer' | 'number' | 'boolean' | 'strings' | 'ancestry';

export type Fill = (draft: Draft, value: NonNullable<Value>) => void;

/** Carried by all records, or by these. */
type Carriers = 'all' | readonly ProcessEventName[];

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly meaning: string;
  readonly carriers: Carriers;
  readonly value: (record: ProcessRecord, context: FieldContext) => Value;
  /** Puts the value, as JSON had it, back where it came from; `elsewhere`: it follows from others, and is not read. */
  readonly fill: Fill | 'elsewhere';
  /** A text of our own making, plain ASCII: it needs no escaping anywhere. */
  readonly ours?: true;
  /** The value is a moment: which, and how it is written without making a text of it. */
  readonly put?: {
    readonly of: (record: ProcessRecord) => Moment | undefined;
    readonly write: (moment: Moment, context: FieldContext, out: LineBuffer) => void;
  };
  /** Depends on nothing but the image: formatters may keep its text with the image. */
  readonly ofImage?: true;
  /** Told only where somebody wants it, since it costs something to know. */
  readonly extra?: Extra;
  /** A figure of what the process used: which, and the unit that `value` makes seconds of where it is a time. */
  readonly used?: { readonly member: keyof Usage; readonly time: keyof typeof MICROS_IN | undefined };
  /** Told of an end whose cause is known, and of no other. */
  readonly ofCause?: true;
  /** Told where something could not be executed. */
  readonly ofFailed?: true;
  readonly column: { readonly width: number; readonly align: 'left' | 'right' };
  /** The cell, where it reads better than the plain value. Already safe for a terminal. */
  readonly cell?: (record: ProcessRecord, context: FieldContext) => string;
}

const wall = (record: ProcessRecord, context: FieldContext): Moment => plus(record.at, context.wallOffset);

const putWall = (at: Moment, { wallOffset }: FieldContext, out: LineBuffer): void => putUtcTime(at, wallOffset, out);

const outcome = ({ exit }: ProcessRecord): Outcome | undefined =>
  exit?.waitStatus === undefined ? undefined : outcomeOf(exit.waitStatus);

/** By which its birth is told, whatever has become of the clock. */
const startOffsetOf = ({ exit }: ProcessRecord, { wallOffset }: FieldContext): Moment =>
  exit?.startOffset ?? wallOffset;

const startOf = ({ exit, start }: ProcessRecord): Moment | undefined => (exit === undefined ? start : exit.start);

const MICRO = 1e6;
const TICKS = 100;

/** Exact durations to the microsecond, others to the clock tick they were read in. */
export function durationOf({ seconds, exact }: NonNullable<ProcessEnd['duration']>): number {
  const unit = exact ? MICRO : TICKS;
  return Math.round(seconds * unit) / unit;
}

const duration = ({ exit }: ProcessRecord): number | undefined => exit?.duration && durationOf(exit.duration);

/** Microseconds in one of them. */
export const MICROS_IN = { nanos: 1 / 1000, micros: 1 } as const;

/** A field of what a process used; false is told as little as what is unknown, and times are told in seconds, to the microsecond. */
function used(
  name: string,
  type: 'integer' | 'number' | 'boolean',
  meaning: string,
  member: keyof Usage,
  time?: keyof typeof MICROS_IN,
): Field {
  const told = (figure: number | boolean | undefined): number | boolean | undefined => {
    if (time === undefined || typeof figure !== 'number') return figure === false ? undefined : figure;
    return Math.round(figure * MICROS_IN[time]) / MICRO;
  };
  return {
    name,
    type,
    meaning: `with --usage: ${meaning}`,
    carriers: ['exit'],
    extra: 'usage',
    used: { member, time },
    value: ({ exit }) => told(exit?.usage?.[member]),
    fill: ({ usage }, figure) => set(usage, member, time === undefined ? figure : unitsIn(Number(figure), time)),
    column: RIGHT(9),
  };
}

/** The digits of an inode that a number would not hold. */
const inodeOf = (digits: Value): bigint | undefined =>
  typeof digits === 'string' && /^\d{1,20}$/.test(digits) ? BigInt(digits) : undefined;

/** Of an inode that a number cannot hold exactly. */
export const inodeDigits = ({ file }: Image): string | undefined =>
  file === undefined || Number.isSafeInteger(Number(file.inode)) ? undefined : String(file.inode);
const set = <Holder, Name extends keyof Holder>(holder: Holder, name: Name, value: unknown): void => {
  holder[name] = value as Holder[Name];
};

/** What `told` made seconds of, in its own unit again: whole microseconds. */
const unitsIn = (seconds: number, time: keyof typeof MICROS_IN): number =>
  Math.round(Math.round(seconds * MICRO) / MICROS_IN[time]);

/** Nothing else than two numbers is ever written there, and nothing else is read. */
const deviceIn = (device: Text): string | undefined =>
  typeof device === 'string' && /^\d+:\d+$/.test(device) ? device : undefined;
const addressIn = (value: unknown): bigint | undefined =>
  typeof value === 'string' && /^0x[0-9a-f]{1,16}$/.test(value) ? BigInt(value) : undefined;

/** A field of why a process ended. */
function why(
  name: string,
  type: FieldType,
  meaning: string,
  value: (cause: EndCause) => Value,
  fill: Fill,
  more: Pick<Field, 'ours' | 'cell' | 'extra'> & { readonly width?: number } = {},
): Field {
  const { width = 9, ...rest } = more;
  return {
    name,
    type,
    meaning,
    carriers: ['exit'],
    ofCause: true,
    value: ({ exit }) => exit?.cause && value(exit.cause),
    fill,
    column: type === 'integer' || type === 'number' ? RIGHT(width) : LEFT(width),
    ...rest,
  };
}

/** A field of what could not be executed. */
function failed(
  name: string,
  type: FieldType,
  meaning: string,
  carriers: Field['carriers'],
  value: (failed: FailedExec) => Value,
  fill: Fill,
): Field {
  const column = type === 'string' ? LEFT(24) : RIGHT(6);
  return { name, type, meaning, carriers, ofFailed: true, value: (r) => r.failed && value(r.failed), fill, column };
}

const lineOf = (args: readonly Text[] | undefined): string => (args === undefined ? '' : shellLine(args));

const LEFT = (width: number) => ({ width, align: 'left' }) as const;
const RIGHT = (width: number) => ({ width, align: 'right' }) as const;

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
  failed(
    'error',
    'string',
    'why a program could not be run, as errno has it: ENOENT, EACCES and so on; of an exit, the last that its process tried right before',
    ['exec-failed', 'exit'],
    ({ attempt }) => errorName(attempt.errno),
    (d, v) => set(d, 'errno', errorNumber(v)),
  ),
  failed(
    'error_path',
    'string',
    'what that was, as it was tried',
    ['exit'],
    ({ attempt }) => attempt.path,
    (d, v) => set(d, 'errorPath', v),
  ),
  failed(
    'tried',
    'integer',
    'how many places were tried, as along PATH',
    ['exec-failed'],
    ({ tried }) => tried,
    (d, v) => set(d, 'tried', v),
  ),
  failed(
    'args_incomplete',
    'boolean',
    'true: args are not all, or not whole: there were more than 32, or more than 1 KiB of one or 4 KiB of all, or they could not be read',
    ['exec-failed'],
    ({ attempt }) => !attempt.hasAllArgs || undefined,
    (d, v) => set(d, 'argsIncomplete', v === true),
  ),
  why(
    'cause',
    'string',
    'why it ended, where that is certain: procwatch causes explains each',
    (c) => c.cause,
    ({ why }, v) =>
      set(
        why,
        'cause',
        CAUSE_NAMES.find((name) => name === v),
      ),
    {
      ours: true,
      width: 15,
    },
  ),
  why(
    'sender_pid',
    'integer',
    'process id of who sent the signal, or whose end sent it',
    (c) => c.sender?.pid,
    ({ sender }, v) => set(sender, 'pid', v),
  ),
  why(
    'sender_comm',
    'string',
    'its name when it did',
    (c) => c.sender?.comm,
    ({ sender }, v) => set(sender, 'comm', v),
    { width: 15 },
  ),
  why(
    'sender_uid',
    'integer',
    'its real user id',
    (c) => c.sender?.uid,
    ({ sender }, v) => set(sender, 'uid', v),
  ),
  why(
    'sender_args',
    'strings',
    'its arguments, unless it is the process itself',
    (c) => c.sender?.args,
    ({ sender }, v) => set(sender, 'args', v),
    {
      cell: ({ exit }) => lineOf(exit?.cause?.sender?.args),
      width: 24,
    },
  ),
  why(
    'sender_cgroup',
    'string',
    'path of its control group',
    (c) => c.sender?.cgroup,
    ({ sender }, v) => set(sender, 'cgroup', readable(v as Text)),
    { extra: 'cgroup', width: 24 },
  ),
  why(
    'sender_ending',
    'boolean',
    'true: it was ending at that moment, and its end sent the signal',
    (c) => c.sender?.isEnding || undefined,
    ({ sender }, v) => set(sender, 'isEnding', v === true),
    { width: 6 },
  ),
  why(
    'signal_code',
    'string',
    'si_code of the signal, by name',
    (c) => c.code,
    ({ why }, v) => set(why, 'code', readable(v as Text)),
    { ours: true, width: 12 },
  ),
  why(
    'raised_again',
    'boolean',
    'true: it handled the signal first, and then ended by sending the same to itself',
    (c) => c.raisedAgain,
    ({ why }, v) => set(why, 'raisedAgain', v === true),
    { width: 6 },
  ),
  why(
    'fault_address',
    'string',
    'the address that could not be reached, or of the instruction that could not be carried out, in hexadecimal',
    ({ address }) => (address === undefined ? undefined : `0x${address.toString(16)}`),
    ({ why }, v) => set(why, 'address', addressIn(v)),
    { ours: true, width: 18 },
  ),
  why(
    'syscall',
    'integer',
    'number of the system call that seccomp(2) forbade',
    (c) => c.syscall,
    ({ why }, v) => set(why, 'syscall', v),
  ),
  why(
    'oom_resident_kib',
    'integer',
    'memory that the process held when the kernel chose it, in KiB, as the log of the kernel has it',
    (c) => c.outOfMemory?.residentKib,
    ({ memory }, v) => set(memory, 'residentKib', v),
  ),
  why(
    'oom_trigger_pid',
    'integer',
    'process id of who wanted the memory that was not there; perhaps the process itself',
    (c) => c.outOfMemory?.trigger.pid,
    ({ memory }, v) => set(memory, 'pid', v),
  ),
  why(
    'oom_trigger_comm',
    'string',
    'its name',
    (c) => c.outOfMemory?.trigger.comm,
    ({ memory }, v) => set(memory, 'comm', v),
    { width: 15 },
  ),
  why(
    'asked_by',
    'string',
    'of an end by itself within 30 s after a SIGTERM, SIGINT, SIGHUP or SIGQUIT that it handled: the cause of that signal',
    (c) => c.asked?.by,
    ({ asked }, v) =>
      set(
        asked,
        'by',
        CAUSE_NAMES.find((name) => name === v),
      ),
    { ours: true, width: 8 },
  ),
  why(
    'asked_signal',
    'string',
    'that signal',
    (c) => c.asked?.signal,
    ({ asked }, v) => set(asked, 'signal', readable(v as Text)),
    { ours: true },
  ),
  why(
    'asked_by_pid',
    'integer',
    'process id of who sent it',
    (c) => c.asked?.sender?.pid,
    ({ asker }, v) => set(asker, 'pid', v),
  ),
  why(
    'asked_by_comm',
    'string',
    'its name when it did',
    (c) => c.asked?.sender?.comm,
    ({ asker }, v) => set(asker, 'comm', v),
    { width: 15 },
  ),
  why(
    'asked_by_uid',
    'integer',
    'its real user id',
    (c) => c.asked?.sender?.uid,
    ({ asker }, v) => set(asker, 'uid', v),
  ),
  why(
    'asked_by_args',
    'strings',
    'its arguments',
    (c) => c.asked?.sender?.args,
    ({ asker }, v) => set(asker, 'args', v),
    {
      cell: ({ exit }) => lineOf(exit?.cause?.asked?.sender?.args),
      width: 24,
    },
  ),
  why(
    'asked_before_s',
    'number',
    'seconds between that signal and the end',
    ({ asked }) => (asked === undefined ? undefined : Math.round(asked.before * MICRO) / MICRO),
    ({ asked }, v) => set(asked, 'before', v),
  ),
  used(
    'cpu_s',
    'number',
    'seconds of CPU time of all threads together, to the microsecond; exact unless cpu_is_lower_bound says otherwise',
    'cpuNanos',
    'nanos',
  ),
  used(
    'cpu_is_lower_bound',
    'boolean',
    'true: cpu_s lacks the time since the last tick or sleep of each thread, which is all the time of most short lives; no program of ours may run in the kernel, or a tracer holds threads of the process',
    'cpuIsLowerBound',
  ),
  used(
    'user_s',
    'number',
    'seconds in user mode; with an exact cpu_s divided as getrusage(2) does, to the microsecond, else in clock ticks (1 to 10 ms) and mostly 0 for short lives',
    'userMicros',
    'micros',
  ),
  used('sys_s', 'number', 'seconds in the kernel, like user_s', 'systemMicros', 'micros'),
  used(
    'max_rss_kib',
    'integer',
    'peak of resident memory in KiB, of the program it ran last; getrusage(2) also counts those before, and the memory of the parent it was forked from',
    'maxRssKib',
  ),
  used('minflt', 'integer', 'page faults without input', 'minorFaults'),
  used('majflt', 'integer', 'page faults that had to wait for input', 'majorFaults'),
  used(
    'read_bytes',
    'integer',
    'bytes read from storage; of threads that ended before the first one rounded down to 512 each, with a lower bound of cpu_s to 1024 each and without those that ended before procwatch listened',
    'readBytes',
  ),
  used(
    'write_bytes',
    'integer',
    'bytes made dirty for storage, counted when they are written to the page cache; rounded like read_bytes',
    'writeBytes',
  ),
  used(
    'nvcsw',
    'integer',
    'context switches because it waited; the last one of all, at its end, is among them unless its parent had waited for it already',
    'voluntarySwitches',
  ),
  used('nivcsw', 'integer', 'context switches because it was made to', 'involuntarySwitches'),
  used(
    'io_delay_s',
    'number',
    'seconds that threads waited for block input and output, to the microsecond; only where kernel.task_delayacct is on',
    'ioDelayNanos',
    'nanos',
  ),
  used('gid', 'integer', 'real group id', 'gid'),
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

/** What each event adds to the columns of the table format, unless others are chosen: what happened. */
const COLUMNS_OF: Readonly<Partial<Record<EventName, readonly string[]>>> = {
  exit: ['exit_code', 'signal', 'duration_s'],
  'nonzero-exit': ['exit_code', 'signal', 'duration_s'],
  clone: ['tid'],
  uid: ['ruid', 'euid'],
  gid: ['rgid', 'egid'],
  ptrace: ['attached', 'tracer_pid'],
  comm: ['comm'],
  'exec-failed': ['error', 'path'],
};

/** Those that go with it where usage is wanted, before the arguments. */
const USAGE_COLUMNS = ['cpu_s', 'max_rss_kib'];

/** By the table of events, so that one selection always gives the same order. */
export function columnsFor(events: readonly EventName[], usage: boolean): string[] {
  const added = EVENT_NAMES.filter((name) => events.includes(name)).flatMap((name) => COLUMNS_OF[name] ?? []);
  const used = usage ? USAGE_COLUMNS : [];
  return ['time', 'event', 'pid', 'ppid', 'user', ...new Set(added), ...used, 'args'];
}

/** Which of them a narrow window goes without, the first first. */
export const SPARE_COLUMNS: readonly string[] = [
  'ppid',
  'user',
  'attached',
  'ruid',
  'rgid',
  'tid',
  'max_rss_kib',
  'args',
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

/**
 * A record while it is read back from JSON: the members that the table of fields fills in, and what becomes of them. Members that are
 * absent are unknown.
 */
import type { FailedExec } from '../attempts/walks.ts';
import type { Asked, EndCause, OutOfMemory, Sender } from '../cause/end-cause.ts';
import type { FileId, Image } from '../process/image.ts';
import { type Moment, minus, secondsBetween } from '../process/moment.ts';
import type { Ancestor, ProcessEnd, ProcessEventName, ProcessRecord } from '../process/record.ts';
import type { Text } from '../process/text.ts';
import type { Usage } from '../usage/usage.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

export interface Draft {
  /** Of the event, on the wall clock and on the monotonic one; of the birth, on the wall clock. */
  wall?: Moment;
  at?: Moment;
  born?: Moment;
  /** The same on the monotonic clock. */
  bornAt?: Moment;
  cpu?: number;
  pid?: number;
  tid?: number;
  ppid?: number;
  parentComm?: Text;
  readonly image: Mutable<Image>;
  device?: string;
  inode?: number | bigint;
  /** The name of the user, which an image has only as a number. */
  user?: Text;
  imageOf?: 'inherited' | 'earlier';
  thread?: boolean;
  inferred?: boolean;
  waitStatus?: number;
  seconds?: number;
  realId?: number;
  effectiveId?: number;
  tracerPid?: number;
  tracerTid?: number;
  ancestry?: readonly Ancestor[];
  cgroup?: string;
  readonly usage: Partial<Mutable<Usage>>;
  readonly why: Partial<Mutable<EndCause>>;
  readonly sender: Partial<Mutable<Sender>>;
  readonly asked: Partial<Mutable<Asked>>;
  readonly asker: Partial<Mutable<Sender>>;
  readonly memory: { residentKib?: number; pid?: number; comm?: Text };
  errno?: number;
  errorPath?: Text;
  tried?: number;
  argsIncomplete?: boolean;
}

export const newDraft = (): Draft => ({
  image: {},
  usage: {},
  why: {},
  sender: {},
  asked: {},
  asker: {},
  memory: {},
});

const MICRO = 1e6;
const TICK_SECONDS = 0.01;

/** The seconds were rounded for JSON, start and end were not. Whether they were exact can be told from how they were rounded. */
function durationOf(seconds: number | undefined, start: Moment | undefined, at: Moment): ProcessEnd['duration'] {
  if (seconds === undefined) return undefined;
  const whole = start === undefined ? seconds : Math.max(0, secondsBetween(start, at));
  const exact = Math.round(whole * MICRO) / MICRO === seconds;
  const isSame = exact || Math.abs(whole - seconds) < TICK_SECONDS;
  return { seconds: isSame ? whole : seconds, exact };
}

const NO_USAGE: Usage = {
  cpuNanos: undefined,
  cpuIsLowerBound: false,
  userMicros: undefined,
  systemMicros: undefined,
  maxRssKib: undefined,
  minorFaults: undefined,
  majorFaults: undefined,
  readBytes: undefined,
  writeBytes: undefined,
  voluntarySwitches: undefined,
  involuntarySwitches: undefined,
  ioDelayNanos: undefined,
  gid: undefined,
};

function usageOf({ usage }: Draft): Usage | undefined {
  return Object.keys(usage).length === 0 ? undefined : { ...NO_USAGE, ...usage };
}

/** What JSON does not tell of a sender, and nobody asks of a record that was read. */
const UNTOLD = { uid: 0, comm: '', start: { seconds: 0, nanos: 0 }, isEnding: false } as const;

const senderOf = (sender: Draft['sender'], itself: number): Sender | undefined =>
  sender.pid === undefined ? undefined : { ...UNTOLD, ...sender, pid: sender.pid, isItself: sender.pid === itself };

function memoryOf({ memory: { residentKib, pid, comm } }: Draft): OutOfMemory | undefined {
  return pid === undefined ? undefined : { residentKib, trigger: { pid, comm: comm ?? '' } };
}

function askedOf({ asked, asker }: Draft, itself: number): Asked | undefined {
  if (asked.signal === undefined) return undefined;
  return { signal: asked.signal, by: asked.by, before: asked.before ?? 0, sender: senderOf(asker, itself) };
}

function causeOf(draft: Draft, pid: number): EndCause | undefined {
  const cause: EndCause = {
    cause: undefined,
    ...draft.why,
    sender: senderOf(draft.sender, pid),
    outOfMemory: memoryOf(draft),
    asked: askedOf(draft, pid),
  };
  return Object.values(cause).every((value) => value === undefined) ? undefined : cause;
}

/** What it tried to execute; of an exit the path has a member of its own. */
function failedOf(draft: Draft, event: ProcessEventName, at: Moment, pid: number): FailedExec | undefined {
  const { errno, image } = draft;
  if (errno === undefined) return undefined;
  const attempt = {
    at,
    pid,
    tid: draft.tid ?? pid,
    ppid: draft.ppid ?? 0,
    start: UNTOLD.start,
    uid: image.uid ?? 0,
    comm: image.comm ?? '',
    errno,
    path: event === 'exit' ? draft.errorPath : image.path,
    args: image.args ?? [],
    hasAllArgs: draft.argsIncomplete !== true,
  };
  return { attempt, tried: draft.tried ?? 1 };
}

function endOf(
  draft: Draft,
  at: Moment,
  { start, startOffset }: Pick<ProcessEnd, 'start' | 'startOffset'>,
  pid: number,
): ProcessEnd {
  const { waitStatus, seconds } = draft;
  return {
    waitStatus,
    start,
    startOffset,
    duration: durationOf(seconds, start, at),
    usage: usageOf(draft),
    cause: causeOf(draft, pid),
  };
}

function fileOf({ device, inode }: Draft): FileId | undefined {
  if (inode === undefined) return undefined;
  return device === undefined ? { inode } : { device, inode };
}

const idsOf = ({ realId: real, effectiveId: effective }: Draft): ProcessRecord['ids'] =>
  real === undefined || effective === undefined ? undefined : { real, effective };

const tracerOf = ({ tracerPid: pid, tracerTid: tid }: Draft): ProcessRecord['tracer'] =>
  pid === undefined ? undefined : { pid, tid: tid ?? pid };

/** @param wallOffset the wall clock minus the monotonic one, when this was told */
export function recordOf(
  draft: Draft,
  event: ProcessEventName,
  { at, pid, wallOffset }: { readonly at: Moment; readonly pid: number; readonly wallOffset: Moment },
): ProcessRecord {
  const start = draft.bornAt ?? (draft.born && minus(draft.born, wallOffset));
  const startOffset = draft.bornAt && draft.born && minus(draft.born, draft.bornAt);
  const file = fileOf(draft);
  if (file !== undefined) draft.image.file = file;
  return {
    event,
    at,
    cpu: draft.cpu,
    pid,
    tid: draft.tid ?? pid,
    ppid: draft.ppid,
    parentComm: draft.parentComm,
    image: draft.image,
    imageOf: draft.imageOf,
    ancestry: draft.ancestry,
    cgroup: draft.cgroup,
    thread: draft.thread ?? false,
    inferred: draft.inferred ?? false,
    exit: event === 'exit' ? endOf(draft, at, { start, startOffset }, pid) : undefined,
    ids: idsOf(draft),
    tracer: tracerOf(draft),
    start: event === 'exit' ? undefined : start,
    failed: failedOf(draft, event, at, pid),
  };
}

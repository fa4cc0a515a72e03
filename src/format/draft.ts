/**
 * A record while it is read back from JSON: the members that the table of fields fills in, and what becomes of them. Members that are
 * absent are unknown.
 */
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
}

export const newDraft = (): Draft => ({ image: {}, usage: {} });

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

function endOf(draft: Draft, at: Moment, start: Moment | undefined): ProcessEnd {
  const { waitStatus, seconds } = draft;
  return { waitStatus, start, duration: durationOf(seconds, start, at), usage: usageOf(draft) };
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
  const start = draft.born && minus(draft.born, wallOffset);
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
    exit: event === 'exit' ? endOf(draft, at, start) : undefined,
    ids: idsOf(draft),
    tracer: tracerOf(draft),
    start: event === 'exit' ? undefined : start,
  };
}

/**
 * What flows to the formatters: one record for each thing that happened to a process, and records of our own that say where the
 * stream begins, ends and has a hole. Members that are undefined are unknown.
 */
import type { FailedExec } from '../attempts/walks.ts';
import type { EndCause } from '../cause/end-cause.ts';
import type { ProgramEventName, WireKind } from '../netlink/events.ts';
import type { Usage } from '../usage/usage.ts';
import type { Image } from './image.ts';
import type { Moment } from './moment.ts';
import type { Text } from './text.ts';

/**
 * `found`: a process that was there although its birth was not heard, noticed by the rescan after a loss. `alive`: one that was there when a
 * recording began.
 */
export type ProcessEventName = WireKind | ProgramEventName | 'clone' | 'found' | 'alive';

export interface ProcessRecord {
  readonly event: ProcessEventName;
  readonly at: Moment;
  readonly cpu: number | undefined;
  /** Process id (the kernel's tgid) and thread id. */
  readonly pid: number;
  readonly tid: number;
  readonly ppid: number | undefined;
  readonly parentComm: Text | undefined;
  readonly image: Image;
  /** Whose image it is if not surely its own: the parent's since the fork, or one read at the start and perhaps replaced since. */
  readonly imageOf: 'inherited' | 'earlier' | undefined;
  /** From the parent up to init. */
  readonly ancestry: readonly Ancestor[] | undefined;
  readonly cgroup: string | undefined;
  /** The end of one thread, not of the process. */
  readonly thread: boolean;
  /** Concluded from a rescan, not heard. */
  readonly inferred: boolean;
  readonly exit: ProcessEnd | undefined;
  readonly ids: { readonly real: number; readonly effective: number } | undefined;
  readonly tracer: { readonly pid: number; readonly tid: number } | undefined;
  /** When it was born; only of who is `alive`, an end has its own. */
  readonly start?: Moment | undefined;
  /** What could not be executed; of an end, right before it. */
  readonly failed?: FailedExec | undefined;
}

export interface Ancestor {
  readonly pid: number;
  readonly comm: Text | undefined;
}

export interface ProcessEnd {
  /** As wait(2) gives it to the parent; undefined when nobody told. */
  readonly waitStatus: number | undefined;
  /** When the process was born. */
  readonly start: Moment | undefined;
  /** CLOCK_REALTIME minus CLOCK_MONOTONIC by which its birth is told, whatever becomes of the clock; that of the record where it is absent. */
  readonly startOffset?: Moment | undefined;
  /** Seconds of life; to the microsecond when the birth was heard, else in steps of a clock tick (10 ms). */
  readonly duration: { readonly seconds: number; readonly exact: boolean } | undefined;
  /** What it used, where somebody wants it and the kernel told. */
  readonly usage?: Usage | undefined;
  /** Why it ended, where somebody wants it and that is certain. */
  readonly cause?: EndCause | undefined;
}

/** Where records were lost: the kernel's queue for us, our queue for a slow reader, everything for a while, or accounts or causes alone. */
export const LOSS_REASONS = ['overrun', 'output', 'capture', 'usage', 'cause', 'starved'] as const;
export type LossReason = (typeof LOSS_REASONS)[number];

export interface LostRecord {
  readonly event: 'lost';
  readonly reason: LossReason;
  /** Undefined where nobody counted. */
  readonly count: number | undefined;
  /** When it was noticed, and the last moment before it when all was well. */
  readonly at: Moment;
  readonly since: Moment;
}

export interface StartRecord {
  readonly event: 'start';
  readonly at: Moment;
  readonly facts: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

export interface EndRecord {
  readonly event: 'end';
  readonly at: Moment;
  readonly facts: Readonly<Record<string, string | number | boolean | Readonly<Record<string, number>>>>;
}

export type StreamRecord = ProcessRecord | LostRecord | StartRecord | EndRecord;

export function isProcessRecord(record: StreamRecord): record is ProcessRecord {
  return 'pid' in record;
}

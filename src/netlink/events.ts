/**
 * THE table of process events: each kind the kernel can send, declared once with its bit, its layout, its
 * meaning and what a record of it carries. The `--events` parser, the kernel mask, the decoder, the types, `procwatch
 * events`, help, manual and tests derive from it.
 *
 * Source: linux/cn_proc.h (`enum proc_cn_event`, `struct proc_event`). In every event "pid" of the kernel is a thread
 * id and "tgid" the process id; both, and all user ids, are numbers of the initial namespaces.
 */

/** Where and when the kernel emitted an event. `seconds` and `nanos` are CLOCK_MONOTONIC: one float would be inexact after 104 days. */
export interface Stamp {
  readonly cpu: number;
  /** Per-CPU message counter, u32, wraps. */
  readonly sequence: number;
  readonly seconds: number;
  readonly nanos: number;
}

/** The datagram as native-endian u32 words, and the index of the first word of `event_data`. */
type Words = Uint32Array;

const COMM_BYTES = 16;

/** comm[16], NUL-padded, any bytes; copied, because the receive buffer is reused. */
function commBytes(words: Words, at: number): Uint8Array {
  const bytes = new Uint8Array(words.buffer, words.byteOffset + at * 4, COMM_BYTES);
  const end = bytes.indexOf(0);
  return bytes.slice(0, end < 0 ? COMM_BYTES : end);
}

/**
 * The kinds that travel on the wire. `read` is the layout: one u32 a field, in the kernel's order. `teller`: who else tells them, programs of
 * ours in the kernel, where there is no connector.
 */
export const WIRE = {
  fork: {
    bit: 0x1,
    meaning: 'a process was created',
    carries: 'the child as pid, its parent as ppid',
    teller: 'programs too',
    read: (stamp: Stamp, w: Words, i: number) => ({
      kind: 'fork' as const,
      stamp,
      parentTid: w[i],
      parentTgid: w[i + 1],
      tid: w[i + 2],
      tgid: w[i + 3],
    }),
  },
  exec: {
    bit: 0x2,
    meaning: 'a process runs another program',
    carries: 'args, exe, cwd, user of the new program',
    teller: 'programs too',
    read: (stamp: Stamp, w: Words, i: number) => ({
      kind: 'exec' as const,
      stamp,
      tid: w[i],
      tgid: w[i + 1],
    }),
  },
  uid: {
    bit: 0x4,
    meaning: 'a user id changed',
    carries: 'ruid, euid',
    teller: 'connector',
    read: (stamp: Stamp, w: Words, i: number) => ({
      kind: 'uid' as const,
      stamp,
      tid: w[i],
      tgid: w[i + 1],
      realId: w[i + 2],
      effectiveId: w[i + 3],
    }),
  },
  gid: {
    bit: 0x40,
    meaning: 'a group id changed',
    carries: 'rgid, egid',
    teller: 'connector',
    read: (stamp: Stamp, w: Words, i: number) => ({
      kind: 'gid' as const,
      stamp,
      tid: w[i],
      tgid: w[i + 1],
      realId: w[i + 2],
      effectiveId: w[i + 3],
    }),
  },
  sid: {
    bit: 0x80,
    meaning: 'a process began a session (setsid)',
    carries: 'the new session leader as pid',
    teller: 'connector',
    read: (stamp: Stamp, w: Words, i: number) => ({
      kind: 'sid' as const,
      stamp,
      tid: w[i],
      tgid: w[i + 1],
    }),
  },
  ptrace: {
    bit: 0x100,
    meaning: 'a tracer attached or detached',
    carries: 'attached; tracer_pid and tracer_tid on attach',
    teller: 'connector',
    read: (stamp: Stamp, w: Words, i: number) => ({
      kind: 'ptrace' as const,
      stamp,
      tid: w[i],
      tgid: w[i + 1],
      /** 0 on detach. */
      tracerTid: w[i + 2],
      tracerTgid: w[i + 3],
    }),
  },
  comm: {
    bit: 0x200,
    meaning: 'a process renamed itself (exec sends no comm)',
    carries: 'the new comm',
    teller: 'connector',
    read: (stamp: Stamp, w: Words, i: number) => ({
      kind: 'comm' as const,
      stamp,
      tid: w[i],
      tgid: w[i + 1],
      comm: commBytes(w, i + 2),
    }),
  },
  coredump: {
    bit: 0x40000000,
    meaning: 'a process is dumping core (also at core limit 0)',
    carries: 'ppid',
    teller: 'connector',
    read: (stamp: Stamp, w: Words, i: number) => ({
      kind: 'coredump' as const,
      stamp,
      tid: w[i],
      tgid: w[i + 1],
      /** 0 where the kernel (before 4.18) does not tell. */
      parentTid: w[i + 2],
      parentTgid: w[i + 3],
    }),
  },
  exit: {
    bit: 0x80000000,
    meaning: 'a process ended',
    carries: 'exit_code or signal, core_dumped, wait_status, duration_s',
    teller: 'programs too',
    read: (stamp: Stamp, w: Words, i: number) => ({
      kind: 'exit' as const,
      stamp,
      tid: w[i],
      tgid: w[i + 1],
      /** Wait status of this thread (wait(2)). */
      status: w[i + 2],
      /** Signal for the parent; -1 (as u32) for a thread. */
      exitSignal: w[i + 3],
      /** 0 for a thread, an auto-reaped process, and before 4.18. */
      parentTid: w[i + 4],
      parentTgid: w[i + 5],
    }),
  },
} as const;

export type WireKind = keyof typeof WIRE;
export type WireEvent = { [K in WireKind]: ReturnType<(typeof WIRE)[K]['read']> }[WireKind];
export type EventOf<K extends WireKind> = Extract<WireEvent, { kind: K }>;

/**
 * Names a person may select that are no kind of their own on the wire: a part of one. `nonzero-exit` has a bit in the kernel's
 * mask (PROC_EVENT_NONZERO_EXIT, 6.6), but its events arrive as `exit`.
 */
export const REFINEMENTS = {
  'nonzero-exit': {
    of: 'exit',
    bit: 0x20000000,
    meaning: 'a process ended with a failure: a non-zero code or a signal',
    carries: 'as exit; the records are named exit',
  },
  clone: {
    of: 'fork',
    bit: 0,
    meaning: 'a thread was created in a process',
    carries: 'the new thread as tid, its process as pid',
  },
} as const satisfies Record<string, { of: WireKind; bit: number; meaning: string; carries: string }>;

/**
 * Events that no connector sends: programs of ours in the kernel tell them, and only where they are asked for by name, since listening costs
 * the machine something.
 */
export const FROM_PROGRAMS = {
  'exec-failed': {
    meaning: 'a program could not be run; a walk along PATH is told as one, and only if nothing was found',
    carries: 'args and path as they were tried, error, tried',
  },
} as const satisfies Record<string, { meaning: string; carries: string }>;

export type ProgramEventName = keyof typeof FROM_PROGRAMS;
/** What the connector can be asked for. */
export type HeardName = WireKind | keyof typeof REFINEMENTS;
export type EventName = HeardName | ProgramEventName;

export const WIRE_KINDS = Object.keys(WIRE) as WireKind[];
export const HEARD_NAMES = [...WIRE_KINDS, ...Object.keys(REFINEMENTS)] as HeardName[];
export const EVENT_NAMES = [...HEARD_NAMES, ...Object.keys(FROM_PROGRAMS)] as EventName[];

export const isHeard = (name: EventName): name is HeardName => !(name in FROM_PROGRAMS);

/** The kind on the wire that an event is, or is a part of. */
export const kindOf = (name: HeardName): WireKind =>
  name in REFINEMENTS ? REFINEMENTS[name as keyof typeof REFINEMENTS].of : (name as WireKind);

/** Whether programs in the kernel tell it, with or without a connector. */
export const isInRing = (name: EventName): boolean => !isHeard(name) || WIRE[kindOf(name)].teller === 'programs too';
export const RING_NAMES: readonly EventName[] = EVENT_NAMES.filter(isInRing);

/** Every bit the kernel knows: PROC_EVENT_ALL. Only with exactly this mask are acknowledgements delivered. */
export const MASK_ALL = [...Object.values(WIRE), ...Object.values(REFINEMENTS)].reduce(
  (mask, row) => (mask | row.bit) >>> 0,
  0,
);

/** The row of a `what` value; undefined for 0 (an acknowledgement) and for kinds newer than this table. */
const rowOfBit = new Map<number, (typeof WIRE)[WireKind]>(Object.values(WIRE).map((row) => [row.bit, row]));

export function rowFor(what: number): (typeof WIRE)[WireKind] | undefined {
  return rowOfBit.get(what);
}

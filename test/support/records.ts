/** Records as the formatters get them, made by hand: one member at a time can be anything, also what no kernel would send. */
import type { FieldContext } from '../../src/format/field.ts';
import type { LostRecord, ProcessRecord } from '../../src/process/record.ts';
import type { Text } from '../../src/process/text.ts';

export function record(over: Partial<ProcessRecord> = {}): ProcessRecord {
  return {
    event: 'exec',
    at: { seconds: 1000, nanos: 1_234_567 },
    cpu: 3,
    pid: 4242,
    tid: 4242,
    ppid: 17,
    parentComm: 'sh',
    image: { comm: 'cat', args: ['cat', 'a file'], exe: '/bin/cat', cwd: '/tmp', uid: 1000 },
    imageOf: undefined,
    ancestry: undefined,
    cgroup: undefined,
    thread: false,
    inferred: false,
    exit: undefined,
    ids: undefined,
    tracer: undefined,
    ...over,
  };
}

/** The end with this wait status after 2.5 seconds. */
export const ended = (waitStatus: number | undefined, over: Partial<ProcessRecord> = {}): ProcessRecord =>
  record({
    event: 'exit',
    exit: {
      waitStatus,
      start: { seconds: 997, nanos: 501_234_567 },
      duration: { seconds: 2.5, exact: true },
    },
    ...over,
  });

export const lost = (over: Partial<LostRecord> = {}): LostRecord => ({
  event: 'lost',
  reason: 'overrun',
  count: 1234,
  at: { seconds: 1001, nanos: 0 },
  since: { seconds: 1000, nanos: 500_000_000 },
  ...over,
});

/** The wall clock of 2001-09-09T01:46:40Z at 1000 s of uptime, and two users. */
export const context: FieldContext = {
  wallOffset: { seconds: 999_999_000, nanos: 0 },
  extras: new Set(['ancestry', 'cgroup']),
  userName: (uid) => ({ 0: 'root', 1000: 'ada' })[uid],
};

/** Bytes that are not UTF-8. */
export const broken = (...bytes: readonly number[]): Text => ({
  text: new TextDecoder().decode(Uint8Array.from(bytes)),
  bytes: Uint8Array.from(bytes),
});

/** Everything a terminal must not get: C0, DEL, C1, line and paragraph separators, bidi and other format controls. */
export const HAZARDS: readonly string[] = [
  ...Array.from({ length: 32 }, (_, i) => String.fromCodePoint(i)),
  ...Array.from({ length: 33 }, (_, i) => String.fromCodePoint(0x7f + i)),
  ...'\u00ad\u061c\u200b\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff\u{e0001}',
  // Nothing to be seen, or a blank that is none: fillers, joiners, selectors, the empty Braille cell, blanks of other widths.
  ...'\u3164\u115f\u1160\uffa0\u034f\u17b4\u17b5\u180b\ufe0f\u{e0100}\u2800\u{1d159}\u00a0\u1680\u2003\u202f\u3000',
];

/** What of a text a terminal would take for more than characters to show; a newline ends a line of ours. */
export const rawHazards = (text: string): string[] =>
  [...text].filter((character) => character !== '\n' && HAZARDS.includes(character));

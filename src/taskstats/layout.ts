/**
 * THE table of what is read from `struct taskstats`: each field once, with its unit, the version that brought it, and its place. The
 * struct only ever grew at its end, except in version 15 (6.14), which put maxima and minima between the fields and was undone by the
 * next; it has the size of version 16, so the version decides and never the size.
 *
 * Source: linux/taskstats.h of the kernels from 2.6.33 (version 8) on.
 */

export interface FieldRow {
  readonly unit: 'ns' | 'µs' | 'KiB' | 'bytes' | 'count' | 'id' | 'flags' | 'text';
  readonly bytes: 1 | 4 | 8 | 32;
  /** Byte offset in every version but 15. */
  readonly offset: number;
  /** What version 15 adds to it. */
  readonly moved: number;
  /** The version that brought it. */
  readonly since: number;
}

const row = (offset: number, bytes: FieldRow['bytes'], unit: FieldRow['unit'], moved: number, since = 8): FieldRow => ({
  unit,
  bytes,
  offset,
  moved,
  since,
});

export const LAYOUT = {
  flag: row(8, 1, 'flags', 0),
  ioDelayNanos: row(40, 8, 'ns', 16),
  /** A lower bound: without the time since the last tick or sleep. */
  cpuNanos: row(72, 8, 'ns', 48),
  comm: row(80, 32, 'text', 48),
  uid: row(120, 4, 'id', 48),
  gid: row(124, 4, 'id', 48),
  tid: row(128, 4, 'id', 48),
  ppid: row(132, 4, 'id', 48),
  /** Of this thread; of a process the sum of its threads. */
  elapsedMicros: row(144, 8, 'µs', 48),
  /** In clock ticks really: 0 for most short lives. */
  userMicros: row(152, 8, 'µs', 48),
  systemMicros: row(160, 8, 'µs', 48),
  minorFaults: row(168, 8, 'count', 48),
  majorFaults: row(176, 8, 'count', 48),
  /** Of the memory that all threads share. */
  maxRssKib: row(200, 8, 'KiB', 48),
  /** Rounded down to 1024, for each thread. */
  readBytes: row(248, 8, 'bytes', 48),
  writeBytes: row(256, 8, 'bytes', 48),
  voluntarySwitches: row(272, 8, 'count', 48),
  involuntarySwitches: row(280, 8, 'count', 48),
  tgid: row(368, 4, 'id', 96, 12),
  /** Of the process that this thread belongs to. */
  processElapsedMicros: row(376, 8, 'µs', 96, 12),
  exeInode: row(392, 8, 'id', 96, 12),
} as const satisfies Record<string, FieldRow>;

export type FieldName = keyof typeof LAYOUT;
export const FIELD_NAMES = Object.keys(LAYOUT) as FieldName[];

/** Versions before this have another layout; none of them is younger than 2009. */
export const OLDEST_VERSION = 8;
const VERSION_WITH_MOVED_FIELDS = 15;

/** Byte offset of a field in the struct of this version and size; undefined where it is not in there. */
export function offsetOf(name: FieldName, version: number, size: number): number | undefined {
  const { offset, bytes, moved, since }: FieldRow = LAYOUT[name];
  if (version < Math.max(OLDEST_VERSION, since)) return undefined;
  const at = offset + (version === VERSION_WITH_MOVED_FIELDS ? moved : 0);
  return at + bytes <= size ? at : undefined;
}

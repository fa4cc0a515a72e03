/** How our programs' records spell what they have in common: times and names. Pure. */
import type { Moment } from '../process/moment.ts';
import { type Text, textOf } from '../process/text.ts';

const NANOS = 1_000_000_000;
/** 2^32 ns is this much: dividing the halves of a u64 apart spares a bigint, and is exact for four years of uptime. */
const HIGH = { seconds: 4, nanos: 294_967_296 } as const;

/** A u64 of nanoseconds. */
export function momentAt(view: DataView, offset: number): Moment {
  const high = view.getUint32(offset + 4, true);
  const nanos = high * HIGH.nanos + view.getUint32(offset, true);
  const seconds = Math.floor(nanos / NANOS);
  return { seconds: high * HIGH.seconds + seconds, nanos: nanos - seconds * NANOS };
}

export const COMM_BYTES = 16;

/** comm[16], ended by a NUL. */
export function commAt(bytes: Uint8Array, offset: number): Text {
  const field = bytes.subarray(offset, offset + COMM_BYTES);
  const end = field.indexOf(0);
  return textOf(end < 0 ? field : field.subarray(0, end));
}

/**
 * How our programs' records spell what they have in common: times, names and arguments. Pure. Texts are made the fast way where all
 * bytes are ASCII or UTF-8, which nearly all are: a decoder called for each short text costs more than all the rest of a record.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import type { Moment } from '../process/moment.ts';
import { parseCmdline } from '../process/procstat.ts';
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
  return fastText(end < 0 ? field : field.subarray(0, end));
}

const bufferOf = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export function fastText(bytes: Uint8Array): Text {
  return isAscii(bytes) ? bufferOf(bytes).toString('latin1') : textOf(bytes);
}

/** Arguments, each ended by a NUL; the last one may be cut. */
export function argsIn(bytes: Uint8Array): readonly Text[] {
  if (!isUtf8(bytes)) return parseCmdline(bytes);
  const args = bufferOf(bytes).toString('utf8').split('\0');
  if (args.at(-1) === '') args.pop();
  return args;
}

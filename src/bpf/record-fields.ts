/**
 * How our programs' records spell what they have in common: times, names and arguments. Pure. Texts are made from the letters of their bytes
 * where all of them are ASCII, which nearly all are: a decoder called for each short text costs more than all the rest of a record.
 */
import { isUtf8 } from 'node:buffer';
import type { Moment } from '../process/moment.ts';
import { parseCmdline } from '../process/procstat.ts';
import { type Text, textOf } from '../process/text.ts';

const NANOS = 1_000_000_000;
/** 2^32 ns is this much: dividing the halves of a u64 apart spares a bigint, and is exact for four years of uptime. */
const HIGH = { seconds: 4, nanos: 294_967_296 } as const;

/** A u64 of nanoseconds, by its halves. */
export function momentOf(high: number, low: number): Moment {
  const nanos = high * HIGH.nanos + low;
  const seconds = Math.floor(nanos / NANOS);
  return { seconds: high * HIGH.seconds + seconds, nanos: nanos - seconds * NANOS };
}

export function momentAt(view: DataView, offset: number): Moment {
  return momentOf(view.getUint32(offset + 4, true), view.getUint32(offset, true));
}

export const COMM_BYTES = 16;

export const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** The bytes from one place to another, one letter each (Latin 1). */
export const letters = (bytes: Buffer, from: number, to: number): string => bytes.toString('latin1', from, to);

/** comm[16], ended by a NUL. */
export function commAt(bytes: Buffer, offset: number): Text {
  const field = letters(bytes, offset, offset + COMM_BYTES);
  const end = field.indexOf('\0');
  return textFrom(end < 0 ? field : field.slice(0, end));
}

const ASCII = /^[\0-\x7f]*$/;

/** What bytes mean that came as letters. */
export function textFrom(text: string): Text {
  return ASCII.test(text) ? text : textOf(Buffer.from(text, 'latin1'));
}

/** Arguments, each ended by a NUL; the last one may be cut. */
export function argsFrom(text: string): readonly Text[] {
  if (!ASCII.test(text)) return decodedArgs(Buffer.from(text, 'latin1'));
  const args = text.split('\0');
  if (args[args.length - 1] === '') args.pop();
  return args;
}

function decodedArgs(bytes: Buffer): readonly Text[] {
  if (!isUtf8(bytes)) return parseCmdline(bytes);
  const args = bytes.toString('utf8').split('\0');
  if (args.at(-1) === '') args.pop();
  return args;
}

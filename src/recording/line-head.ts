/**
 * The head of a line as our own writer makes it, looked at as bytes: which event, and when. Most lines of a long recording are not asked
 * for, and to parse them all costs twenty times as much. A line that does not look like this is for the parser.
 */
import type { Moment } from '../process/moment.ts';

const bytesOf = (text: string): Buffer => Buffer.from(text, 'latin1');
const HEAD = bytesOf('{"v":1,"seq":');
const TIME = bytesOf(',"time":"');
const MONO = bytesOf('","mono_ns":"');
const EVENT = bytesOf('","event":"');
/** `2001-09-09T01:46:40.000000000Z` */
const TIME_BYTES = 30;
const QUOTE = 34;
const ZERO = 48;
const NINE = 57;
const CLOSING = 125;
const RETURN = 13;

function has(bytes: Buffer, at: number, expected: Buffer): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

function digitsFrom(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] >= ZERO && bytes[at] <= NINE) at++;
  return at;
}

/** Where the name of the event begins; -1 if this is no whole line of ours. */
export function eventAt(bytes: Buffer, from: number, to: number): number {
  const last = bytes[to - 1] === RETURN ? to - 2 : to - 1;
  if (bytes[last] !== CLOSING || !has(bytes, from, HEAD)) return -1;
  let at = digitsFrom(bytes, from + HEAD.length);
  if (!has(bytes, at, TIME)) return -1;
  at += TIME.length + TIME_BYTES;
  if (!has(bytes, at, MONO)) return -1;
  at = digitsFrom(bytes, at + MONO.length);
  if (!has(bytes, at, EVENT)) return -1;
  return at + EVENT.length < to ? at + EVENT.length : -1;
}

/** The bytes of a name as one number, to tell names apart without making texts of them: its length, its second, third and last byte. */
export function nameCode(bytes: Uint8Array, at: number): number {
  const end = bytes.indexOf(QUOTE, at);
  return (((((end - at) & 0x3f) << 8) | bytes[at + 1]) << 16) | (bytes[at + 2] << 8) | bytes[end - 1];
}

export const nameAt = (bytes: Buffer, at: number): string => bytes.toString('latin1', at, bytes.indexOf(QUOTE, at));

export const codeOf = (name: string): number => nameCode(bytesOf(`${name}"`), 0);

/** Of the bytes of a wall time, to the second. */
const number = (bytes: Buffer, at: number, digits: number): number => {
  let value = 0;
  for (let i = 0; i < digits; i++) value = value * 10 + bytes[at + i] - ZERO;
  return value;
};

let keptDay = Number.NaN;
let keptSeconds = 0;
const DAY_DIGITS = 8;
const NANO_DIGITS = 9;

/** The wall time of a line whose event's name begins at `event`. */
export function wallAt(bytes: Buffer, from: number): Moment {
  const at = digitsFrom(bytes, from + HEAD.length) + TIME.length;
  const day = number(bytes, at, 4) * 10_000 + number(bytes, at + 5, 2) * 100 + number(bytes, at + 8, 2);
  if (day !== keptDay) {
    keptDay = day;
    const text = String(day).padStart(DAY_DIGITS, '0');
    keptSeconds = Date.UTC(Number(text.slice(0, 4)), Number(text.slice(4, 6)) - 1, Number(text.slice(6))) / 1000;
  }
  const clock = number(bytes, at + 11, 2) * 3600 + number(bytes, at + 14, 2) * 60 + number(bytes, at + 17, 2);
  return { seconds: keptSeconds + clock, nanos: number(bytes, at + 20, NANO_DIGITS) };
}

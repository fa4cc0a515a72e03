/**
 * Numbers and plain texts as bytes: each function writes at a place that has room, and returns the place behind. Where speed is allowed to
 * look like work: no call into the engine, no object, no check of bounds.
 */
const ZERO = 48;
const POINT = 46;
const QUOTE = 34;
const BACKSLASH = 92;
const FIRST_PLAIN = 32;
const LAST_PLAIN = 126;
const INT32_MAX = 2 ** 31 - 1;
const BILLION = 1e9;
const BILLION_DIGITS = 9;

/** Up to here a loop copies faster than the call that would do it. */
const LOOP_BYTES = 24;

export function putBytes(into: Uint8Array, at: number, source: Uint8Array): number {
  const { length } = source;
  if (length > LOOP_BYTES) into.set(source, at);
  else for (let i = 0; i < length; i++) into[at + i] = source[i];
  return at + length;
}

/** A short text that is known to be ASCII. */
export function putAscii(into: Uint8Array, at: number, text: string): number {
  const { length } = text;
  for (let i = 0; i < length; i++) into[at + i] = text.charCodeAt(i);
  return at + length;
}

/** A text in quotes, if all of it may stand in JSON and on a terminal as it is; else writes nothing that counts, and returns -1. */
export function putIfPlain(into: Uint8Array, at: number, text: string): number {
  const { length } = text;
  into[at] = QUOTE;
  for (let i = 0; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code < FIRST_PLAIN || code > LAST_PLAIN || code === QUOTE || code === BACKSLASH) return -1;
    into[at + 1 + i] = code;
  }
  into[at + 1 + length] = QUOTE;
  return at + length + 2;
}

/** The lowest `count` digits of a whole number below 2^31, zeros in front. */
export function putDigits(into: Uint8Array, at: number, value: number, count: number): number {
  let rest = value | 0;
  for (let place = at + count - 1; place >= at; place--) {
    const next = (rest / 10) | 0;
    into[place] = ZERO + (rest - next * 10);
    rest = next;
  }
  return at + count;
}

/** A whole number from 0 up to 2^53. */
export function putInteger(into: Uint8Array, at: number, value: number): number {
  if (value > INT32_MAX) {
    const high = Math.floor(value / BILLION);
    return putDigits(into, putInteger(into, at, high), value - high * BILLION, BILLION_DIGITS);
  }
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  return putDigits(into, at, value, digits);
}

const MILLION = 1e6;

/** A number of millionths as a decimal number; zeros at the end are left out. */
export function putMillionths(into: Uint8Array, at: number, millionths: number): number {
  const micros = Math.round(millionths);
  const whole = Math.floor(micros / MILLION);
  const behind = putInteger(into, at, whole);
  let rest = micros - whole * MILLION;
  if (rest === 0) return behind;
  let places = 6;
  for (; rest % 10 === 0; rest /= 10) places--;
  into[behind] = POINT;
  return putDigits(into, behind + 1, rest, places);
}

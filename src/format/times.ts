/** Moments and durations as text. Seconds are formatted once and kept, since thousands of events share them. */
import type { Moment } from '../process/moment.ts';
import type { LineBuffer } from './line-buffer.ts';

const pad9 = (nanos: number): string => String(nanos).padStart(9, '0');

/** Of the latest events, and of births up to this many seconds before: each has its place by the lowest bits of the second. A power of two. */
const KEPT_SECONDS = 64;
const utcTexts: { second: number; text: string }[] = Array.from({ length: KEPT_SECONDS }, () => ({
  second: Number.NaN,
  text: '',
}));

/** RFC 3339 up to the point behind the second. */
export function utcSecondOf(seconds: number): string {
  const kept = utcTexts[seconds & (KEPT_SECONDS - 1)];
  if (seconds !== kept.second) {
    kept.second = seconds;
    kept.text = new Date(seconds * 1000).toISOString().slice(0, -'000Z'.length);
  }
  return kept.text;
}

/** RFC 3339 in UTC with nine decimals. */
export function utcTime(wall: Moment): string {
  return `${utcSecondOf(wall.seconds)}${pad9(wall.nanos)}Z`;
}

const NANOS = 1_000_000_000;
const NANO_DIGITS = 9;
const ZULU = 'Z'.charCodeAt(0);

/** The same of a moment on a clock that is `offset` behind, straight into a buffer. */
export function putUtcTime(at: Moment, offset: Moment, out: LineBuffer): void {
  const nanos = at.nanos + offset.nanos;
  const carry = nanos < NANOS ? 0 : 1;
  out.ascii(utcSecondOf(at.seconds + offset.seconds + carry));
  out.digits(nanos - carry * NANOS, NANO_DIGITS);
  out.byte(ZULU);
}

let localSecond = Number.NaN;
let localText = '';

const pad2 = (n: number): string => String(n).padStart(2, '0');

/** Local time of day with milliseconds. */
export function localTime(wall: Moment): string {
  if (wall.seconds !== localSecond) {
    localSecond = wall.seconds;
    const date = new Date(wall.seconds * 1000);
    localText = `${pad2(date.getHours())}:${pad2(date.getMinutes())}:${pad2(date.getSeconds())}`;
  }
  return `${localText}.${String(Math.floor(wall.nanos / 1e6)).padStart(3, '0')}`;
}

/** Nanoseconds of the monotonic clock as digits: a JSON number would be exact for 104 days only. */
export function monotonicNanos(at: Moment): string {
  return at.seconds === 0 ? String(at.nanos) : `${at.seconds}${pad9(at.nanos)}`;
}

export function putMonotonicNanos(at: Moment, out: LineBuffer): void {
  if (at.seconds === 0) return out.integer(at.nanos);
  out.integer(at.seconds);
  out.digits(at.nanos, NANO_DIGITS);
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Three figures at the most: `840µs`, `7.10ms`, `3.42s`, `12m05s`, `3h07m`, `9d04h`. */
export function humanDuration(seconds: number): string {
  const micros = Math.round(seconds * 1e6);
  if (micros < 1000) return `${micros}µs`;
  if (seconds < LEAST_AS_SECONDS) return `${significant(seconds * 1e3)}ms`;
  if (seconds < LEAST_AS_MINUTE) return `${significant(seconds)}s`;
  const whole = Math.max(Math.floor(seconds), MINUTE);
  if (whole < HOUR) return `${Math.floor(whole / MINUTE)}m${pad2(whole % MINUTE)}s`;
  if (whole < DAY) return `${Math.floor(whole / HOUR)}h${pad2(Math.floor((whole % HOUR) / MINUTE))}m`;
  return `${Math.floor(whole / DAY)}d${pad2(Math.floor((whole % DAY) / HOUR))}h`;
}

/** What would be rounded up to the next unit is shown in it. */
const LEAST_AS_SECONDS = 0.9995;
const LEAST_AS_MINUTE = 59.95;

function significant(value: number): string {
  if (value >= 99.95) return value.toFixed(0);
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

const NO_DIGITS = /\D/;
/** Of 2^64 nanoseconds. */
const MOST_DIGITS = 20;

/** The moment that `monotonicNanos` wrote; undefined for what it never writes. */
export function monotonicMoment(text: unknown): Moment | undefined {
  if (typeof text !== 'string' || text === '' || text.length > MOST_DIGITS || NO_DIGITS.test(text)) return undefined;
  return { seconds: Number(text.slice(0, -NANO_DIGITS)), nanos: Number(text.slice(-NANO_DIGITS)) };
}

const UTC = /^(\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d)\.(\d{9})Z$/;
let readText = '';
let readSecond = Number.NaN;

/** The moment that `utcTime` wrote, as seconds since 1970; undefined for what it never writes. */
export function wallMoment(text: unknown): Moment | undefined {
  const [, second, nanos] = (typeof text === 'string' && UTC.exec(text)) || [];
  if (second === undefined) return undefined;
  if (second !== readText) {
    readText = second;
    readSecond = Date.parse(`${second}Z`) / 1000;
  }
  return Number.isNaN(readSecond) ? undefined : { seconds: readSecond, nanos: Number(nanos) };
}

/** Points in time of a recording as people type them, and which moment of the wall clock each of them means. Pure. */
import { Failure } from '../errors.ts';
import { compareMoments, type Moment } from '../process/moment.ts';
import { readTime } from './values.ts';

export type PointInTime =
  | { readonly kind: 'moment'; readonly at: Moment }
  | { readonly kind: 'before end'; readonly seconds: number }
  /** Local time of day, in seconds. */
  | { readonly kind: 'clock'; readonly seconds: number };

const CLOCK = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/;
const DATE = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(:\d\d)?(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?$/i;
const NANO_DIGITS = 9;

export function readPointInTime(flag: string, text: string): PointInTime {
  if (text.startsWith('-')) return { kind: 'before end', seconds: readTime(flag, text.slice(1)) / 1000 };
  const clock = CLOCK.exec(text);
  if (clock !== null) {
    const [, hours, minutes, seconds = '0'] = clock;
    return { kind: 'clock', seconds: Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds) };
  }
  const at = momentOf(text);
  if (at !== undefined) return { kind: 'moment', at };
  throw new Failure(
    'usage',
    `${flag}: "${text}" is not valid`,
    'expected 03:00, a date such as 2026-11-27T03:00:00Z, or -2h for two hours before the end of the recording',
  );
}

/** RFC 3339; without a zone it is local time. */
function momentOf(text: string): Moment | undefined {
  const [, day, minute, second = ':00', fraction = '0', zone = ''] = DATE.exec(text) ?? [];
  if (day === undefined) return undefined;
  const milliseconds = Date.parse(`${day}T${minute}${second}${zone.toUpperCase()}`);
  return Number.isNaN(milliseconds)
    ? undefined
    : { seconds: milliseconds / 1000, nanos: Number(fraction.padEnd(NANO_DIGITS, '0')) };
}

/** From then and until then, both included. */
export interface Window {
  readonly since: Moment | undefined;
  readonly until: Moment | undefined;
}

/** Whether the end of the recording has to be known to say which moment is meant. */
export const needsEnd = (...points: readonly (PointInTime | undefined)[]): boolean =>
  points.some((point) => point !== undefined && point.kind !== 'moment');

const DAY_HOURS = 24;

/** That time of day, on the day of `of` or on one a few days from it. */
function onDay(of: Moment, seconds: number, days: number): Moment {
  const date = new Date(of.seconds * 1000);
  date.setHours(days * DAY_HOURS, 0, 0, 0);
  date.setHours(Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60), seconds % 60, 0);
  return { seconds: date.getTime() / 1000, nanos: 0 };
}

function lastBefore(end: Moment, seconds: number): Moment {
  const today = onDay(end, seconds, 0);
  return compareMoments(today, end) <= 0 ? today : onDay(end, seconds, -1);
}

function nextAfter(start: Moment, seconds: number): Moment {
  const today = onDay(start, seconds, 0);
  return compareMoments(today, start) >= 0 ? today : onDay(start, seconds, 1);
}

function before(end: Moment, seconds: number): Moment {
  const whole = Math.floor(seconds);
  const nanos = end.nanos - Math.round((seconds - whole) * 1e9);
  return nanos < 0 ? { seconds: end.seconds - whole - 1, nanos: nanos + 1e9 } : { seconds: end.seconds - whole, nanos };
}

/** @param end of the recording, on the wall clock; needed as `needsEnd` says */
export function windowOf(
  since: PointInTime | undefined,
  until: PointInTime | undefined,
  end: Moment | undefined,
): Window {
  const from = since && momentIn(since, end);
  const isNext = until?.kind === 'clock' && from !== undefined;
  const to = until && (isNext ? nextAfter(from, until.seconds) : momentIn(until, end));
  if (from !== undefined && to !== undefined && compareMoments(from, to) > 0) {
    throw new Failure('usage', '--until is before --since');
  }
  return { since: from, until: to };
}

export function momentIn(point: PointInTime, end: Moment | undefined): Moment {
  if (point.kind === 'moment') return point.at;
  if (end === undefined) {
    throw new Failure('usage', 'nobody knows yet when this recording ends', 'say the time with its date');
  }
  return point.kind === 'clock' ? lastBefore(end, point.seconds) : before(end, point.seconds);
}

export const isWithin = ({ since, until }: Window, wall: Moment): boolean =>
  (since === undefined || compareMoments(wall, since) >= 0) &&
  (until === undefined || compareMoments(wall, until) <= 0);

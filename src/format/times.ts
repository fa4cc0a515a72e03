/** Moments and durations as text. The second is formatted once and kept, since thousands of events share it. */
import type { Moment } from '../process/moment.ts';

const pad9 = (nanos: number): string => String(nanos).padStart(9, '0');

let utcSecond = Number.NaN;
let utcText = '';

/** RFC 3339 in UTC with nine decimals. */
export function utcTime(wall: Moment): string {
  if (wall.seconds !== utcSecond) {
    utcSecond = wall.seconds;
    utcText = new Date(wall.seconds * 1000).toISOString().slice(0, -'000Z'.length);
  }
  return `${utcText}${pad9(wall.nanos)}Z`;
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

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Three figures at the most: `840µs`, `7.1ms`, `3.42s`, `12m05s`, `3h07m`, `9d04h`. */
export function humanDuration(seconds: number): string {
  if (seconds < 0.001) return `${Math.round(seconds * 1e6)}µs`;
  if (seconds < 1) return `${significant(seconds * 1e3)}ms`;
  if (seconds < MINUTE) return `${significant(seconds)}s`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m${pad2(Math.floor(seconds % MINUTE))}s`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h${pad2(Math.floor((seconds % HOUR) / MINUTE))}m`;
  return `${Math.floor(seconds / DAY)}d${pad2(Math.floor((seconds % DAY) / HOUR))}h`;
}

function significant(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toFixed(2);
}

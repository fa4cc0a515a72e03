/** Moments as they are typed: before now, a time of today, or a date. */
import { Failure } from '../errors.ts';
import { readTime } from './values.ts';

/** Milliseconds since 1970, once it is known when now is. */
export type TypedMoment = (nowMs: number) => number;

const DAY_MS = 86_400_000;

/** `03:12` or `03:12:30`, local: the last time it was so late. */
function lastTimeOfDay(hours: number, minutes: number, seconds: number, nowMs: number): number {
  const at = new Date(nowMs);
  at.setHours(hours, minutes, seconds, 0);
  return at.getTime() > nowMs ? at.getTime() - DAY_MS : at.getTime();
}

/** `-10m`, `03:12`, or RFC 3339. */
export function readMoment(flag: string, text: string): TypedMoment {
  if (text.startsWith('-')) {
    const before = readTime(flag, text.slice(1));
    return (nowMs) => nowMs - before;
  }
  const [, hours, minutes, seconds = '0'] = /^([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?$/.exec(text) ?? [];
  if (hours !== undefined) return (nowMs) => lastTimeOfDay(Number(hours), Number(minutes), Number(seconds), nowMs);
  const date = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/.test(text)
    ? Date.parse(text)
    : Number.NaN;
  if (!Number.isNaN(date)) return () => date;
  throw new Failure('usage', `${flag}: "${text}" is no moment`, 'expected -10m, 03:12, or 2026-11-27T03:12:00Z');
}

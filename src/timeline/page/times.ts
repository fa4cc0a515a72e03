/** Moments on the axis: where the ticks stand, and how times are written. Times are microseconds after the beginning. */
import { scaleLinear, scaleUtc } from 'd3-scale';
import { humanDuration } from '../../format/times.ts';

const MICROS = 1e6;
const MILLI = 1000;
/** From here on ticks stand at seconds, minutes and hours as a clock has them. */
const CLOCK_FROM_MICROS = 10 * MICROS;
const MINUTE = 60;
const HOUR = 60 * MINUTE;

export const duration = (micros: number): string => humanDuration(Math.max(0, micros) / MICROS);

export function ticks(from: number, to: number, count: number): number[] {
  if (to - from < CLOCK_FROM_MICROS) return scaleLinear([from, to], [0, 1]).ticks(count);
  const clock = scaleUtc([new Date(from / MILLI), new Date(to / MILLI)], [0, 1]);
  return clock.ticks(count).map((date) => date.getTime() * MILLI);
}

const two = (n: number): string => String(n).padStart(2, '0');

/** `1.5 s`, `250 ms`, `1:30`, `2:05:00`: all ticks of one axis in the same unit. */
export function tickText(micros: number, step: number): string {
  if (micros === 0) return '0';
  if (Math.abs(micros) < MICROS && step < MICROS / 10) {
    return step < MILLI ? `${trimmed(micros)} µs` : `${trimmed(micros / MILLI)} ms`;
  }
  const seconds = micros / MICROS;
  if (Math.abs(seconds) < MINUTE || step < MICROS) return `${trimmed(seconds)} s`;
  const whole = Math.round(Math.abs(seconds));
  const sign = seconds < 0 ? '−' : '';
  const [hours, minutes] = [Math.floor(whole / HOUR), Math.floor((whole % HOUR) / MINUTE)];
  return hours > 0
    ? `${sign}${hours}:${two(minutes)}:${two(whole % MINUTE)}`
    : `${sign}${minutes}:${two(whole % MINUTE)}`;
}

/** Without the tail that a fraction has in binary. */
const trimmed = (value: number): string => String(Number(value.toPrecision(12)));

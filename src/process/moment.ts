/**
 * Points on the kernel's monotonic clock as two numbers, because one float is exact to the nanosecond for 104 days only.
 */
export interface Moment {
  readonly seconds: number;
  /** 0 … 999,999,999 */
  readonly nanos: number;
}

const NANOS = 1_000_000_000;

export function compareMoments(a: Moment, b: Moment): number {
  return a.seconds - b.seconds || a.nanos - b.nanos;
}

export function secondsBetween(from: Moment, to: Moment): number {
  return to.seconds - from.seconds + (to.nanos - from.nanos) / NANOS;
}

export function plus(a: Moment, b: Moment): Moment {
  const nanos = a.nanos + b.nanos;
  return nanos < NANOS
    ? { seconds: a.seconds + b.seconds, nanos }
    : { seconds: a.seconds + b.seconds + 1, nanos: nanos - NANOS };
}

export function minus(a: Moment, b: Moment): Moment {
  const nanos = a.nanos - b.nanos;
  return nanos >= 0
    ? { seconds: a.seconds - b.seconds, nanos }
    : { seconds: a.seconds - b.seconds - 1, nanos: nanos + NANOS };
}

/** The clocks procwatch compares. */
export interface Clocks {
  /** CLOCK_MONOTONIC now: the events' clock. */
  readonly monotonic: Moment;
  /** CLOCK_REALTIME minus CLOCK_MONOTONIC. */
  readonly wallOffset: Moment;
  /** CLOCK_BOOTTIME minus CLOCK_MONOTONIC: the time spent suspended. */
  readonly bootOffset: Moment;
}

/** /proc tells start times in ticks of CLOCK_BOOTTIME; USER_HZ is 100 on every machine Node runs on. */
const TICKS_PER_SECOND = 100;

/** Of a moment on CLOCK_BOOTTIME, as /proc rounds it. */
export const ticksOf = ({ seconds, nanos }: Moment): number =>
  seconds * TICKS_PER_SECOND + Math.floor(nanos / (NANOS / TICKS_PER_SECOND));

export function momentOfTicks(ticks: number, bootOffset: Moment): Moment {
  const seconds = Math.floor(ticks / TICKS_PER_SECOND);
  return minus({ seconds, nanos: (ticks % TICKS_PER_SECOND) * (NANOS / TICKS_PER_SECOND) }, bootOffset);
}

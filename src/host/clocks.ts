/** The kernel's clocks, side by side. Source: clock_gettime(2). */

import { clockGettime, WORD_BYTES } from '../linux/libc.ts';
import { monotonicMs } from '../linux/monotonic.ts';
import { type Clocks, type Moment, minus, secondsBetween } from '../process/moment.ts';

const CLOCK_REALTIME = 0;
const CLOCK_MONOTONIC = 1;
const CLOCK_BOOTTIME = 7;

/** `struct timespec`: two longs. */
const timespec = new Uint8Array(2 * WORD_BYTES);
const longs = WORD_BYTES === 8 ? new BigInt64Array(timespec.buffer) : new Int32Array(timespec.buffer);

function read(clock: number): Moment {
  clockGettime(clock, timespec);
  return { seconds: Number(longs[0]), nanos: Number(longs[1]) };
}

/** Calls once when so much time has passed, unless it is cancelled before. */
export function onceIn(milliseconds: number, act: () => void): { cancel(): void } {
  const timer = setTimeout(act, milliseconds);
  return { cancel: () => clearTimeout(timer) };
}

/** Two reads take some nanoseconds: a difference this small is no step of the clock, and must not move the times already told. */
const NO_STEP_SECONDS = 100e-6;
/** The clock that Node reads cheaply counts milliseconds. */
const NO_STEP_MS = 2;
const REREAD_MS = 1000;

/** Every batch asks, so they are kept: the offsets change only when somebody sets the clock, or the machine was suspended. */
let kept: { readonly clocks: Clocks; readonly offsetMs: number; readonly untilMs: number } | undefined;

const steady = (before: Moment | undefined, now: Moment): Moment =>
  before !== undefined && Math.abs(secondsBetween(before, now)) <= NO_STEP_SECONDS ? before : now;

function readClocks(): Clocks {
  const monotonic = read(CLOCK_MONOTONIC);
  return {
    wallOffset: steady(kept?.clocks.wallOffset, minus(read(CLOCK_REALTIME), monotonic)),
    bootOffset: steady(kept?.clocks.bootOffset, minus(read(CLOCK_BOOTTIME), monotonic)),
    get monotonic() {
      return read(CLOCK_MONOTONIC);
    },
  };
}

export function clocks(): Clocks {
  const nowMs = monotonicMs();
  const offsetMs = Date.now() - nowMs;
  if (kept === undefined || nowMs > kept.untilMs || Math.abs(offsetMs - kept.offsetMs) > NO_STEP_MS) {
    kept = { clocks: readClocks(), offsetMs, untilMs: nowMs + REREAD_MS };
  }
  return kept.clocks;
}

/** The kernel's clocks, side by side. Source: clock_gettime(2). */

import { clockGettime, WORD_BYTES } from '../linux/libc.ts';
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

/** Two reads take some nanoseconds: a difference this small is no step of the clock, and must not move the times already told. */
const NO_STEP_SECONDS = 100e-6;
let wallOffset: Moment | undefined;

/** Each clock is read when it is first asked for: most batches need one of them at the most. */
class Reading implements Clocks {
  private wall: Moment | undefined;
  private boot: Moment | undefined;

  get monotonic(): Moment {
    return read(CLOCK_MONOTONIC);
  }

  get wallOffset(): Moment {
    this.wall ??= steady(minus(read(CLOCK_REALTIME), read(CLOCK_MONOTONIC)));
    return this.wall;
  }

  get bootOffset(): Moment {
    this.boot ??= minus(read(CLOCK_BOOTTIME), read(CLOCK_MONOTONIC));
    return this.boot;
  }
}

function steady(wall: Moment): Moment {
  if (wallOffset === undefined || Math.abs(secondsBetween(wallOffset, wall)) > NO_STEP_SECONDS) wallOffset = wall;
  return wallOffset;
}

export const clocks = (): Clocks => new Reading();

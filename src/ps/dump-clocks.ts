/** The moment of a snapshot, and how its times become those of the wall. Pure. */
import { type Clocks, type Moment, minus, plus, secondsBetween } from '../process/moment.ts';

const TICKS_PER_SECOND = 100;
const ZERO = { seconds: 0, nanos: 0 };

/** The two clocks are read one after the other: what is finer would differ from one snapshot to the next. */
export function toMillisecond({ seconds, nanos }: Moment): Moment {
  const millis = Math.round(nanos / 1e6);
  return millis < 1000 ? { seconds, nanos: millis * 1e6 } : { seconds: seconds + 1, nanos: 0 };
}

export const dumpClocks = ({ monotonic, wallOffset, bootOffset }: Clocks) => ({
  nowTicks: Math.floor(secondsBetween(ZERO, plus(monotonic, bootOffset)) * TICKS_PER_SECOND),
  wallOffset: toMillisecond(minus(wallOffset, bootOffset)),
  bootOffset: toMillisecond(bootOffset),
});

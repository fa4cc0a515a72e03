/**
 * Puts lives on lanes so that what is on one lane nests: a life shares the lane of its parent where it lies within it and beside no
 * sibling there, and otherwise takes the first lane that is free. Pure.
 */
import type { Spans } from './spans.ts';

/** The lane of each life, from 0 up; `spans` must be in the order of birth, parents first. */
export function lanesOf({ count, from, to, parent }: Spans): Uint32Array {
  const lanes = new Uint32Array(count);
  /** The lives that a lane is in, the outermost first. */
  const open: number[][] = [];
  const free = new FreeLanes();
  for (let place = 0; place < count; place++) {
    const above = parent[place];
    const shared = above < 0 ? undefined : open[lanes[above]];
    closeEnded(shared, to, from[place]);
    const nests = shared !== undefined && shared[shared.length - 1] === above && to[place] <= to[above];
    const lane = nests ? lanes[above] : free.take(from[place], to[place]);
    if (!nests) open[lane] = [];
    open[lane].push(place);
    lanes[place] = lane;
  }
  return lanes;
}

function closeEnded(stack: number[] | undefined, to: Float64Array, now: number): void {
  while (stack !== undefined && stack.length > 0 && to[stack[stack.length - 1]] <= now) stack.pop();
}

/** Until when each lane is taken: by the life at its bottom, which holds all others on it. */
class FreeLanes {
  private readonly until: number[] = [];

  take(from: number, to: number): number {
    const found = this.until.findIndex((time) => time <= from);
    const lane = found < 0 ? this.until.length : found;
    // A life without length still takes its moment.
    this.until[lane] = to > from ? to : from + 1;
    return lane;
  }
}

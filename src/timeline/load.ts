/**
 * How many processes ran at each moment, and how much CPU they used. A process runs while it lives and has no living child of its own:
 * one that waits for another is not counted beside it. What it used is known for its whole life only, so it is spread: first over the
 * time it ran, as far as one CPU reaches, and the rest evenly over its life. Pure; the page uses it too.
 */
import type { Spans } from './spans.ts';

/** Constant from each time to the next; the last ones are 0. */
export interface Load {
  readonly times: Float64Array;
  readonly running: Float64Array;
  /** CPUs in use. */
  readonly cpu: Float64Array;
}

/** A change at a moment, as the sweep goes through time. */
interface Visitor {
  /** The process runs in this time. */
  ran?(place: number, from: number, to: number): void;
  /** All that happened at this moment is done; so many run now. */
  at?(time: number, running: number): void;
  born?(place: number): void;
  died?(place: number): void;
  /** It begins to run, or stops. */
  runs?(place: number, runs: boolean): void;
}

/** Goes through births and ends in the order of time. Lives that were there before are passed over. */
export function sweep({ count, from, to, parent, within }: Spans, visit: Visitor): void {
  const places = Uint32Array.from({ length: count }, (_, place) => place).filter((place) => within[place] === 1);
  const births = places.slice().sort((a, b) => from[a] - from[b] || a - b);
  const ends = places.slice().sort((a, b) => to[a] - to[b] || b - a);
  const kids = new Uint32Array(count);
  /** Since when it has run; NaN while it does not. */
  const since = new Float64Array(count).fill(Number.NaN);
  const alive = new Uint8Array(count);
  let running = 0;
  const start = (place: number, time: number): void => {
    since[place] = time;
    running++;
    visit.runs?.(place, true);
  };
  const stop = (place: number, time: number): void => {
    if (Number.isNaN(since[place])) return;
    if (time > since[place]) visit.ran?.(place, since[place], time);
    since[place] = Number.NaN;
    running--;
    visit.runs?.(place, false);
  };
  for (let b = 0, e = 0; e < ends.length; ) {
    const isBirth = b < births.length && from[births[b]] <= to[ends[e]];
    const place = isBirth ? births[b++] : ends[e++];
    const time = isBirth ? from[place] : to[place];
    const above = parent[place];
    if (isBirth) {
      alive[place] = 1;
      visit.born?.(place);
      if (above >= 0 && alive[above] === 1 && kids[above]++ === 0) stop(above, time);
      start(place, time);
    } else {
      alive[place] = 0;
      stop(place, time);
      visit.died?.(place);
      if (above >= 0 && kids[above] > 0 && --kids[above] === 0 && alive[above] === 1) start(above, time);
    }
    const next = Math.min(b < births.length ? from[births[b]] : Infinity, e < ends.length ? to[ends[e]] : Infinity);
    if (next > time) visit.at?.(time, running);
  }
}

/** CPUs each process used: while it ran, and besides all its life long. */
function ratesOf(spans: Spans): { whileRunning: Float64Array; always: Float64Array } {
  const { count, from, to, cpu } = spans;
  const ran = new Float64Array(count);
  sweep(spans, { ran: (place, since, until) => (ran[place] += until - since) });
  const whileRunning = new Float64Array(count);
  const always = new Float64Array(count);
  for (let place = 0; place < count; place++) {
    if (Number.isNaN(cpu[place])) continue;
    const share = Math.min(cpu[place], ran[place]);
    if (share > 0) whileRunning[place] = share / ran[place];
    const life = to[place] - from[place];
    if (life > 0) always[place] = (cpu[place] - share) / life;
  }
  return { whileRunning, always };
}

export function loadOf(spans: Spans): Load {
  const { whileRunning, always } = ratesOf(spans);
  const times: number[] = [];
  const running: number[] = [];
  const cpu: number[] = [];
  let used = 0;
  sweep(spans, {
    born: (place) => (used += always[place]),
    died: (place) => (used -= always[place]),
    runs: (place, runs) => (used += runs ? whileRunning[place] : -whileRunning[place]),
    at: (time, now) => {
      times.push(time);
      running.push(now);
      // Sums of fractions that cancel out leave a trace.
      cpu.push(now === 0 ? 0 : Math.max(0, used));
    },
  });
  return { times: Float64Array.from(times), running: Float64Array.from(running), cpu: Float64Array.from(cpu) };
}

/** A series as its integral over time, so that the average of any stretch is two look-ups. */
export class Integral {
  private readonly times: Float64Array;
  private readonly values: Float64Array;
  private readonly sums: Float64Array;

  constructor(times: Float64Array, values: Float64Array) {
    this.times = times;
    this.values = values;
    this.sums = new Float64Array(times.length);
    for (let i = 1; i < times.length; i++) this.sums[i] = this.sums[i - 1] + values[i - 1] * (times[i] - times[i - 1]);
  }

  /** From the beginning to this moment. */
  until(time: number): number {
    const { times, values, sums } = this;
    if (times.length === 0 || time <= times[0]) return 0;
    let low = 0;
    for (let high = times.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if (times[middle] <= time) low = middle;
      else high = middle;
    }
    return sums[low] + values[low] * (time - times[low]);
  }

  average(from: number, to: number): number {
    return to > from ? (this.until(to) - this.until(from)) / (to - from) : 0;
  }
}

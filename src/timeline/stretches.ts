/** Stretches of time in which at most half of the CPUs were used, and what ran then. Pure. */
import { Integral, type Load, sweep } from './load.ts';
import type { Spans } from './spans.ts';

export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** CPUs in use, on average. */
  readonly used: number;
  /** Places of the lives that ran then, with the part of the stretch in which they did; the one that ran most first. */
  readonly ran: readonly { readonly place: number; readonly share: number }[];
}

/** The time is looked at in so many parts; what is shorter than some of them is no stretch. */
const PARTS = 400;
const LEAST_PARTS = 4;
/** So short a part in between that is used better does not end a stretch. */
const GAP_PARTS = 1;
const MOST = 5;
/** Shorter ones are told by no clock on the wall. */
const LEAST_NANOS = 10e6;

export interface Window {
  readonly from: number;
  readonly to: number;
}

/** The longest ones, in the order of time. `measure` is the series that tells what was used. */
export function idleStretches(
  spans: Spans,
  load: Load,
  measure: 'running' | 'cpu',
  cpus: number,
  window: Window,
): Stretch[] {
  const used = new Integral(load.times, load[measure]);
  const part = (window.to - window.from) / PARTS;
  const found = lowRuns(PARTS, (i) => used.average(window.from + i * part, window.from + (i + 1) * part) <= cpus / 2)
    .map(([first, last]) => ({ from: window.from + first * part, to: window.from + (last + 1) * part }))
    .filter(({ from, to }) => to - from >= Math.max(LEAST_PARTS * part, LEAST_NANOS))
    .sort((a, b) => b.to - b.from - (a.to - a.from))
    .slice(0, MOST)
    .sort((a, b) => a.from - b.from);
  return withWhatRan(spans, found, used);
}

/** First and last of each run of parts that are low. */
function lowRuns(parts: number, isLow: (part: number) => boolean): [number, number][] {
  const runs: [number, number][] = [];
  for (let i = 0; i < parts; i++) {
    if (!isLow(i)) continue;
    const last = runs[runs.length - 1];
    if (last !== undefined && i - last[1] <= 1 + GAP_PARTS) last[1] = i;
    else runs.push([i, i]);
  }
  return runs;
}

function withWhatRan(spans: Spans, windows: readonly Window[], used: Integral): Stretch[] {
  const times = windows.map(() => new Map<number, number>());
  sweep(spans, {
    ran: (place, since, until) => {
      windows.forEach(({ from, to }, i) => {
        const overlap = Math.min(until, to) - Math.max(since, from);
        if (overlap > 0) times[i].set(place, (times[i].get(place) ?? 0) + overlap);
      });
    },
  });
  return windows.map(({ from, to }, i) => ({
    from,
    to,
    used: used.average(from, to),
    ran: [...times[i]].sort(([, a], [, b]) => b - a).map(([place, time]) => ({ place, share: time / (to - from) })),
  }));
}

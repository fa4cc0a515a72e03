/** Lives as columns of numbers: what the sums over time need of them, and what the page has of them too. */
import { isWithin, type Timeline } from './life.ts';

export interface Spans {
  readonly count: number;
  readonly from: Float64Array;
  readonly to: Float64Array;
  /** Place of the parent; -1 for roots. */
  readonly parent: Int32Array;
  /** CPU time in nanoseconds; NaN where it is unknown. */
  readonly cpu: Float64Array;
  /** 1 for those born within the recording. */
  readonly within: Uint8Array;
}

export function spansOf({ lives }: Pick<Timeline, 'lives'>): Spans {
  const places = new Map(lives.map((life, place) => [life, place]));
  const count = lives.length;
  return {
    count,
    from: Float64Array.from(lives, ({ from }) => from),
    to: Float64Array.from(lives, ({ to }) => to),
    parent: Int32Array.from(lives, ({ parent }) => (parent && places.get(parent)) ?? -1),
    cpu: Float64Array.from(lives, ({ usage }) => usage?.cpuNanos ?? Number.NaN),
    within: Uint8Array.from(lives, (life) => (isWithin(life) ? 1 : 0)),
  };
}

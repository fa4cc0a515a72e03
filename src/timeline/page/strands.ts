/**
 * Several lives in one bar, in thin strands above each other where they were at the same time: so one that took longer than all others is
 * seen without unfolding them.
 */
import type { Model } from './model.ts';

export interface Strands {
  readonly count: number;
  /** Of each life, in the order of the box. */
  readonly of: Uint8Array;
}

/** More would be too thin to be seen; what has no strand of its own shares the one that is free the soonest. */
const MOST = 5;

/** @param lives in the order of their births */
export function strandsOf({ from, to }: Pick<Model, 'from' | 'to'>, lives: readonly number[]): Strands {
  const until: number[] = [];
  const of = Uint8Array.from(lives, (place) => {
    let strand = until.findIndex((time) => time <= from[place]);
    if (strand < 0 && until.length < MOST) strand = until.length;
    if (strand < 0) strand = until.indexOf(Math.min(...until));
    until[strand] = Math.max(until[strand] ?? 0, to[place]);
    return strand;
  });
  return { count: Math.max(1, until.length), of };
}

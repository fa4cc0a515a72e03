/**
 * Quantiles of durations in bounded memory: counts of logarithmic steps, so that any quantile is within two percent of the truth however
 * many durations there were. Pure.
 *
 * After C. Masson, J. Rim, H. Lee: DDSketch (VLDB 2019).
 */

const STEP = 1.04;
const LOG_STEP = Math.log(STEP);
/** A microsecond is the shortest, a thousand days the longest: 800 steps between them. */
const SHORTEST = 1e-6;
const LONGEST = 1e8;

export class DurationSketch {
  private readonly counts = new Map<number, number>();
  private total = 0;
  private longest = 0;

  add(seconds: number): void {
    const step = Math.ceil(Math.log(Math.min(LONGEST, Math.max(SHORTEST, seconds))) / LOG_STEP);
    this.counts.set(step, (this.counts.get(step) ?? 0) + 1);
    this.total++;
    this.longest = Math.max(this.longest, seconds);
  }

  merge(other: DurationSketch): void {
    for (const [step, count] of other.counts) this.counts.set(step, (this.counts.get(step) ?? 0) + count);
    this.total += other.total;
    this.longest = Math.max(this.longest, other.longest);
  }

  /** Steps in use: the measure of its memory. */
  get size(): number {
    return this.counts.size;
  }

  /** Exact; undefined while there is none. */
  get max(): number | undefined {
    return this.total === 0 ? undefined : this.longest;
  }

  /** The duration that this share of all does not exceed. */
  quantile(share: number): number | undefined {
    if (this.total === 0) return undefined;
    const rank = Math.max(1, Math.ceil(share * this.total));
    let seen = 0;
    for (const step of [...this.counts.keys()].sort((a, b) => a - b)) {
      seen += this.counts.get(step) ?? 0;
      // The middle of the step, and never more than was ever seen.
      if (seen >= rank) return Math.min(this.longest, (2 * STEP ** step) / (STEP + 1));
    }
    return this.longest;
  }
}

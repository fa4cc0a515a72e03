/** Counts by the second for the last half minute: what a rate and a history line are made of. Pure. */

/** Seconds kept. */
export const HISTORY_SECONDS = 32;
/** "Now" is this second so far and the two before: less jumps, more lags. */
const NOW_SECONDS = 2;

export class History {
  private readonly slots = new Uint32Array(HISTORY_SECONDS);
  /** The second that the newest slot stands for. */
  private newest = 0;

  add(second: number, count = 1): void {
    this.advance(second);
    // What comes late counts where it belongs, or not at all once that is gone.
    if (this.newest - second < HISTORY_SECONDS) this.slots[second % HISTORY_SECONDS] += count;
  }

  private advance(second: number): void {
    if (second <= this.newest) return;
    const from = Math.max(this.newest + 1, second - HISTORY_SECONDS + 1);
    for (let at = from; at <= second; at++) this.slots[at % HISTORY_SECONDS] = 0;
    this.newest = second;
  }

  private at(second: number): number {
    const isKept = second >= 0 && second <= this.newest && this.newest - second < HISTORY_SECONDS;
    return isKept ? this.slots[second % HISTORY_SECONDS] : 0;
  }

  /** The counts of these many seconds up to and with `second`, oldest first. */
  until(second: number, seconds: number): number[] {
    return Array.from({ length: seconds }, (_, i) => this.at(second - seconds + 1 + i));
  }

  /** Per second at this moment, of something that has been watched for `elapsed` seconds. */
  rate(now: { readonly seconds: number; readonly nanos: number }, elapsed: number): number {
    const window = Math.min(elapsed, NOW_SECONDS + now.nanos / 1e9);
    const count = this.until(now.seconds, NOW_SECONDS + 1).reduce((sum, n) => sum + n, 0);
    return window > 0 ? count / window : 0;
  }

  merge(other: History): void {
    for (let second = Math.max(0, other.newest - HISTORY_SECONDS + 1); second <= other.newest; second++) {
      const count = other.at(second);
      if (count > 0) this.add(second, count);
    }
  }
}

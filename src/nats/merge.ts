/**
 * Puts the lines of many hosts in the order of their time, as far as a window of arrival allows. Clocks of hosts may differ by any amount: so
 * nothing waits for its own time, but for the window to pass since it arrived.
 */
export interface Timed {
  /** RFC 3339 in UTC: such texts sort as their times do. */
  readonly time: string;
  readonly arrivedMs: number;
}

/** So many wait at the most. */
const MOST_HELD = 200_000;

export class Merge<Line extends Timed> {
  private readonly windowMs: number;
  private held: Line[] = [];
  private newest = 0;
  private oldest = Number.POSITIVE_INFINITY;

  constructor(windowMs: number) {
    this.windowMs = windowMs;
  }

  get isEmpty(): boolean {
    return this.held.length === 0;
  }

  add(lines: readonly Line[]): void {
    for (const line of lines) {
      this.held.push(line);
      if (line.arrivedMs > this.newest) this.newest = line.arrivedMs;
      if (line.arrivedMs < this.oldest) this.oldest = line.arrivedMs;
    }
  }

  /** What has waited for long enough, and all that is earlier. */
  take(): Line[] {
    const isFull = this.held.length > MOST_HELD;
    // Sorting is for many at a time.
    if (!isFull && this.newest - this.oldest < 2 * this.windowMs) return [];
    this.sort();
    const cutoff = this.newest - this.windowMs;
    const last = isFull ? MOST_HELD / 2 : 1 + this.held.findLastIndex(({ arrivedMs }) => arrivedMs <= cutoff);
    return this.release(last);
  }

  /** All of it. */
  flush(): Line[] {
    this.sort();
    return this.release(this.held.length);
  }

  private sort(): void {
    this.held.sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  }

  private release(count: number): Line[] {
    const released = this.held.splice(0, count);
    this.oldest = this.held.reduce((least, { arrivedMs }) => Math.min(least, arrivedMs), Number.POSITIVE_INFINITY);
    return released;
  }
}

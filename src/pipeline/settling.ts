/** When to look again at ends that no event settled: soon at first, then less and less often. */
const FIRST_MS = 5;
const MOST_MS = 1000;

type After = (milliseconds: number, task: () => void) => { cancel(): void };

export interface Unsettled {
  readonly unsettled: number;
  /** Looks again; true if that told something. */
  look(): boolean;
}

export class Settling {
  private readonly after: After;
  private readonly ends: Unsettled;
  private timer: { cancel(): void } | undefined;
  private pauseMs = FIRST_MS;

  constructor(after: After, ends: Unsettled) {
    this.after = after;
    this.ends = ends;
  }

  /** There may be some, or some more. */
  arm(): void {
    if (this.timer !== undefined || this.ends.unsettled === 0) return;
    this.timer = this.after(this.pauseMs, () => {
      const isNews = this.ends.look();
      this.timer = undefined;
      this.pauseMs = isNews ? FIRST_MS : Math.min(this.pauseMs * 2, MOST_MS);
      this.arm();
    });
  }

  stop(): void {
    this.timer?.cancel();
  }
}

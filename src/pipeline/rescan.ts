/**
 * When to compare the table of processes with who is there: after a loss, once nothing was lost for a while. A scan in the midst of a storm
 * would cost what the storm needs; but it comes at the latest after some seconds.
 */
import { type Moment, secondsBetween } from '../process/moment.ts';

const CALM_MS = 250;
const MOST_MS = 3000;

type After = (milliseconds: number, task: () => void) => { cancel(): void };

export class Rescan {
  private readonly after: After;
  private readonly onDue: () => void;
  private timer: { cancel(): void } | undefined;
  private wanted: Moment | undefined;

  constructor(after: After, onDue: () => void) {
    this.after = after;
    this.onDue = onDue;
  }

  get isWanted(): boolean {
    return this.timer !== undefined;
  }

  /** Something was lost. */
  want(now: Moment): void {
    this.wanted ??= now;
    if (this.timer !== undefined && secondsBetween(this.wanted, now) * 1000 > MOST_MS) return;
    this.timer?.cancel();
    this.timer = this.after(CALM_MS, () => {
      this.timer = undefined;
      this.wanted = undefined;
      this.onDue();
    });
  }

  stop(): void {
    this.timer?.cancel();
  }
}

/**
 * Why processes ended, beside the events: reads what the programs wrote, keeps it until the end that it explains is told, and names who
 * sent a signal. Costs a look at a ring for each batch, and nothing for an end by a code.
 */
import { CauseBook, type Death } from '../cause/cause-book.ts';
import type { CauseSource } from '../cause/cause-source.ts';
import type { EndCause } from '../cause/end-cause.ts';
import type { EndCauses } from '../process/tracker.ts';

/** What another CPU is writing this moment is finished in less time than this many looks take. */
const LOOKS = 4;

export class Causes implements EndCauses {
  private readonly source: CauseSource;
  private readonly book = new CauseBook();
  private lost = 0;

  constructor(source: CauseSource) {
    this.source = source;
  }

  /** To be called after events were read: every signal that ended one of their processes was written before its end. */
  attend(): void {
    let isWhole = this.source.drain(this.book);
    for (let look = 1; !isWhole && look < LOOKS; look++) isWhole = this.source.drain(this.book);
    const lost = this.source.takeLost();
    this.lost += lost;
    if (lost > 0 || !isWhole) this.book.doubt();
  }

  /** Nearly all ends are such. */
  isByItself(pid: number, status: number): boolean {
    return (status & 0x7f) === 0 && !this.book.knows(pid);
  }

  /** Why a process ended; undefined where it is not known. */
  of(death: Death): EndCause | undefined {
    return this.book.causeOf(death);
  }

  /** Signals that were not told since this was last asked. */
  takeLost(): number {
    const { lost } = this;
    this.lost = 0;
    return lost;
  }

  close(): void {
    this.source.close();
  }
}

/**
 * Why processes ended, beside the events: reads what the programs wrote, keeps it until the end that it explains is told, and names who
 * sent a signal. Costs a look at a ring for each batch, and nothing for an end by a code.
 */
import { CauseBook, type Death } from '../cause/cause-book.ts';
import type { CauseSource, CauseTaker } from '../cause/cause-source.ts';
import type { EndCause } from '../cause/end-cause.ts';
import type { SentSignal, Victim } from '../cause/sent-signal.ts';
import { type Moment, secondsBetween } from '../process/moment.ts';
import type { EndCauses } from '../process/tracker.ts';

/** To ask what was lost takes longer than to look whether there is anything. Where nothing was written nothing was lost for want of room. */
const ASK_SECONDS = 1;

/** What another CPU is writing this moment is finished in less time than this many looks take. */
const LOOKS = 4;

export class Causes implements EndCauses, CauseTaker {
  private readonly source: CauseSource;
  private readonly book = new CauseBook();
  private lost = 0;
  private taken = 0;
  private asked: Moment | undefined;

  constructor(source: CauseSource) {
    this.source = source;
  }

  take(sent: SentSignal): void {
    this.taken++;
    this.book.take(sent);
  }

  mark(victim: Victim): void {
    this.taken++;
    this.book.mark(victim);
  }

  /** To be called after events were read, at that moment: every signal that ended one of their processes was written before its end. */
  attend(at: Moment): void {
    this.taken = 0;
    let isWhole = this.source.drain(this);
    for (let look = 1; !isWhole && look < LOOKS; look++) isWhole = this.source.drain(this);
    const mustAsk = this.taken > 0 || this.asked === undefined || secondsBetween(this.asked, at) >= ASK_SECONDS;
    const lost = mustAsk ? this.askLost(at) : 0;
    if (lost > 0 || !isWhole) this.book.doubt();
  }

  /** Also at the end of all: what was lost since the last look counts. */
  askLost(at: Moment): number {
    this.asked = at;
    const lost = this.source.takeLost();
    this.lost += lost;
    return lost;
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

/**
 * Where a loss stands among the records. A full queue keeps what it holds and drops what comes, so what is missing lies behind all that was
 * queued when the loss was noticed: right before the first event that is younger than that, or at the end where there is none.
 */
import { compareMoments, type Moment } from '../process/moment.ts';
import type { LostRecord } from '../process/record.ts';

interface Stamped {
  readonly stamp: Moment;
}

export class Gaps {
  private readonly open: { readonly record: LostRecord; readonly noticed: Moment }[] = [];

  /** @param noticed when the draining began by which it was found */
  add(record: LostRecord, noticed: Moment): void {
    this.open.push({ record, noticed });
  }

  /** Those that lie before an event of this batch, or behind all of it where nothing more is queued; each with the index it stands before. */
  take(
    events: readonly Stamped[],
    queued: 'more' | 'nothing',
  ): { readonly record: LostRecord; readonly before: number }[] {
    const found: { record: LostRecord; before: number }[] = [];
    for (let from = 0; this.open.length > 0; ) {
      const { record, noticed } = this.open[0];
      while (from < events.length && compareMoments(events[from].stamp, noticed) < 0) from++;
      if (from === events.length && queued === 'more') break;
      this.open.shift();
      found.push({ record, before: from });
    }
    return found;
  }

  /** All that are left. */
  takeRest(): LostRecord[] {
    return this.open.splice(0).map(({ record }) => record);
  }
}

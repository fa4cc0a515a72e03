/** Records of losses: each says since when all may not be well, which is until when it was. */
import type { Moment } from '../process/moment.ts';
import type { LossReason, LostRecord } from '../process/record.ts';

export class Losses {
  private readonly now: () => Moment;
  private allWell: Moment;

  constructor(now: () => Moment) {
    this.now = now;
    this.allWell = now();
  }

  /** Nothing is missing until now. */
  note(): void {
    this.allWell = this.now();
  }

  /** The record of a loss that was just noticed; `count` undefined means that nobody counted. */
  tell(reason: LossReason, count: number | undefined): LostRecord {
    const at = this.now();
    const record: LostRecord = { event: 'lost', reason, count, at, since: this.allWell };
    this.allWell = at;
    return record;
  }
}

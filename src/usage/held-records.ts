/**
 * Records on their way out that wait, in their order, for accounts of the exits among them. An account comes some microseconds after its
 * exit, later only where the process was kept from running on; so the wait has a limit, and so has what waits. Pure.
 */
import type { ProcessRecord, StreamRecord } from '../process/record.ts';

export type Deliver = (records: StreamRecord[]) => void;

interface Batch {
  readonly records: StreamRecord[];
  readonly deliver: Deliver;
  readonly due: number;
  /** Exits in it without their account. */
  missing: readonly ProcessRecord[];
}

/** A process that is kept from running for longer is on a machine that has no time. */
const HOLD_MS = 120;
/** Some 20 MB. */
const MOST_RECORDS = 32_768;

export class HeldRecords {
  private readonly batches: Batch[] = [];
  private held = 0;
  /** Exits handed over without their account. */
  private without = 0;

  get isEmpty(): boolean {
    return this.batches.length === 0;
  }

  /** Takes a batch in, to be handed over in its turn. */
  hold(records: StreamRecord[], missing: readonly ProcessRecord[], deliver: Deliver, now: number): void {
    this.batches.push({ records, missing, deliver, due: now + HOLD_MS });
    this.held += records.length;
  }

  /**
   * Hands over what is complete or has waited long enough, up to the first batch that is neither. `settle` gives an exit its account if
   * that has come.
   */
  release(now: number, settle: (end: ProcessRecord) => boolean): void {
    for (const batch of this.batches) {
      if (batch.missing.length > 0) batch.missing = batch.missing.filter((end) => !settle(end));
    }
    while (this.batches.length > 0) {
      const [first] = this.batches;
      if (first.missing.length > 0 && first.due > now && this.held <= MOST_RECORDS) return;
      this.batches.shift();
      this.held -= first.records.length;
      this.without += first.missing.length;
      first.deliver(first.records);
    }
  }

  /** How many exits were handed over without their account since this was last asked. */
  takeWithout(): number {
    const { without } = this;
    this.without = 0;
    return without;
  }
}

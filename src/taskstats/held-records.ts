/**
 * Records on their way out that wait, in order, for exact accounts of the exits among them. The exact account of an end comes 13 to 51 ms
 * after the parent has taken notice of it, and never if the parent does not: so the wait has a limit, and so has what waits. Pure.
 */
import type { Moment } from '../process/moment.ts';
import type { ProcessRecord, StreamRecord } from '../process/record.ts';
import { type Exact, ExactAccounts, isOf, type Whose } from './exact.ts';
import { exactly } from './usage.ts';

export type Deliver = (records: StreamRecord[]) => void;

interface Batch {
  readonly records: StreamRecord[];
  readonly deliver: Deliver;
  readonly due: number;
  /** Exits in it without their exact account. */
  missing: number;
}

interface Waiting {
  readonly batch: Batch;
  readonly record: ProcessRecord;
  readonly whose: Whose;
}

const HOLD_MS = 120;
/** Some 20 MB. More wait only when tens of thousands of processes end within the time of the hold. */
const MOST_RECORDS = 32_768;

const isEnd = (record: StreamRecord): record is ProcessRecord => record.event === 'exit' && !record.thread;

const whoseOf = ({ pid, exit }: ProcessRecord): Whose => ({
  pid,
  start: exit?.start,
  waitStatus: exit?.waitStatus,
});

export class HeldRecords {
  private readonly batches: Batch[] = [];
  private readonly waiting = new Map<number, Waiting[]>();
  private readonly early = new ExactAccounts();
  private readonly bootOffset: () => Moment;
  private held = 0;

  constructor(bootOffset: () => Moment) {
    this.bootOffset = bootOffset;
  }

  get isEmpty(): boolean {
    return this.batches.length === 0;
  }

  /** Takes a batch in, to be handed over in its turn. */
  hold(records: StreamRecord[], deliver: Deliver, now: number): void {
    const batch: Batch = { records, deliver, due: now + HOLD_MS, missing: 0 };
    const bootOffset = this.bootOffset();
    for (const record of records) {
      if (!isEnd(record)) continue;
      const whose = whoseOf(record);
      const exact = this.early.take(whose, bootOffset);
      if (exact !== undefined) exactly(record, exact);
      else this.wait({ batch, record, whose });
    }
    this.batches.push(batch);
    this.held += records.length;
  }

  private wait(one: Waiting): void {
    const others = this.waiting.get(one.whose.pid);
    if (others === undefined) this.waiting.set(one.whose.pid, [one]);
    else others.push(one);
    one.batch.missing++;
  }

  /** An exact account has come. */
  add(exact: Exact, bootOffset: Moment): void {
    const all = this.waiting.get(exact.tgid) ?? [];
    const one = all.find(({ whose }) => isOf(exact, whose, bootOffset));
    if (one === undefined) return this.early.add(exact);
    const { batch, record } = one;
    exactly(record, exact);
    batch.missing--;
    this.forget(one, all);
  }

  private forget(one: Waiting, all = this.waiting.get(one.whose.pid) ?? []): void {
    if (all.length === 1 && all[0] === one) {
      this.waiting.delete(one.whose.pid);
      return;
    }
    const rest = all.filter((other) => other !== one);
    if (rest.length === 0) this.waiting.delete(one.whose.pid);
    else this.waiting.set(one.whose.pid, rest);
  }

  /** Hands over what is complete or has waited long enough, up to the first batch that is neither. */
  release(now: number): void {
    while (this.batches.length > 0) {
      const [first] = this.batches;
      if (first.missing > 0 && first.due > now && this.held <= MOST_RECORDS) return;
      this.handOver(first);
    }
  }

  /** Hands over everything, complete or not. */
  releaseAll(): void {
    this.release(Number.POSITIVE_INFINITY);
  }

  private handOver(batch: Batch): void {
    this.batches.shift();
    this.held -= batch.records.length;
    if (batch.missing > 0) this.giveUp(batch);
    batch.deliver(batch.records);
  }

  private giveUp(batch: Batch): void {
    for (const record of batch.records) {
      if (!isEnd(record)) continue;
      for (const one of this.waiting.get(record.pid) ?? []) if (one.batch === batch) this.forget(one);
    }
  }
}

/**
 * Records on their way to somebody who asks for them one by one: a bounded queue. What does not fit is counted, and the gap is told in its
 * place, as for a slow reader of the program's output.
 */
import type { Moment } from '../process/moment.ts';
import type { LostRecord, StreamRecord } from '../process/record.ts';

export class RecordQueue {
  private readonly limit: number;
  private readonly now: () => Moment;
  private records: StreamRecord[] = [];
  private first = 0;
  private gap: { count: number; readonly since: Moment } | undefined;
  private ended = false;
  private wake: (() => void) | undefined;

  constructor(limit: number, now: () => Moment) {
    this.limit = limit;
    this.now = now;
  }

  get length(): number {
    return this.records.length - this.first;
  }

  push(records: readonly StreamRecord[]): void {
    for (const record of records) this.add(record);
    this.wake?.();
  }

  private add(record: StreamRecord): void {
    if (this.length >= this.limit) {
      this.gap ??= { count: 0, since: this.now() };
      this.gap.count++;
      return;
    }
    const gap = this.takeGap();
    if (gap !== undefined) this.records.push(gap);
    this.records.push(record);
  }

  private takeGap(): LostRecord | undefined {
    if (this.gap === undefined) return undefined;
    const { count, since } = this.gap;
    this.gap = undefined;
    return { event: 'lost', reason: 'output', count, at: this.now(), since };
  }

  /** What is queued can still be taken. */
  end(): void {
    this.ended = true;
    this.wake?.();
  }

  /** The next record, waited for; undefined at the end. */
  async take(): Promise<StreamRecord | undefined> {
    for (;;) {
      const record = this.shift() ?? this.takeGap();
      if (record !== undefined || this.ended) return record;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }

  private shift(): StreamRecord | undefined {
    if (this.first === this.records.length) return undefined;
    const record = this.records[this.first++];
    // Taken records are let go in blocks: to move the rest up for each would cost its square.
    if (this.first > 1024 && this.first * 2 > this.records.length) {
      this.records = this.records.slice(this.first);
      this.first = 0;
    }
    return record;
  }
}

/** Recordings as the source of a timeline: every record, and what they say about their machine and its users. */

import { utcTime } from '../format/times.ts';
import type { StreamRecord } from '../process/record.ts';
import type { Text } from '../process/text.ts';
import type { MachineFacts } from '../timeline/life.ts';
import type { RecordSource } from '../timeline/source.ts';
import type { ReadRecord } from './row.ts';

export class RecordedSource implements RecordSource {
  readonly batches: AsyncIterable<readonly StreamRecord[]>;
  private readonly passed: () => number;
  private found: MachineFacts = {};
  private readonly users = new Map<number, Text>();

  /** @param passed lines that were no records, so far */
  constructor(batches: AsyncIterable<readonly ReadRecord[]>, passed: () => number) {
    this.passed = passed;
    this.batches = this.noted(batches);
  }

  facts(): MachineFacts {
    return this.found;
  }

  userName(uid: number): Text | undefined {
    return this.users.get(uid);
  }

  get refused(): number {
    return this.passed();
  }

  private async *noted(batches: AsyncIterable<readonly ReadRecord[]>): AsyncIterable<readonly StreamRecord[]> {
    for await (const batch of batches) {
      for (const record of batch) this.note(record);
      yield batch;
    }
  }

  private note(record: ReadRecord): void {
    this.found = this.found.began === undefined ? { ...this.found, began: utcTime(record.told.wall) } : this.found;
    if ('pid' in record) {
      const { uid } = record.image;
      if (uid !== undefined && record.told.user !== undefined) this.users.set(uid, record.told.user);
    } else if (record.event === 'start') {
      const { host, kernel, cpus } = record.facts;
      this.found = {
        ...this.found,
        ...(typeof host === 'string' && { host }),
        ...(typeof kernel === 'string' && { kernel }),
        ...(typeof cpus === 'number' && { cpus }),
      };
    }
  }
}

/** Who was there already and of whom nothing is told afterwards is nobody's business: told only once something is, with those above. */
import type { ReadProcessRecord, ReadRecord } from './row.ts';

export class Idle {
  private readonly waiting = new Map<number, ReadProcessRecord>();

  /** The records, and before each those of the state that it makes worth telling. */
  *stir(records: readonly ReadRecord[]): Generator<ReadRecord> {
    for (const record of records) {
      if ('pid' in record && record.event === 'alive') this.waiting.set(record.pid, record);
      else {
        if ('pid' in record) yield* this.wake(record.pid, record.ppid);
        yield record;
      }
    }
  }

  private *wake(...pids: readonly (number | undefined)[]): Generator<ReadRecord> {
    for (const pid of pids) {
      const record = pid === undefined ? undefined : this.waiting.get(pid);
      if (record === undefined) continue;
      this.waiting.delete(record.pid);
      yield* this.wake(record.ppid);
      yield record;
    }
  }
}

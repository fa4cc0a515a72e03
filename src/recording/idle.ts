/** Who was there already and of whom nothing is told afterwards is nobody's business: told only once something is, with those above. */
import type { ReadProcessRecord, ReadRecord } from './row.ts';

export class Idle {
  /** By boot of a machine, and by pid. */
  private readonly waiting = new Map<string, Map<number, ReadProcessRecord>>();

  /** The records, and before each those of the state that it makes worth telling. */
  *stir(records: readonly ReadRecord[]): Generator<ReadRecord> {
    for (const record of records) {
      const waiting = this.on(record.told.boot);
      if ('pid' in record && record.event === 'alive') waiting.set(record.pid, record);
      else {
        if ('pid' in record) yield* wake(waiting, [record.pid, record.ppid]);
        yield record;
      }
    }
  }

  private on(boot: string): Map<number, ReadProcessRecord> {
    const known = this.waiting.get(boot);
    if (known !== undefined) return known;
    const waiting = new Map<number, ReadProcessRecord>();
    this.waiting.set(boot, waiting);
    return waiting;
  }
}

function* wake(waiting: Map<number, ReadProcessRecord>, pids: readonly (number | undefined)[]): Generator<ReadRecord> {
  for (const pid of pids) {
    const record = pid === undefined ? undefined : waiting.get(pid);
    if (record === undefined) continue;
    waiting.delete(record.pid);
    yield* wake(waiting, [record.ppid]);
    yield record;
  }
}

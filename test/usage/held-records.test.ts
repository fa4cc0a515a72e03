/** Records that wait for accounts: in order, each with its own, not for ever and not too many. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessRecord, StreamRecord } from '../../src/process/record.ts';
import { HeldRecords } from '../../src/usage/held-records.ts';
import { ended, record } from '../support/records.ts';

const end = (pid: number): ProcessRecord => ended(0, { pid, tid: pid });

class Hold {
  readonly held = new HeldRecords();
  readonly out: StreamRecord[] = [];
  readonly come = new Set<number>();

  /** All ends among these lack their accounts. */
  take(records: StreamRecord[], now: number): void {
    const missing = records.filter((one): one is ProcessRecord => one.event === 'exit');
    this.held.hold(records, missing, (told) => this.out.push(...told), now);
    this.release(now);
  }

  release(now: number): void {
    this.held.release(now, ({ pid }) => this.come.has(pid));
  }

  get told(): unknown[] {
    return this.out.map((one) => 'pid' in one && one.pid);
  }
}

test('an end waits for its account, and everything behind it waits with it', () => {
  const hold = new Hold();
  hold.take([record({ pid: 1 })], 0);
  hold.take([end(2), record({ pid: 3 }), end(4)], 1);
  hold.take([record({ pid: 5 })], 2);
  assert.deepEqual(hold.told, [1]);
  hold.come.add(4);
  hold.release(20);
  assert.deepEqual(hold.told, [1]);
  hold.come.delete(4);
  hold.come.add(2);
  hold.release(30);
  assert.deepEqual(hold.told, [1, 2, 3, 4, 5]);
  assert.ok(hold.held.isEmpty);
  assert.equal(hold.held.takeWithout(), 0);
});

test('an end whose account does not come is told without it after a while, and counted once', () => {
  const hold = new Hold();
  hold.take([end(2), end(3)], 0);
  hold.come.add(3);
  hold.release(100);
  assert.deepEqual(hold.told, []);
  hold.release(1000);
  assert.deepEqual(hold.told, [2, 3]);
  assert.equal(hold.held.takeWithout(), 1);
  assert.equal(hold.held.takeWithout(), 0);
});

test('when very much waits, the oldest goes first, complete or not', () => {
  const hold = new Hold();
  for (let i = 0; i < 40; i++) {
    const ends = Array.from({ length: 1000 }, (_, k) => end(i * 1000 + k));
    hold.take(ends, 0);
  }
  assert.ok(hold.out.length >= 7000 && hold.out.length <= 8000, `${hold.out.length}`);
  assert.equal(hold.held.takeWithout(), hold.out.length);
});

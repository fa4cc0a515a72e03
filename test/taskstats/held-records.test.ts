/** Records that wait for exact CPU times: in order, each with its own, not for ever and not too many. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessRecord, StreamRecord } from '../../src/process/record.ts';
import type { Exact } from '../../src/taskstats/exact.ts';
import { HeldRecords } from '../../src/taskstats/held-records.ts';
import { ended, record } from '../support/records.ts';
import { usage } from '../support/usage.ts';

const START = { seconds: 997, nanos: 501_234_567 };
const NO_OFFSET = { seconds: 0, nanos: 0 };

/** The end of a process that was born at START, with a lower bound of its CPU time. */
function end(pid: number, start = START): ProcessRecord {
  const base = ended(0, { pid, tid: pid });
  const duration = { seconds: 2.5, exact: true };
  return { ...base, exit: { waitStatus: 0, start, duration, usage: usage({ cpuNanos: 5, cpuIsLowerBound: true }) } };
}

const exact = (tgid: number, over: Partial<Exact> = {}): Exact => ({
  tgid,
  start: START,
  waitStatus: 0,
  cpuNanos: 3_000_000,
  userNanos: 4_000_000,
  systemNanos: 8_000_000,
  minorFaults: 1,
  majorFaults: 2,
  voluntarySwitches: 3,
  involuntarySwitches: 4,
  ...over,
});

class Hold {
  readonly held = new HeldRecords(() => NO_OFFSET);
  readonly out: StreamRecord[] = [];

  take(records: StreamRecord[], now: number): void {
    this.held.hold(records, (told) => this.out.push(...told), now);
    this.held.release(now);
  }

  get told(): unknown[] {
    return this.out.map((one) =>
      'pid' in one ? [one.event, one.pid, one.exit?.usage?.cpuNanos, one.exit?.usage?.cpuIsLowerBound] : one.event,
    );
  }
}

test('an end waits for its exact time, and everything behind it waits with it', () => {
  const hold = new Hold();
  hold.take([record({ pid: 1 })], 0);
  hold.take([end(2), record({ pid: 3 })], 1);
  hold.take([record({ pid: 4 })], 2);
  assert.equal(hold.out.length, 1);
  hold.held.add(exact(2), NO_OFFSET);
  hold.held.release(20);
  assert.deepEqual(hold.told, [
    ['exec', 1, undefined, undefined],
    ['exit', 2, 3_000_000, false],
    ['exec', 3, undefined, undefined],
    ['exec', 4, undefined, undefined],
  ]);
  assert.ok(hold.held.isEmpty);
});

test('user and system time are the exact time, divided as the ticks say', () => {
  const hold = new Hold();
  hold.take([end(2), end(3), end(4)], 0);
  hold.held.add(exact(2), NO_OFFSET);
  hold.held.add(exact(3, { userNanos: 0, systemNanos: 0 }), NO_OFFSET);
  hold.held.add(exact(4, { userNanos: 0 }), NO_OFFSET);
  hold.held.release(0);
  const times = hold.out.map((one) => 'pid' in one && [one.exit?.usage?.userMicros, one.exit?.usage?.systemMicros]);
  assert.deepEqual(times, [
    [1000, 2000],
    [3000, 0],
    [0, 3000],
  ]);
});

test('an end that nobody waits for is told with its lower bound after a while', () => {
  const hold = new Hold();
  hold.take([end(2)], 0);
  hold.held.release(100);
  assert.equal(hold.out.length, 0);
  hold.held.release(1000);
  assert.deepEqual(hold.told, [['exit', 2, 5, true]]);
  // What comes later finds nobody, and harms nobody.
  hold.held.add(exact(2), NO_OFFSET);
  hold.take([end(2, { seconds: 999, nanos: 0 })], 1001);
  hold.held.releaseAll();
  assert.deepEqual(hold.told[1], ['exit', 2, 5, true]);
});

test('an exact time that comes before its end was told is kept for it', () => {
  const hold = new Hold();
  hold.held.add(exact(2), NO_OFFSET);
  hold.take([end(2)], 0);
  assert.deepEqual(hold.told, [['exit', 2, 3_000_000, false]]);
});

test('a number that is used again is no reason to mix two processes up', () => {
  const hold = new Hold();
  const later = { seconds: 998, nanos: 0 };
  hold.take([end(2), end(2, later)], 0);
  hold.held.add(exact(2, { start: later, cpuNanos: 7 }), NO_OFFSET);
  hold.held.add(exact(2, { cpuNanos: 6 }), NO_OFFSET);
  hold.held.release(1);
  assert.deepEqual(hold.told, [
    ['exit', 2, 6, false],
    ['exit', 2, 7, false],
  ]);
});

test('the time spent suspended does not part a process from its exact time', () => {
  const suspended = { seconds: 5000, nanos: 0 };
  const held = new HeldRecords(() => suspended);
  const out: StreamRecord[] = [];
  held.hold([end(2)], (told) => out.push(...told), 0);
  held.add(exact(2, { start: { seconds: START.seconds + 5000, nanos: START.nanos } }), suspended);
  held.release(0);
  assert.equal(out.length, 1);
});

test('when very much waits, the oldest goes first, complete or not', () => {
  const hold = new Hold();
  for (let i = 0; i < 40; i++)
    hold.take(
      Array.from({ length: 1000 }, (_, k) => end(i * 1000 + k)),
      0,
    );
  assert.ok(hold.out.length >= 7000 && hold.out.length <= 8000, `${hold.out.length}`);
});

test('threads that end are not waited for', () => {
  const hold = new Hold();
  hold.take([{ ...end(2), thread: true }], 0);
  assert.equal(hold.out.length, 1);
});

/** Accounts from the kernel and the exits they belong to: by number and birth, each once, and not without bounds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessRecord } from '../../src/process/record.ts';
import type { ExactEnd } from '../../src/usage/doors.ts';
import { ExactAccounts } from '../../src/usage/exact-accounts.ts';
import { ended } from '../support/records.ts';
import { exactEnd, ScriptedExact } from '../support/usage.ts';

const START = { seconds: 997, nanos: 501_234_567 };
const START_NANOS = 997_501_234_567;

function accounts(ends: readonly ExactEnd[], suspendedSeconds = 0): ExactAccounts {
  const door = new ScriptedExact();
  door.queue.push(...ends);
  const all = new ExactAccounts(door, () => ({ seconds: suspendedSeconds, nanos: 0 }));
  assert.equal(all.drain(), ends.length);
  return all;
}

/** An end of this process, born at this moment if that is known. */
const end = (pid: number, start: typeof START | undefined = START, waitStatus: number | undefined = 0): ProcessRecord =>
  ended(0, { pid, tid: pid, exit: { waitStatus, start, duration: undefined } });

test('an end takes its account, once', () => {
  const all = accounts([exactEnd({ pid: 2, startNanos: START_NANOS, cpuNanos: 7 }), exactEnd({ pid: 3 })]);
  assert.equal(all.take(end(2))?.cpuNanos, 7);
  assert.equal(all.take(end(2)), undefined);
  assert.equal(all.size, 1);
});

test('a birth that is known in clock ticks finds the account too, another process of that number does not', () => {
  const all = accounts([exactEnd({ pid: 2, startNanos: START_NANOS })]);
  assert.equal(all.take(end(2, { seconds: 998, nanos: 0 })), undefined);
  assert.ok(all.take(end(2, { seconds: 997, nanos: 490_000_000 })));
});

test('where no birth is known the status must be the same', () => {
  const all = accounts([exactEnd({ pid: 2, waitStatus: 9 }), exactEnd({ pid: 3, waitStatus: 9 })]);
  const unborn = (pid: number, waitStatus: number): ProcessRecord =>
    ended(0, { pid, exit: { waitStatus, start: undefined, duration: undefined } });
  assert.equal(all.take(unborn(2, 0)), undefined);
  assert.ok(all.take(unborn(3, 9)));
});

test('the time spent suspended does not part a process from its account', () => {
  const all = accounts([exactEnd({ pid: 2, startNanos: START_NANOS + 5e12 })], 5000);
  assert.ok(all.take(end(2)));
});

test('accounts that nobody asks for do not pile up', () => {
  const all = accounts(Array.from({ length: 40_000 }, (_, pid) => exactEnd({ pid, startNanos: START_NANOS })));
  assert.ok(all.size <= 20_000, `${all.size}`);
  assert.ok(all.take(end(39_999)));
});

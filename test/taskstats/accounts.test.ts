/** Threads of one process summed up, and each account handed to the exit it belongs to, to no other, and not kept for ever. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Accounts } from '../../src/taskstats/accounts.ts';
import { decodeThreadEnd } from '../../src/taskstats/decode.ts';
import { FAMILY, type Taskstats, type ThreadMessage, threadMessage } from '../support/usage.ts';

function endOf(message: ThreadMessage) {
  const bytes = threadMessage(message);
  const words = new Uint32Array(bytes.slice().buffer);
  const end = decodeThreadEnd(words, { start: 0, end: bytes.length }, FAMILY);
  if (end === undefined) throw new Error('not a message');
  return end;
}

const LAST = 0x20;
const single = (pid: number, stats: Taskstats = {}, version = 16) =>
  endOf({ version, tid: pid, stats: { ac_flag: LAST, ac_tgid: pid, ac_ppid: 1, ...stats } });

test('the account of a process with one thread is that of its thread', () => {
  const accounts = new Accounts();
  accounts.add(single(10, { ac_comm: 'sh', ac_minflt: 7, hiwater_rss: 900 }), 0);
  const account = accounts.take(10, 1);
  assert.equal(account?.comm, 'sh');
  assert.equal(account?.minorFaults, 7);
  assert.equal(account?.maxRssKib, 900);
  assert.equal(accounts.take(10, 1), undefined);
  assert.equal(accounts.size, 0);
});

test('threads are summed, memory is shared, and the name is that of the first thread', () => {
  for (const version of [10, 16]) {
    const accounts = new Accounts();
    const of = { ac_tgid: 10, ac_minflt: 5, read_bytes: 1024, hiwater_rss: 300, cpu_run_virtual_total: 10, nvcsw: 2 };
    accounts.add(endOf({ version, tid: 11, stats: { ...of, ac_comm: 'worker', hiwater_rss: 500 } }), 0);
    accounts.add(endOf({ version, tid: 10, stats: { ...of, ac_comm: 'main' } }), 0);
    // Older kernels do not say whose thread it was: the connector's event does.
    accounts.heard(11, 10, 0);
    accounts.heard(10, 10, 0);
    const process = { tgid: 10, stats: { cpu_run_virtual_total: 45, nvcsw: 9 } };
    accounts.add(endOf({ version, tid: 12, stats: { ...of, ac_flag: LAST, ac_comm: 'worker' }, process }), 0);
    const account = accounts.take(10, 1);
    assert.equal(account?.comm, 'main');
    assert.equal(account?.minorFaults, 15);
    assert.equal(account?.readBytes, 3072);
    assert.equal(account?.maxRssKib, 500);
    // The kernel's own sums have a thread that ended before anybody listened.
    assert.equal(account?.cpuNanos, 45);
    assert.equal(account?.voluntarySwitches, 9);
    assert.equal(accounts.size, 0);
  }
});

test('an account waits while threads of its process live on', () => {
  const accounts = new Accounts();
  accounts.add(endOf({ tid: 11, stats: { ac_tgid: 10 } }), 0);
  assert.equal(accounts.take(10, 1), undefined);
  assert.equal(accounts.size, 1);
});

test('a number that was used twice gives each end its own account, in their order', () => {
  const accounts = new Accounts();
  accounts.add(single(10, { ac_minflt: 1 }), 0);
  accounts.add(single(10, { ac_minflt: 2 }), 0);
  assert.equal(accounts.take(10, undefined)?.minorFaults, 1);
  assert.equal(accounts.take(10, undefined)?.minorFaults, 2);
});

test('a short life does not get the account of a long one, whose own end was never told', () => {
  const accounts = new Accounts();
  accounts.add(single(10, { ac_minflt: 1, ac_tgetime: 60_000_000 }), 0);
  accounts.add(single(10, { ac_minflt: 2, ac_tgetime: 900 }), 0);
  assert.equal(accounts.take(10, 0.001)?.minorFaults, 2);
  assert.equal(accounts.size, 0);
});

test('what nobody claims is forgotten after some seconds', () => {
  const accounts = new Accounts();
  accounts.add(single(10), 0);
  accounts.add(single(11), 2000);
  accounts.expire(3500);
  assert.equal(accounts.take(10, 1), undefined);
  assert.notEqual(accounts.take(11, 1), undefined);
});

test('after a loss, what was begun is not added to the next process of that number', () => {
  const accounts = new Accounts();
  accounts.add(endOf({ tid: 11, stats: { ac_tgid: 10, ac_minflt: 100 } }), 0);
  accounts.forgetBegun();
  accounts.add(single(10, { ac_minflt: 1 }), 0);
  assert.equal(accounts.take(10, 1)?.minorFaults, 1);
});

test('however many accounts there are, only so many are kept', () => {
  const accounts = new Accounts();
  const { stats } = single(1);
  const end = (tid: number, tgid: number | undefined, flag: number) =>
    accounts.add({ tid, stats: { ...stats, tgid, flag }, process: undefined }, 0);
  for (let pid = 1; pid <= 100_000; pid++) {
    end(pid, pid, LAST);
    end(pid + 1_000_000, pid, 0);
    end(pid + 2_000_000, undefined, 0);
  }
  assert.ok(accounts.size < 150_000, `${accounts.size}`);
});

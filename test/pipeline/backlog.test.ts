/** Batches drained before their turn: in order, small ones together, none forgotten, and not without bounds. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WireEvent } from '../../src/netlink/events.ts';
import type { Batch } from '../../src/netlink/source.ts';
import { Backlog } from '../../src/pipeline/backlog.ts';

const event = (tid: number, seconds = 0): WireEvent => ({
  kind: 'exec',
  stamp: { seconds, nanos: 0, cpu: 0, sequence: 0 },
  tid,
  tgid: tid,
});
const batch = (tids: readonly number[], over: Partial<Batch> = {}): Batch => ({
  events: tids.map((tid) => event(tid)),
  lost: 0,
  full: false,
  ...over,
});

function backlog(...batches: readonly Batch[]): Backlog {
  const queue = [...batches];
  const drain = (): Batch => queue.shift() ?? batch([]);
  return new Backlog({ drain }, () => ({ seconds: 1, nanos: 0 }));
}

const tidsOf = ({ events }: { readonly events: readonly WireEvent[] }): number[] => events.map(({ tid }) => tid);

test('all that is queued is drained, and waits in its order', () => {
  const all = backlog(batch([1], { full: true }), batch([2], { full: true }), batch([3]), batch([4]));
  assert.deepEqual(tidsOf({ events: all.drainAll() }), [1, 2, 3]);
  assert.deepEqual(tidsOf(all.take()), [1]);
  assert.deepEqual(tidsOf(all.shift() ?? batch([])), [2]);
  assert.deepEqual(tidsOf(all.take()), [3, 4], 'the last is small: what has come since is handled with it');
  assert.ok(all.isEmpty());
});

test('with nothing ahead the next batch is a fresh one', () => {
  assert.deepEqual(tidsOf(backlog(batch([7])).take()), [7]);
});

test('losses of batches that are handled together are added', () => {
  const all = backlog(batch([1], { lost: 2 }), batch([2], { lost: 3 }));
  all.drainMore();
  assert.equal(all.take().lost, 5);
});

test('empty batches do not wait, but a loss does', () => {
  const empty = backlog(batch([]));
  empty.drainMore();
  assert.ok(empty.isEmpty());
  const loss = backlog(batch([], { lost: 1 }));
  loss.drainMore();
  assert.ok(!loss.isEmpty());
  assert.ok(loss.reachesBack({ seconds: 0, nanos: 0 }));
});

test('it knows whether something from before a moment still waits', () => {
  const all = backlog({ events: [event(1, 5)], lost: 0, full: false });
  all.drainMore();
  assert.ok(!all.reachesBack({ seconds: 4, nanos: 0 }));
  assert.ok(all.reachesBack({ seconds: 5, nanos: 0 }));
});

test('a queue that fills as fast as it is drained does not keep it for ever', () => {
  const endless = { drain: () => batch([1], { full: true }) };
  const all = new Backlog(endless, () => ({ seconds: 1, nanos: 0 }));
  assert.ok(all.drainAll().length < 1000);
});

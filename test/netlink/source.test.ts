/** From a subscription to batches: what is drained, and what is refused. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hearing } from '../../src/netlink/filter.ts';
import { EventSource } from '../../src/netlink/source.ts';
import { Subscription } from '../../src/netlink/subscribe.ts';
import * as dg from '../support/datagrams.ts';
import { ScriptedHost } from '../support/scripted-host.ts';

const HEARING: Hearing = {
  scopes: new Map([
    ['fork', 'leaders'],
    ['exit', 'both'],
  ]),
  onlyFailures: false,
};

function listening() {
  const host = new ScriptedHost();
  const { connector } = host;
  const subscription = new Subscription({
    open: connector.open,
    hearing: HEARING,
    bufferBytes: 1 << 20,
    random: () => host.random(),
    circumstances: () => ({ connectorListed: true, initialPidNamespace: true, initialUserNamespace: true }),
  });
  const source = new EventSource(subscription, HEARING);
  const wakes: number[] = [];
  const readiness = source.onReadable(() => wakes.push(source.drain().events.length));
  return { connector, subscription, source, readiness, wakes };
}

const forks = (count: number): Uint8Array[] => Array.from({ length: count }, (_, i) => dg.fork(1, i + 2));

test('a wake-up drains all that is queued, in the order of arrival', () => {
  const { connector, source } = listening();
  connector.emit(...forks(40), dg.exit(2), dg.exit(3));
  const { events, lost } = source.drain();
  assert.equal(lost, 0);
  assert.deepEqual(
    events.map(({ kind, tgid }) => `${kind} ${tgid}`),
    [...Array.from({ length: 40 }, (_, i) => `fork ${i + 2}`), 'exit 2', 'exit 3'],
  );
});

/** Of all batches until the queue is empty. */
function lostIn(source: EventSource): number {
  let lost = 0;
  for (let full = true; full; ) {
    const batch = source.drain();
    lost += batch.lost;
    full = batch.full;
  }
  return lost;
}

test('what the kernel dropped is told once, with what was queued', () => {
  const { connector, source } = listening();
  connector.drop(17);
  assert.equal(lostIn(source), 17);
  assert.equal(lostIn(source), 0);
});

test('forged, malformed and unknown datagrams are counted by reason, and none becomes an event', () => {
  const { connector, source } = listening();
  connector.forge(4711, dg.fork(1, 2), dg.exit(1, 9));
  connector.inject(dg.fork(1, 3).subarray(0, 60), new Uint8Array(0), dg.datagram(0x400, [1, 1]), dg.acknowledgement(9));
  connector.emit(dg.fork(1, 5));
  assert.deepEqual(
    source.drain().events.map(({ tgid }) => tgid),
    [5],
  );
  assert.deepEqual(source.refused, { foreign: 2, malformed: 2, unknown: 1 });
});

test('what was not asked for is no event, even if it arrives', () => {
  const { connector, source } = listening();
  connector.inject(dg.exec(2), dg.fork(1, { tid: 3, tgid: 2 }), dg.fork(1, 2));
  assert.equal(source.drain().events.length, 1);
  assert.deepEqual(source.refused, { foreign: 0, malformed: 0, unknown: 0 });
});

test('a batch ends at its limit, and says that there may be more', () => {
  const { connector, source } = listening();
  connector.emit(...forks(600));
  const batches = [source.drain(), source.drain()];
  assert.deepEqual(
    batches.map(({ events, full }) => [events.length, full]),
    [
      [512, true],
      [88, false],
    ],
  );
  const tgids = batches.flatMap(({ events }) => events.map(({ tgid }) => tgid));
  assert.deepEqual(
    tgids,
    Array.from({ length: 600 }, (_, i) => i + 2),
  );
});

test('the kernel is asked for drops only where its queue may have been full since it was last empty', () => {
  const { connector, source, subscription } = listening();
  connector.emit(...forks(10));
  connector.missOut(17);
  assert.equal(source.drain().lost, 0);
  const most = subscription.leastQueued;
  connector.emit(...forks(most - 1));
  assert.equal(lostIn(source), 0);
  assert.equal(subscription.takeDrops(), 17, 'still to be told');
  connector.missOut(3);
  connector.emit(...forks(most));
  assert.equal(lostIn(source), 3);
});

test('a wake-up finds what woke it; a pause keeps it waiting, and after the close nothing wakes', () => {
  const { connector, source, readiness, wakes } = listening();
  connector.deliver(...forks(3));
  readiness.pause();
  connector.deliver(...forks(2));
  assert.deepEqual(wakes, [3]);
  readiness.resume();
  connector.wake();
  assert.deepEqual(wakes, [3, 2]);
  const { events } = connector;
  readiness.close();
  assert.equal(events.listener, undefined);
  assert.equal(source.drain().events.length, 0);
});

test('heard less from now on: what is queued already is told by the new measure too', () => {
  const { connector, source } = listening();
  connector.emit(dg.fork(1, 2), dg.exit(2));
  source.rehear({ scopes: new Map([['exit', 'leaders']]), onlyFailures: false });
  connector.emit(dg.fork(1, 3), dg.exit(3));
  assert.deepEqual(
    source.drain().events.map(({ kind, tgid }) => `${kind} ${tgid}`),
    ['exit 2', 'exit 3'],
  );
});

/** From a subscription to batches: what is drained, what is refused, and when the next look is taken. */
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
  const source = new EventSource(subscription, HEARING, {
    now: () => Number(host.nowNs) / 1e6,
    after: (ms, task) => host.after(ms, task),
  });
  const batches: number[] = [];
  source.start(() => {
    const { events } = source.drain();
    batches.push(events.length);
    return events.length;
  });
  return { host, connector, subscription, source, batches };
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

test('each drain tells what the kernel dropped since the one before', () => {
  const { connector, source } = listening();
  connector.drop(17);
  assert.equal(source.drain().lost, 17);
  assert.equal(source.drain().lost, 0);
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

test('a calm stream is read at each event', () => {
  const { host, connector, batches } = listening();
  for (let i = 0; i < 30; i++) {
    connector.deliver(dg.fork(1, i + 2));
    host.advance(20);
  }
  assert.deepEqual(batches, new Array(30).fill(1));
  assert.equal(connector.events.paused, false);
});

test('under load the events of some milliseconds are read at once; calm wakes at each event again', () => {
  const { host, connector, batches } = listening();
  connector.deliver(...forks(150));
  assert.equal(connector.events.paused, true);
  connector.deliver(...forks(50));
  assert.deepEqual(batches, [150], 'nothing is read between two looks');
  host.advance(10);
  assert.deepEqual(batches.slice(0, 2), [150, 50]);
  assert.equal(connector.events.paused, false);
  connector.deliver(dg.fork(1, 9));
  assert.equal(batches.at(-1), 1);
});

test('after the stop no timer is left and nothing is read', () => {
  const { host, connector, source, batches } = listening();
  connector.deliver(...forks(150));
  source.stop();
  connector.emit(dg.fork(1, 2));
  host.advance(1000);
  assert.deepEqual(batches, [150]);
  assert.equal(host.timersLeft, 0);
});

/** The handshake, the heartbeat and the leave-taking, against kernels of several ages and moods. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/errors.ts';
import type { Circumstances } from '../../src/netlink/diagnose.ts';
import type { Hearing } from '../../src/netlink/filter.ts';
import { Subscription } from '../../src/netlink/subscribe.ts';
import { acknowledgement } from '../support/datagrams.ts';
import { type ConnectorScript, ScriptedConnector } from '../support/scripted-socket.ts';

const HEARING: Hearing = { scopes: new Map([['exec', 'leaders']]), onlyFailures: false };
const HOST: Circumstances = { connectorListed: true, initialPidNamespace: true, initialUserNamespace: true };
const ALL = 0xe00003c7;

function subscribe(script: ConnectorScript = {}, circumstances: Partial<Circumstances> = {}, bufferBytes = 1 << 20) {
  const connector = new ScriptedConnector(script);
  let token = 500;
  const make = (): Subscription =>
    new Subscription({
      open: connector.open,
      hearing: HEARING,
      bufferBytes,
      random: () => token++,
      circumstances: () => ({ ...HOST, ...circumstances }),
    });
  return { connector, make };
}

function failureOf(make: () => unknown): Failure {
  try {
    make();
  } catch (error) {
    if (error instanceof Failure) return error;
    throw error;
  }
  return assert.fail('it subscribed');
}

test('each step comes in the order that mixes nothing in: buffer, filter and mask before the group', () => {
  const { connector, make } = subscribe();
  const subscription = make();
  assert.equal(subscription.kernelFilter, true);
  assert.deepEqual(connector.calls, [
    { socket: 0, call: 'open' },
    { socket: 0, call: 'bind' },
    { socket: 0, call: 'no-enobufs' },
    { socket: 0, call: 'filter' },
    { socket: 0, call: 'join' },
    { socket: 0, call: 'listen', mask: ALL },
    { socket: 1, call: 'open' },
    { socket: 1, call: 'bind' },
    { socket: 1, call: 'buffer', bytes: 1 << 20 },
    { socket: 1, call: 'no-enobufs' },
    { socket: 1, call: 'filter' },
    { socket: 1, call: 'listen', mask: 2 },
    { socket: 1, call: 'join' },
  ]);
});

test('closing takes both listeners off the host’s count before the sockets go', () => {
  const { connector, make } = subscribe();
  const subscription = make();
  assert.equal(connector.listeners, 2);
  connector.calls.length = 0;
  subscription.close();
  assert.equal(connector.listeners, 0);
  assert.deepEqual(
    connector.calls.map(({ socket, call }) => `${call} ${socket}`),
    ['ignore 1', 'ignore 0', 'close 1', 'close 0'],
  );
});

test('an old kernel is asked once in its own form, and only classic BPF selects', () => {
  const { connector, make } = subscribe({ kind: 'old' });
  const subscription = make();
  assert.equal(subscription.kernelFilter, false);
  const requests = connector.calls.filter(({ call }) => call === 'listen');
  assert.deepEqual(requests, [
    { socket: 0, call: 'listen', mask: ALL },
    { socket: 0, call: 'listen' },
  ]);
  assert.equal(connector.listeners, 1);
  assert.equal(subscription.heartbeat(), 'unchecked');
  assert.equal(connector.listeners, 1);
  subscription.close();
  assert.equal(connector.listeners, 0);
});

test('a queue below the limit needs no force; above it force is tried, and what was granted is told', () => {
  assert.equal(subscribe({ rmemMax: 1 << 22 }).make().bufferBytes, 1 << 20);
  const forced = subscribe({ rmemMax: 1 << 16, mayForce: true });
  assert.equal(forced.make().bufferBytes, 1 << 20);
  const refused = subscribe({ rmemMax: 1 << 16 });
  assert.equal(refused.make().bufferBytes, 1 << 16);
  assert.equal(refused.connector.calls.filter(({ call }) => call === 'force-buffer').length, 1);
});

test('without a connector in the kernel it is unavailable, with the option to build it in', () => {
  const failure = failureOf(subscribe({ openErrno: 93 }).make);
  assert.equal(failure.exit, 'unavailable');
  assert.match(failure.hint ?? '', /CONFIG_PROC_EVENTS/);
});

test('a socket that cannot be bound is unavailable', () => {
  assert.match(failureOf(subscribe({ bindErrno: 98 }).make).message, /cannot bind.*EADDRINUSE/);
});

test('an old kernel that lets nobody into the group wants privilege', () => {
  const { connector, make } = subscribe({ kind: 'old', joinErrno: 1 });
  assert.equal(failureOf(make).exit, 'permission');
  assert.ok(connector.sockets.every(({ closed }) => closed));
});

test('an old kernel that answers EPERM wants privilege', () => {
  const { connector, make } = subscribe({ kind: 'old-unprivileged' });
  assert.equal(failureOf(make).exit, 'permission');
  assert.ok(connector.sockets.every(({ closed }) => closed));
});

test('silence in a pid namespace is told as such, and nothing stays open', () => {
  const { connector, make } = subscribe({ kind: 'silent' }, { initialPidNamespace: false });
  const failure = failureOf(make);
  assert.equal(failure.exit, 'unavailable');
  assert.match(failure.message, /pid namespace/);
  assert.ok(connector.sockets.every(({ closed }) => closed));
});

test('a refused request in a network namespace is told as such', () => {
  const { connector, make } = subscribe({ kind: 'refusing' }, { connectorListed: false });
  assert.match(failureOf(make).message, /ECONNREFUSED.*network namespace/);
  assert.ok(connector.sockets.every(({ closed }) => closed));
});

test('silence with no explanation ends too, after a bounded number of attempts', () => {
  const { connector, make } = subscribe({ kind: 'silent' });
  assert.match(failureOf(make).message, /count of listeners/);
  assert.ok(connector.sockets.length <= 100);
  assert.ok(connector.sockets.every(({ closed }) => closed));
});

test('a subscription that fails halfway is taken off the host’s count, and nothing stays open', () => {
  for (const kind of ['modern', 'old'] as const) {
    for (const script of [{ openLimit: 1 }, { joinErrno: 12, joinFailsFrom: 1 }]) {
      const { connector, make } = subscribe({ kind, ...script });
      assert.equal(failureOf(make).exit, 'unavailable');
      assert.equal(connector.listeners, 0);
      assert.ok(connector.sockets.every(({ closed }) => closed));
    }
  }
});

test('an attempt to recover that runs out of sockets closes each once', () => {
  const { connector, make } = subscribe({ listeners: -9, openLimit: 3 });
  assert.equal(failureOf(make).exit, 'unavailable');
  assert.ok(connector.sockets.every(({ closed }) => closed));
});

test('a count of listeners below zero at the start is brought back', () => {
  const { connector, make } = subscribe({ listeners: -7 });
  assert.equal(make().kernelFilter, true);
  assert.ok(connector.listeners >= 1);
});

test('an answer with a token that is not ours is not taken for ours', () => {
  const { connector, make } = subscribe({ kind: 'silent' }, { initialPidNamespace: false });
  const { open } = connector;
  const flooded = new ScriptedConnector({ kind: 'silent' });
  const subscription = (): Subscription =>
    new Subscription({
      open: (datagrams) => {
        const socket = open(datagrams);
        if ('send' in socket) {
          const send = socket.send.bind(socket);
          socket.send = (bytes) => {
            connector.emit(acknowledgement(1234), acknowledgement(0));
            connector.forge(77, acknowledgement(501));
            return send(bytes);
          };
        }
        return socket;
      },
      hearing: HEARING,
      bufferBytes: 1 << 20,
      random: () => 500,
      circumstances: () => ({ ...HOST, initialPidNamespace: false }),
    });
  connector.listeners = 1;
  assert.equal(failureOf(subscription).exit, 'unavailable');
  assert.equal(flooded.calls.length, 0);
  assert.equal(failureOf(make).exit, 'unavailable');
});

test('the heartbeat is answered while the kernel sends events, and adds nothing to the count', () => {
  const { connector, make } = subscribe();
  const subscription = make();
  for (let i = 0; i < 5; i++) assert.equal(subscription.heartbeat(), 'heard');
  assert.equal(connector.listeners, 2);
});

test('a heartbeat without an answer brings events back, also when the count is deep below zero', () => {
  const { connector, make } = subscribe();
  const subscription = make();
  for (const count of [0, -20]) {
    connector.listeners = count;
    assert.equal(subscription.heartbeat(), 'recovered');
    assert.ok(connector.listeners >= 1);
    assert.equal(subscription.heartbeat(), 'heard');
  }
});

test('after a recovery nothing is taken off the count, which could silence others', () => {
  const { connector, make } = subscribe();
  const subscription = make();
  connector.listeners = 0;
  subscription.heartbeat();
  const before = connector.listeners;
  subscription.close();
  assert.equal(connector.listeners, before);
  assert.ok(connector.sockets.every(({ closed }) => closed));
});

test('a kernel that stays silent leaves the watch deaf, and says so', () => {
  const { connector, make } = subscribe();
  const subscription = make();
  connector.listeners = -100_000;
  assert.equal(subscription.heartbeat(), 'deaf');
});

test('drops are counted since the last look, also past 2^32', () => {
  const { connector, make } = subscribe();
  const subscription = make();
  assert.equal(subscription.takeDrops(), 0);
  connector.sockets[1].drops = 5;
  assert.equal(subscription.takeDrops(), 5);
  assert.equal(subscription.takeDrops(), 0);
  connector.sockets[1].drops = 0xffffffff;
  subscription.takeDrops();
  connector.sockets[1].drops = 3;
  assert.equal(subscription.takeDrops(), 4);
});

/** Each cause of silence as the sentence and the hint a person gets. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { explainConnectorAbsent, explainSilence, isOrdinaryPlace, needsPrivilege } from '../../src/netlink/diagnose.ts';

const HOST = { connectorListed: true, initialPidNamespace: true, initialUserNamespace: true };

test('in a pid namespace the hint is to share the host’s', () => {
  const failure = explainSilence({ ...HOST, initialPidNamespace: false }, {});
  assert.equal(failure.exit, 'unavailable');
  assert.match(failure.message, /the kernel does not answer: this is a pid namespace/);
  assert.match(failure.hint ?? '', /--pid=host/);
});

test('in a user namespace the hint is to leave it', () => {
  const failure = explainSilence({ ...HOST, initialUserNamespace: false }, {});
  assert.match(failure.message, /user namespace/);
  assert.match(failure.hint ?? '', /outside/);
});

test('in a network namespace, or without the connector, both are named, after what the kernel said', () => {
  const failure = explainSilence({ ...HOST, connectorListed: false }, { sendErrno: 111 });
  assert.match(failure.message, /ECONNREFUSED/);
  assert.match(failure.message, /network namespace/);
  assert.match(failure.hint ?? '', /--network=host.*CONFIG_PROC_EVENTS/);
});

test('where nothing about the place explains it, the count of listeners is suspected', () => {
  assert.equal(isOrdinaryPlace(HOST), true);
  const failure = explainSilence(HOST, { ackErrno: 22 });
  assert.match(failure.message, /the kernel answered EINVAL.*count of listeners/);
});

test('missing privilege and a missing connector have exit codes of their own', () => {
  assert.equal(needsPrivilege(1).exit, 'permission');
  assert.match(needsPrivilege(1).message, /EPERM/);
  assert.match(needsPrivilege(1).hint ?? '', /CAP_NET_ADMIN.*sudo.*6\.6/);
  assert.equal(explainConnectorAbsent(93).exit, 'unavailable');
  assert.match(explainConnectorAbsent(93).message, /EPROTONOSUPPORT/);
});

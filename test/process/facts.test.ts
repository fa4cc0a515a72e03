/** The small pure readers: stat lines, command lines, control groups, clocks, wait statuses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { containerOf, unitOf } from '../../src/process/cgroup.ts';
import { compareMoments, minus, momentOfTicks, plus, secondsBetween } from '../../src/process/moment.ts';
import { parseCmdline, parseStat } from '../../src/process/procstat.ts';
import { readable, textOf } from '../../src/process/text.ts';
import { outcomeOf, signalName, signalNumber } from '../../src/process/wait-status.ts';

/** A stat line as the kernel writes it: 52 fields, the start time the 22nd, the status the last. */
function statLine(comm: Uint8Array | string): Uint8Array {
  const before = '4242 (';
  const after =
    ') S 17 4242 4242 34816 4300 4194304 100 0 0 0 1 2 0 0 20 0 7 0 987654 1234 55 18446744073709551615 1 1 0 0 0 0 0 0 0 0 0 0 17 1 0 0 0 0 0 0 0 0 0 0 0 0 768\n';
  return Buffer.concat([Buffer.from(before), Buffer.from(comm as string), Buffer.from(after)]);
}

test('a stat line is read field by field', () => {
  assert.deepEqual(parseStat(statLine('bash')), {
    comm: 'bash',
    state: 'S',
    ppid: 17,
    threads: 7,
    startTicks: 987654,
    waitStatus: 768,
  });
});

for (const comm of ['a b', ') S 1 (', '((x))', '(sd-pam)', 'a\nb', '', ') R 1 2 3']) {
  test(`a stat line survives the name ${JSON.stringify(comm)}`, () => {
    const stat = parseStat(statLine(comm));
    assert.deepEqual([stat?.comm, stat?.state, stat?.ppid, stat?.startTicks], [comm, 'S', 17, 987654]);
  });
}

test('a name that is not UTF-8 keeps its bytes', () => {
  const bytes = new Uint8Array([0x66, 0xfe, 0x29, 0x20]);
  assert.deepEqual(parseStat(statLine(bytes))?.comm, { text: 'f\ufffd) ', bytes });
});

test('what is no stat line is refused', () => {
  for (const text of ['', 'x', '1 (', '1 ()', ')(', '1 (a) S 1']) assert.equal(parseStat(Buffer.from(text)), undefined);
});

test('arguments end at NULs, empty ones count, and the last may be open', () => {
  assert.deepEqual(parseCmdline(Buffer.from('a\0\0b c\0')), ['a', '', 'b c']);
  assert.deepEqual(parseCmdline(Buffer.from('nginx: worker')), ['nginx: worker']);
  assert.deepEqual(parseCmdline(Buffer.from('')), []);
});

test('valid UTF-8 is a string, byte order mark included; anything else keeps a copy of its bytes', () => {
  assert.equal(textOf(Buffer.from('\ufeffä')), '\ufeffä');
  const bytes = Buffer.from([0xc3, 0x28]);
  const text = textOf(bytes);
  bytes.fill(0);
  assert.deepEqual(text, { text: '\ufffd(', bytes: new Uint8Array([0xc3, 0x28]) });
  assert.equal(readable(text), '\ufffd(');
});

const ID = 'ab'.repeat(32);
const INNER = 'cd'.repeat(32);
test('the container is the innermost id in the path, in every manager’s way of writing it', () => {
  for (const path of [
    `/docker/${ID}`,
    `/system.slice/docker-${ID}.scope`,
    `/kubepods.slice/kubepods-pod1.slice/cri-containerd-${ID}.scope`,
    `/kubepods/besteffort/pod1/${ID}`,
    `/machine.slice/libpod-${ID}.scope/container`,
    `/kubepods-pod1.slice:cri-containerd:${ID}`,
    `/docker/${INNER}/docker/${ID}`,
  ]) {
    assert.equal(containerOf(path), ID, path);
  }
  assert.equal(containerOf('/lxc.payload.web/init.scope'), 'web');
  assert.equal(containerOf('/lxc/web/x'), 'web');
  for (const path of ['/', '/user.slice', `/x/${ID}ff`, '/docker/abc'])
    assert.equal(containerOf(path), undefined, path);
});

test('the unit is the innermost one that is not merely a slice', () => {
  assert.equal(unitOf('/system.slice/ssh.service'), 'ssh.service');
  assert.equal(unitOf('/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope'), 'x.scope');
  assert.equal(unitOf('/user.slice/user@1000.service/app.slice'), 'user@1000.service');
  assert.equal(unitOf('/user.slice'), 'user.slice');
  assert.equal(unitOf('/'), undefined);
});

test('moments add, subtract and compare without losing a nanosecond', () => {
  const a = { seconds: 10_000_000, nanos: 999_999_999 };
  const b = { seconds: 1, nanos: 2 };
  assert.deepEqual(plus(a, b), { seconds: 10_000_002, nanos: 1 });
  assert.deepEqual(minus(plus(a, b), b), a);
  assert.deepEqual(minus(b, { seconds: 0, nanos: 3 }), { seconds: 0, nanos: 999_999_999 });
  assert.ok(compareMoments(b, a) < 0 && compareMoments(a, a) === 0);
  assert.equal(secondsBetween(b, { seconds: 3, nanos: 500_000_002 }), 2.5);
});

test('ticks since boot become the events’ clock, less the time spent asleep', () => {
  assert.deepEqual(momentOfTicks(12_345, { seconds: 100, nanos: 0 }), { seconds: 23, nanos: 450_000_000 });
});

test('a wait status is a code, or a signal with or without a core', () => {
  assert.deepEqual(outcomeOf(0), { kind: 'code', code: 0 });
  assert.deepEqual(outcomeOf(0xff00), { kind: 'code', code: 255 });
  assert.deepEqual(outcomeOf(9), { kind: 'signal', signal: 'SIGKILL', number: 9, coreDumped: false });
  assert.deepEqual(outcomeOf(139), { kind: 'signal', signal: 'SIGSEGV', number: 11, coreDumped: true });
  assert.deepEqual(outcomeOf(34), { kind: 'signal', signal: 'SIGRTMIN', number: 34, coreDumped: false });
});

test('each signal is found by its name in any case, with or without SIG, and by its number', () => {
  for (let number = 1; number <= 64; number++) {
    assert.equal(signalNumber(signalName(number)), number);
    assert.equal(signalNumber(String(number)), number);
  }
  // As bash (kill -l) and systemd write them.
  for (const [number, name] of [
    [37, 'SIGRTMIN+3'],
    [49, 'SIGRTMIN+15'],
    [50, 'SIGRTMAX-14'],
    [64, 'SIGRTMAX'],
  ] as const) {
    assert.equal(signalName(number), name);
    assert.equal(signalNumber(name.slice(3)), number);
  }
  assert.equal(signalNumber('rtmin+3'), 37);
  assert.equal(signalNumber('SIGRT37'), 37);
  assert.equal(signalNumber('kill'), 9);
  assert.equal(signalNumber('SIGTERM'), 15);
  for (const none of ['', 'SIG', 'FOO', '0', '65', '-1', 'SIGRT99', 'RTMIN+31', 'RTMIN-1', 'RTMAX+1'])
    assert.equal(signalNumber(none), undefined, none);
});

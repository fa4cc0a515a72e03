/** Records that are read back: the very same as those that were written, whatever was in them; and nothing foreign gets into one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELDS, fieldsOf } from '../../src/format/fields.ts';
import type { ProcessEventName, StreamRecord } from '../../src/process/record.ts';
import { readRecord } from '../../src/recording/row.ts';
import { ALL_EXTRAS, jsonOf } from '../support/recordings.ts';
import { broken, ended, lost, record } from '../support/records.ts';

const usage = {
  cpuNanos: 1_234_000,
  cpuIsLowerBound: true,
  userMicros: 1000,
  systemMicros: 234,
  maxRssKib: 51_000,
  minorFaults: 12,
  majorFaults: 1,
  readBytes: 4096,
  writeBytes: 8192,
  voluntarySwitches: 3,
  involuntarySwitches: 4,
  ioDelayNanos: 5000,
  gid: 1000,
};

const SENDER = {
  pid: 612,
  comm: 'systemd-oomd',
  uid: 997,
  start: { seconds: 0, nanos: 0 },
  isEnding: true,
  isItself: false,
  args: ['/lib/systemd/systemd-oomd', broken(0xfe)],
};

const ATTEMPT = {
  at: { seconds: 1, nanos: 0 },
  pid: 4242,
  tid: 4242,
  ppid: 17,
  start: { seconds: 0, nanos: 0 },
  uid: 1000,
  comm: 'sh',
  errno: 2,
  path: '/usr/bin/shop',
  args: ['shop'],
  hasAllArgs: false,
};

/** One of each kind, with all that its kind may carry. */
const WHOLE: readonly StreamRecord[] = [
  record({ event: 'fork', imageOf: 'inherited' }),
  record({ event: 'clone', tid: 4243 }),
  record({
    image: { ...record().image, path: './cat', argsTotal: 99, file: { device: '254:1', inode: 2n ** 63n + 1n } },
  }),
  record({ image: { comm: broken(0xff, 0x41), args: ['é', broken(0xfe), '\u009b2J'], missing: 'gone' } }),
  record({ event: 'found', inferred: true, imageOf: 'earlier' }),
  record({ event: 'coredump', image: { ...record().image, exeDeleted: true, cwdDeleted: true } }),
  record({ event: 'coredump', image: { comm: 'x', exeMissing: 'torn', cwdMissing: 'too deep' } }),
  record({ event: 'uid', ids: { real: 1, effective: 2 } }),
  record({ event: 'gid', ids: { real: 3, effective: 4 } }),
  record({ event: 'sid' }),
  record({ event: 'ptrace', tracer: { pid: 8, tid: 9 } }),
  record({ event: 'ptrace' }),
  record({ event: 'comm' }),
  record({ event: 'coredump' }),
  record({ event: 'alive', start: { seconds: 12, nanos: 340_000_000 } }),
  ended(0x100, {
    cgroup: `/docker/${'ab'.repeat(32)}/x.service`,
    ancestry: [
      { pid: 17, comm: 'sh' },
      { pid: 1, comm: undefined },
    ],
  }),
  ended(139, {
    exit: {
      waitStatus: 139,
      start: { seconds: 1, nanos: 0 },
      duration: { seconds: 999.001234567, exact: true },
      usage,
    },
  }),
  ended(undefined, { thread: true, tid: 4243, exit: { waitStatus: 0, start: undefined, duration: undefined } }),
  ended(0, {
    exit: {
      waitStatus: 0,
      start: { seconds: 999, nanos: 990_000_000 },
      duration: { seconds: 0.011234567, exact: false },
    },
  }),
  ended(9, {
    exit: {
      waitStatus: 9,
      start: { seconds: 999, nanos: 0 },
      duration: { seconds: 1.001234567, exact: true },
      cause: {
        cause: 'signal',
        sender: { ...SENDER, cgroup: '/x' },
        code: 'SI_USER',
        address: 0xffff_ffff_ffff_0010n,
        syscall: 59,
        raisedAgain: true,
        outOfMemory: { residentKib: 4_300_000, trigger: { pid: 77, comm: broken(0xff) } },
        asked: { signal: 'SIGTERM', by: 'signal', sender: SENDER, before: 1.5 },
      },
    },
    failed: { attempt: ATTEMPT, tried: 17 },
  }),
  record({ event: 'exec-failed', failed: { attempt: ATTEMPT, tried: 17 } }),
  lost(),
  lost({ reason: 'starved', count: undefined }),
  { event: 'start', at: { seconds: 5, nanos: 6 }, facts: { version: '9', events: ['exec'] } },
  { event: 'end', at: { seconds: 7, nanos: 8 }, facts: { reason: 'ok', told: { exec: 1 }, lost: 0 } },
];

test('records that were written are read again', () => {
  for (const told of WHOLE) {
    const json = jsonOf([told]);
    const again = readRecord(json, 'with usage');
    assert.ok(again, json);
    assert.equal(jsonOf([again]), json);
    assert.equal(again.told.isStrange, false, told.event);
  }
});

test('what JSON rounds is read as it was: lives to the nanosecond', () => {
  for (const exact of [true, false]) {
    const seconds = 1.001234567;
    const start = { seconds: 999, nanos: 0 };
    const told = ended(0, {
      exit: { waitStatus: 0, start, duration: { seconds, exact } },
      at: { seconds: 1000, nanos: 1_234_567 },
    });
    const again = readRecord(jsonOf([told]), 'with usage');
    assert.deepEqual(again && 'exit' in again && again.exit?.duration, { seconds, exact });
  }
});

test('every field is read back, or follows from others', () => {
  const elsewhere = ['event', 'exit_code', 'signal', 'core_dumped', 'attached', 'container_id', 'unit', 'host'];
  assert.deepEqual(
    FIELDS.filter(({ fill }) => fill === 'elsewhere').map(({ name }) => name),
    elsewhere,
  );
  const withHost = { ...ALL_EXTRAS, extras: new Set([...ALL_EXTRAS.extras, 'host'] as const), host: 'web-3' };
  const seen = new Set(WHOLE.flatMap((told) => Object.keys(JSON.parse(jsonOf([told], withHost)))));
  for (const event of new Set(WHOLE.map((told) => told.event))) {
    for (const { name } of fieldsOf(event as ProcessEventName)) assert.ok(seen.has(name), name);
  }
});

test('what is not wanted is not told: what processes used', () => {
  const again = readRecord(jsonOf([WHOLE[16]]), 'without usage');
  assert.equal(again && 'exit' in again && again.exit?.usage, undefined);
});

const HEAD = '"time":"2001-09-09T01:46:40.001234567Z","mono_ns":"1000001234567"';

test('members that nobody knows are kept as they are, safe to look at', () => {
  const big = '{"a":[1,2.50,{"b":"}\\"]"}],"n":12345678901234567890}';
  const again = readRecord(
    `{"v":1,"seq":1,${HEAD},"event":"exec","novel" : ${big} ,"pid":5,"esc":"\u009b"}`,
    'with usage',
  );
  assert.equal(again?.told.others, `,"novel":${big},"esc":"\\u009b"`);
});

test('what is of the wrong type, or no value of ours, is as good as absent', () => {
  const odd =
    '"pid":5,"tid":"x","ppid":-1,"comm":7,"args":[1],"uid":1.5,"exe_dev":"\\u001b[2J","exe_inode":3,"missing":"\\u001b","image":"x"';
  const again = readRecord(
    `{${HEAD},"event":"exit",${odd},"wait_status":null,"duration_s":-1,"start_time":"soon"}`,
    'with usage',
  );
  assert.deepEqual(JSON.parse(jsonOf([again as never])), {
    v: 1,
    seq: 1,
    time: '2001-09-09T01:46:40.001234567Z',
    mono_ns: '1000001234567',
    event: 'exit',
    pid: 5,
    tid: 5,
    exe_inode: 3,
  });
});

test('what has no moment, no event or no process is no record', () => {
  for (const line of [
    '',
    '{',
    '[]',
    'null',
    '7',
    '{}',
    `{${HEAD}}`,
    `{${HEAD},"event":"exec"}`,
    '{"event":"exec","pid":1,"mono_ns":1}',
  ]) {
    assert.equal(readRecord(line, 'with usage'), undefined, line);
  }
});

/** JSON Lines: valid, flat, in one order, complete to the byte, and safe to look at. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FIELDS } from '../../src/format/fields.ts';
import { JsonFormatter } from '../../src/format/json.ts';
import type { StreamRecord } from '../../src/process/record.ts';
import { broken, context, ended, HAZARDS, lost, rawHazards, record } from '../support/records.ts';
import { usage } from '../support/usage.ts';

type Flat = Record<string, unknown>;
const line = (of: StreamRecord): string => new JsonFormatter(context).format(of);
const parsed = (of: StreamRecord): Flat => JSON.parse(line(of)) as Flat;

test('a record is one line with one object, its members in the order of the field table', () => {
  const text = line(ended(139, { ancestry: [{ pid: 17, comm: 'sh' }], cgroup: '/a.service', imageOf: 'inherited' }));
  assert.equal(text.indexOf('\n'), text.length - 1);
  const order = ['v', 'seq', ...FIELDS.map(({ name }) => name)];
  const names = Object.keys(JSON.parse(text) as Flat);
  assert.deepEqual(
    names,
    order.filter((name) => names.includes(name)),
  );
  assert.ok(names.length > 20);
});

test('what was used comes last, in the order of the field table, times in seconds to the microsecond', () => {
  const end = ended(0);
  const used = usage({
    cpuNanos: 1_234_567_890,
    cpuIsLowerBound: true,
    userMicros: 1000.4,
    systemMicros: 0,
    maxRssKib: 5_000_000_000,
    minorFaults: 1,
    majorFaults: 0,
    readBytes: 2 ** 40,
    writeBytes: 512,
    voluntarySwitches: 3,
    involuntarySwitches: 4,
    ioDelayNanos: 1500,
    gid: 100,
  });
  const told = new JsonFormatter({ ...context, extras: new Set(['usage']) }).format({
    ...end,
    exit: { waitStatus: 0, start: end.exit?.start, duration: end.exit?.duration, usage: used },
  });
  const members = Object.entries(JSON.parse(told) as Flat);
  const first = members.findIndex(([name]) => name === 'cpu_s');
  assert.deepEqual(members.slice(first), [
    ['cpu_s', 1.234568],
    ['cpu_is_lower_bound', true],
    ['user_s', 0.001],
    ['sys_s', 0],
    ['max_rss_kib', 5_000_000_000],
    ['minflt', 1],
    ['majflt', 0],
    ['read_bytes', 2 ** 40],
    ['write_bytes', 512],
    ['nvcsw', 3],
    ['nivcsw', 4],
    ['io_delay_s', 0.000002],
    ['gid', 100],
  ]);
  const order = FIELDS.map(({ name }) => name);
  assert.deepEqual(
    members.map(([name]) => name),
    ['v', 'seq', ...order.filter((name) => members.some(([told]) => told === name))],
  );
});

test('an exec carries who, when, where and what', () => {
  assert.deepEqual(parsed(record()), {
    v: 1,
    seq: 1,
    time: '2001-09-09T01:46:40.001234567Z',
    mono_ns: '1000001234567',
    event: 'exec',
    cpu: 3,
    pid: 4242,
    tid: 4242,
    ppid: 17,
    parent_comm: 'sh',
    comm: 'cat',
    exe: '/bin/cat',
    args: ['cat', 'a file'],
    cwd: '/tmp',
    uid: 1000,
    user: 'ada',
  });
});

test('an exit has a code, or a signal and whether core was dumped, never both', () => {
  const byCode = parsed(ended(0x300));
  assert.deepEqual([byCode.wait_status, byCode.exit_code, byCode.duration_s], [0x300, 3, 2.5]);
  assert.equal('signal' in byCode || 'core_dumped' in byCode, false);
  const bySignal = parsed(ended(139));
  assert.deepEqual([bySignal.signal, bySignal.core_dumped], ['SIGSEGV', true]);
  assert.equal('exit_code' in bySignal, false);
  assert.equal(bySignal.start_time, '2001-09-09T01:46:37.501234567Z');
});

test('what is unknown is absent, and never null or empty', () => {
  const bare = record({ image: {}, ppid: undefined, parentComm: undefined, cpu: undefined });
  assert.deepEqual(Object.keys(parsed(bare)), ['v', 'seq', 'time', 'mono_ns', 'event', 'pid', 'tid']);
  const unknownEnd = parsed(
    ended(undefined, { inferred: true, exit: { waitStatus: undefined, start: undefined, duration: undefined } }),
  );
  for (const name of ['wait_status', 'exit_code', 'signal', 'duration_s'])
    assert.equal(name in unknownEnd, false, name);
  assert.equal(unknownEnd.inferred, true);
});

test('a user whose name comes late is named as soon as it is known', () => {
  let name: string | undefined;
  const format = new JsonFormatter({ ...context, userName: () => name });
  const one = record();
  assert.equal('user' in (JSON.parse(format.format(one)) as Flat), false);
  name = 'late';
  assert.equal((JSON.parse(format.format(one)) as Flat).user, 'late');
});

test('text that is not UTF-8 is shown with U+FFFD and kept to the byte in a twin', () => {
  const name = broken(0x61, 0xff);
  const flat = parsed(record({ image: { comm: name, exe: name, cwd: name }, parentComm: name }));
  for (const field of ['comm', 'exe', 'cwd', 'parent_comm']) {
    assert.equal(flat[field], 'a\ufffd');
    assert.equal(flat[`${field}_base64`], 'Yf8=');
  }
});

test('args_base64 is as long as args, and only there when an argument needs it', () => {
  const flat = parsed(record({ image: { args: ['ok', broken(0xff), 'ä', ''] } }));
  assert.deepEqual(flat.args, ['ok', '\ufffd', 'ä', '']);
  assert.deepEqual(
    (flat.args_base64 as string[]).map((text) => Buffer.from(text, 'base64')),
    [Buffer.from('ok'), Buffer.from([0xff]), Buffer.from('ä'), Buffer.from('')],
  );
  assert.equal('args_base64' in parsed(record({ image: { args: ['ok'] } })), false);
});

test('no character that a terminal obeys is raw, and each comes back from the JSON', () => {
  for (const hazard of HAZARDS) {
    const nasty = `a${hazard}b`;
    const of = record({
      image: { comm: nasty, args: [nasty], exe: nasty, cwd: nasty, uid: 5 },
      parentComm: nasty,
      cgroup: nasty,
      ancestry: [{ pid: 1, comm: nasty }],
    });
    const text = new JsonFormatter({ ...context, userName: () => nasty }).format(of);
    assert.deepEqual(rawHazards(text), [], JSON.stringify(hazard));
    const flat = JSON.parse(text) as Flat;
    assert.deepEqual([flat.comm, flat.args, flat.user, flat.cgroup], [nasty, [nasty], nasty, nasty]);
    assert.deepEqual(flat.ancestry, [{ pid: 1, comm: nasty }]);
  }
});

test('the sequence counts every line, lost ones included', () => {
  const format = new JsonFormatter(context);
  const seqs = [record(), lost(), record()].map((of) => (JSON.parse(format.format(of)) as Flat).seq);
  assert.deepEqual(seqs, [1, 2, 3]);
});

test('a loss tells how many, why and since when; an uncounted one has no count', () => {
  assert.deepEqual(parsed(lost()), {
    v: 1,
    seq: 1,
    time: '2001-09-09T01:46:41.000000000Z',
    mono_ns: '1001000000000',
    event: 'lost',
    reason: 'overrun',
    count: 1234,
    since: '2001-09-09T01:46:40.500000000Z',
    since_mono_ns: '1000500000000',
  });
  assert.equal('count' in parsed(lost({ reason: 'starved', count: undefined })), false);
});

test('each event carries its own members', () => {
  const uid = parsed(record({ event: 'uid', ids: { real: 1, effective: 2 } }));
  assert.deepEqual([uid.ruid, uid.euid, 'rgid' in uid], [1, 2, false]);
  const gid = parsed(record({ event: 'gid', ids: { real: 1, effective: 2 } }));
  assert.deepEqual([gid.rgid, gid.egid, 'ruid' in gid], [1, 2, false]);
  const attach = parsed(record({ event: 'ptrace', tracer: { pid: 8, tid: 9 } }));
  assert.deepEqual([attach.attached, attach.tracer_pid, attach.tracer_tid], [true, 8, 9]);
  const detach = parsed(record({ event: 'ptrace' }));
  assert.deepEqual([detach.attached, 'tracer_pid' in detach], [false, false]);
  const thread = parsed(ended(0, { thread: true, tid: 4243 }));
  assert.deepEqual([thread.thread, thread.tid], [true, 4243]);
  assert.equal(parsed(record({ event: 'fork', imageOf: 'inherited' })).image, 'inherited');
  assert.equal(parsed(record({ image: { missing: 'gone' } })).missing, 'gone');
});

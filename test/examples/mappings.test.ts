/** The mappings to other names, run by jq on a recording. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { FIELDS } from '../../src/format/fields.ts';
import { hasProgram, needs, root } from '../docs/need.ts';

interface Source {
  readonly event: string;
  readonly [name: string]: unknown;
}

const sample = readFileSync(`${root}test/docs/sample.jsonl`, 'utf8');
const records: Source[] = sample
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line));
const START = records.find(({ event }) => event === 'start') ?? assert.fail('the recording has no start');

const AT = { v: 1, seq: 99, time: '2026-11-21T09:58:31.149020715Z', mono_ns: '4028604345796' };
const KILLED: Source = {
  ...AT,
  event: 'exit',
  pid: 10,
  tid: 10,
  ppid: 1,
  comm: 'sh',
  exe: '/usr/bin/dash',
  args: ['sh', '-c', 'a b'],
  uid: 1000,
  user: 'ada',
  wait_status: 139,
  signal: 'SIGSEGV',
  core_dumped: true,
  duration_s: 1.5,
  start_time: '2026-11-21T09:58:29.649020715Z',
  container_id: 'abc',
};
const ROOT_AGAIN: Source = { ...AT, event: 'uid', pid: 10, tid: 10, ruid: 1000, euid: 0 };
const LOST: Source = { ...AT, event: 'lost', reason: 'overrun', count: 7, since: AT.time, since_mono_ns: AT.mono_ns };

interface Mapped {
  readonly [name: string]: unknown;
}

/** What a program makes of records; undefined where the test must end. */
function mapped(t: TestContext, program: string, sources: readonly Source[]): Mapped[] | undefined {
  if (!needs(t, hasProgram('jq'), 'jq is not installed')) return undefined;
  const input = sources.map((source) => JSON.stringify(source)).join('\n');
  const { stdout, stderr, status } = spawnSync('jq', ['-nc', '-f', `${root}examples/${program}`], {
    input,
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  assert.equal(status, 0);
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

for (const program of ['otel.jq', 'ecs.jq']) {
  test(`${program} maps every record of a recording, and leaves out what is unknown`, (t) => {
    const result = mapped(t, program, records);
    if (result === undefined) return;
    assert.equal(result.length, records.length);
    assert.equal(JSON.stringify(result).includes('null'), false);
  });
}

test('OpenTelemetry: an exit has the names of the conventions, and the host of the start record', (t) => {
  const result = mapped(t, 'otel.jq', [START, KILLED]);
  if (result === undefined) return;
  assert.deepEqual(result[1], {
    timeUnixNano: '1795255111149020715',
    eventName: 'procwatch.exit',
    resource: { 'host.name': START.host, 'host.boot.id': START.boot_id, 'os.version': START.kernel },
    attributes: {
      'process.pid': 10,
      'process.parent_pid': 1,
      'thread.id': 10,
      'process.executable.name': 'dash',
      'process.executable.path': '/usr/bin/dash',
      'process.command_args': ['sh', '-c', 'a b'],
      'process.user.id': 1000,
      'process.user.name': 'ada',
      'process.creation.time': KILLED.start_time,
      'process.exit.time': AT.time,
      'container.id': 'abc',
      'procwatch.seq': 99,
      'procwatch.signal': 'SIGSEGV',
      'procwatch.core_dumped': true,
      'procwatch.duration_s': 1.5,
    },
  });
});

test('OpenTelemetry: a change of the user has both ids, a loss its reason and count', (t) => {
  const result = mapped(t, 'otel.jq', [ROOT_AGAIN, LOST]);
  if (result === undefined) return;
  const [user, lost] = result.map(({ attributes }) => attributes as Mapped);
  assert.equal(user['process.user.id'], 0);
  assert.equal(user['process.real_user.id'], 1000);
  assert.deepEqual(lost, { 'procwatch.seq': 99, 'procwatch.lost.reason': 'overrun', 'procwatch.lost.count': 7 });
});

test('ECS: an exit has the names of the schema, and the host of the start record', (t) => {
  const result = mapped(t, 'ecs.jq', [START, KILLED]);
  if (result === undefined) return;
  assert.deepEqual(result[1], {
    '@timestamp': AT.time,
    ecs: { version: '8.11.0' },
    event: {
      kind: 'event',
      category: ['process'],
      type: ['end'],
      action: 'exit',
      sequence: 99,
      duration: 1_500_000_000,
    },
    host: { name: START.host, boot: { id: START.boot_id }, os: { kernel: START.kernel } },
    process: {
      pid: 10,
      thread: { id: 10 },
      parent: { pid: 1 },
      name: 'sh',
      executable: '/usr/bin/dash',
      args: ['sh', '-c', 'a b'],
      args_count: 3,
      command_line: 'sh -c a b',
      start: KILLED.start_time,
      end: AT.time,
      user: { id: '1000', name: 'ada' },
    },
    container: { id: 'abc' },
    procwatch: { signal: 'SIGSEGV', core_dumped: true },
  });
});

test('ECS: a change of the user has both ids as texts, a loss no process', (t) => {
  const result = mapped(t, 'ecs.jq', [ROOT_AGAIN, LOST]);
  if (result === undefined) return;
  const [user, lost] = result;
  assert.deepEqual(user.process, { pid: 10, thread: { id: 10 }, user: { id: '0' }, real_user: { id: '1000' } });
  assert.equal('process' in lost, false);
  assert.deepEqual(lost.procwatch, { lost: { reason: 'overrun', count: 7 } });
});

/** A record with every field that says why a process ended, and each with a value of its own. */
const WHY = FIELDS.filter(({ ofCause }) => ofCause).map(({ name }) => name);
const EXPLAINED: Source = { ...KILLED, ...Object.fromEntries(WHY.map((name, i) => [name, `${name} ${i}`])) };
const NOT_FOUND: Source = {
  ...AT,
  event: 'exec-failed',
  pid: 10,
  tid: 10,
  comm: 'env',
  path: '/usr/bin/shop',
  args: ['shop'],
  error: 'ENOENT',
  tried: 17,
};

test('OpenTelemetry: nothing that says why a process ended is left out, and what was not executed has its error', (t) => {
  const result = mapped(t, 'otel.jq', [EXPLAINED, NOT_FOUND]);
  if (result === undefined) return;
  const [ended, failed] = result.map(({ attributes }) => attributes as Mapped);
  for (const name of WHY) assert.equal(ended[`procwatch.${name}`], EXPLAINED[name], name);
  assert.equal(failed['error.type'], 'ENOENT');
  assert.equal(failed['procwatch.path'], '/usr/bin/shop');
  assert.equal(failed['procwatch.tried'], 17);
});

test('ECS: the cause is the reason of the event, the rest of why is beside it, and what was not executed is a start that failed', (t) => {
  const result = mapped(t, 'ecs.jq', [EXPLAINED, NOT_FOUND]);
  if (result === undefined) return;
  const [ended, failed] = result as { event: Mapped; procwatch: Mapped; error: Mapped }[];
  assert.equal(ended.event.reason, EXPLAINED.cause);
  for (const name of WHY.filter((one) => one !== 'cause')) assert.equal(ended.procwatch[name], EXPLAINED[name], name);
  assert.deepEqual([failed.event.type, failed.event.outcome, failed.error], [['start'], 'failure', { code: 'ENOENT' }]);
  assert.deepEqual(failed.procwatch, { path: '/usr/bin/shop', tried: 17 });
});

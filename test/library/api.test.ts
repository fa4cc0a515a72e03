/** The library in a scripted world: the same records as the program prints, what it refuses, how it ends, and what a slow reader misses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Failure } from '../../src/errors.ts';
import { JsonFormatter } from '../../src/format/json.ts';
import { objectOf } from '../../src/format/json-object.ts';
import type { JsonRecord } from '../../src/format/json-records.ts';
import { LiveWatch } from '../../src/library/live-watch.ts';
import type { WatchRequest } from '../../src/library/watch-request.ts';
import type { StreamRecord } from '../../src/process/record.ts';
import { textOf } from '../../src/process/text.ts';
import { assertRecord } from '../schema/validator.ts';
import { exec, exit, fork } from '../support/datagrams.ts';
import { ScriptedHost, type World } from '../support/scripted-host.ts';

async function begin(request: WatchRequest = {}, world: World = {}) {
  const host = new ScriptedHost(world);
  host.reader.set(100, { comm: 'bash', args: ['-bash'], uid: 1000 });
  const watch = new LiveWatch(request, host, () => host.kernel());
  await watch.started;
  return { host, watch };
}

async function rest(watch: AsyncIterable<JsonRecord>): Promise<JsonRecord[]> {
  const records: JsonRecord[] = [];
  for await (const record of watch) records.push(record);
  return records;
}

const brief = (record: JsonRecord): string => `${record.event} ${'pid' in record ? record.pid : ''}`.trim();

const CONTEXT = {
  wallOffset: { seconds: 1_700_000_000, nanos: 5 },
  extras: new Set(['ancestry', 'cgroup'] as const),
  userName: (uid: number) => (uid === 0 ? 'root' : undefined),
};
const AT = { seconds: 1000, nanos: 1 };
const BROKEN = textOf(Uint8Array.of(0x66, 0xff));
const PROCESS = {
  at: AT,
  cpu: 1,
  pid: 10,
  tid: 11,
  ppid: 1,
  parentComm: 'init',
  image: {
    comm: BROKEN,
    args: ['ls', BROKEN],
    exe: '/bin/ls\u202e',
    file: { device: '0:1', inode: 2n ** 60n },
    argsTotal: 9,
    cwd: '/',
    uid: 0,
  },
  imageOf: 'inherited',
  ancestry: [
    { pid: 2, comm: BROKEN },
    { pid: 1, comm: undefined },
  ],
  cgroup: '/system.slice/cron.service',
  thread: false,
  inferred: false,
  exit: undefined,
  ids: undefined,
  tracer: undefined,
} as const;
const DURATION = { seconds: 1.23456789, exact: true };

const RECORDS: readonly StreamRecord[] = [
  { event: 'start', at: AT, facts: { version: '1', events: ['fork'], buffer_bytes: 7 } },
  { ...PROCESS, event: 'fork' },
  { ...PROCESS, event: 'exec', image: {}, imageOf: undefined, ancestry: undefined, cgroup: undefined, cpu: undefined },
  { ...PROCESS, event: 'uid', ids: { real: 0, effective: 4_294_967_295 } },
  { ...PROCESS, event: 'ptrace', tracer: { pid: 5, tid: 5 } },
  { ...PROCESS, event: 'exit', exit: { waitStatus: 0x8b, start: AT, duration: DURATION } },
  { ...PROCESS, event: 'exit', inferred: true, exit: { waitStatus: undefined, start: undefined, duration: undefined } },
  { event: 'lost', reason: 'overrun', count: 3, at: AT, since: AT },
  { event: 'lost', reason: 'starved', count: undefined, at: AT, since: AT },
  { event: 'end', at: AT, facts: { reason: 'ok', told: { fork: 1 }, lost: 0, refused: 0 } },
];

test('a record as an object equals what its line of JSON parses to', () => {
  const formatter = new JsonFormatter(CONTEXT);
  RECORDS.forEach((record, i) => {
    const object = objectOf(record, i + 1, CONTEXT);
    const parsed = JSON.parse(formatter.format(record));
    assert.deepEqual(object, parsed);
  });
});

test('the kernel speaks, and the loop gets records that obey the schema', async () => {
  const { host, watch } = await begin();
  host.connector.deliver(fork(100, 200));
  host.reader.set(200, { comm: 'cat', args: ['cat', 'a file'], uid: 1000, ppid: 100 });
  host.connector.deliver(exec(200));
  host.reader.remove(200);
  host.connector.deliver(exit(200, 0x100, 100));
  await watch.return();
  const records = await rest(watch);
  assert.deepEqual(records.map(brief), ['fork 200', 'exec 200', 'exit 200']);
  assert.deepEqual(
    records.map(({ seq }) => seq),
    [1, 2, 3],
  );
  for (const record of records) assertRecord(record);
});

test('a loop that waits is woken by the next event', async () => {
  const { host, watch } = await begin({ events: 'fork' });
  const next = watch.next();
  host.connector.deliver(fork(100, 200));
  const { value } = await next;
  assert.equal(value && brief(value), 'fork 200');
  await watch.return();
});

test('selection is that of the command line', async () => {
  const { host, watch } = await begin({ events: ['exit'], code: [3, 4], notPid: 201 });
  for (const [pid, code] of [
    [200, 3],
    [201, 3],
    [202, 4],
    [203, 5],
  ]) {
    host.connector.deliver(exit(pid, code << 8, 100));
  }
  await watch.return();
  assert.deepEqual((await rest(watch)).map(brief), ['exit 200', 'exit 202']);
});

test('the end by a signal is selected by killedBy, since signal is the AbortSignal', async () => {
  const { host, watch } = await begin({ events: ['exit'], killedBy: 'KILL', signal: new AbortController().signal });
  host.connector.deliver(exit(200, 9, 100), exit(201, 0, 100));
  await watch.return();
  assert.deepEqual((await rest(watch)).map(brief), ['exit 200']);
});

test('an abort ends the loop after what was heard, and gives the listener back', async () => {
  const aborting = new AbortController();
  const { host, watch } = await begin({ events: 'fork', signal: aborting.signal });
  host.connector.deliver(fork(100, 200));
  aborting.abort();
  assert.deepEqual((await rest(watch)).map(brief), ['fork 200']);
  assert.equal(host.connector.listeners, 0);
  assert.equal(host.timersLeft, 0);
});

test('a signal that was aborted before lets nothing begin', async () => {
  const { host, watch } = await begin({ signal: AbortSignal.abort() });
  assert.deepEqual(await rest(watch), []);
  assert.deepEqual(host.connector.calls, []);
});

test('leaving the loop ends the watch', async () => {
  const { host, watch } = await begin({ events: 'fork' });
  host.connector.deliver(fork(100, 200), fork(100, 201));
  for await (const record of watch) {
    assert.equal(brief(record), 'fork 200');
    break;
  }
  assert.equal(host.connector.listeners, 0);
  assert.equal(host.timersLeft, 0);
});

test('what a slow loop misses is counted, and told where it is missing', async () => {
  const { host, watch } = await begin({ events: 'fork', queue: 2 });
  host.connector.deliver(fork(100, 200), fork(100, 201), fork(100, 202), fork(100, 203));
  const first = await watch.next();
  assert.equal(first.value && brief(first.value), 'fork 200');
  host.connector.deliver(fork(100, 204));
  await watch.return();
  const records = await rest(watch);
  assert.deepEqual(records.map(brief), ['fork 201', 'lost', 'fork 204']);
  const gap = records[1];
  assertRecord(gap);
  assert.ok(gap.event === 'lost' && gap.reason === 'output' && gap.count === 2);
});

test('what was missed at the very end is told too', async () => {
  const { host, watch } = await begin({ events: 'fork', queue: 1 });
  host.connector.deliver(fork(100, 200), fork(100, 201));
  await watch.return();
  assert.deepEqual((await rest(watch)).map(brief), ['fork 200', 'lost']);
});

test('where there is no connector, both the loop and started say why', async () => {
  const host = new ScriptedHost({ connector: { kind: 'silent' }, circumstances: { initialPidNamespace: false } });
  const watch = new LiveWatch({}, host, () => host.kernel());
  const isExplained = (error: unknown): boolean =>
    error instanceof Failure && error.exit === 'unavailable' && /pid namespace/.test(error.message);
  await assert.rejects(watch.started, isExplained);
  await assert.rejects(watch.next(), isExplained);
});

for (const [request, message] of [
  [{ events: ['exce'] }, /--events: unknown name "exce"; did you mean "exec"\?/],
  [{ pid: -1 }, /--pid/],
  [{ colour: true }, /there is no option "colour"/],
  [{ output: '/etc/passwd' }, /there is no option "output"/],
] as const) {
  test(`the request ${JSON.stringify(request)} is refused at once`, () => {
    const host = new ScriptedHost();
    const make = () => new LiveWatch(request as WatchRequest, host, () => host.kernel());
    assert.throws(make, (error) => error instanceof Failure && error.exit === 'usage' && message.test(error.message));
  });
}

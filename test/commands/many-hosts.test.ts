/** Recordings of several machines at once: numbers of processes, users and clocks of one have nothing to do with those of another. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main } from '../../src/main.ts';
import { root } from '../docs/need.ts';
import { ScriptedHost } from '../support/scripted-host.ts';

process.env.TZ = 'UTC';

const WALL_MS = Date.UTC(2026, 10, 27, 3, 0, 0);

interface Machine {
  readonly host: string;
  readonly boot: string;
  /** Milliseconds after three o'clock at which it was started; its monotonic clock began then. */
  readonly bootedMs: number;
}

/** What a machine has recorded, a line at a time, at milliseconds after three o'clock. */
class Tape {
  private readonly machine: Machine;
  private seq = 0;
  text = '';

  constructor(machine: Machine, ms: number) {
    this.machine = machine;
    const facts = { version: '0.1.0', kernel: '6.18.0', cpus: 2, events: ['fork'], filter: 'kernel' };
    this.add(ms, 'start', { ...facts, host: machine.host, boot_id: machine.boot, buffer_bytes: 1, argv_source: 'bpf' });
  }

  add(ms: number, event: string, members: object): this {
    const time = new Date(WALL_MS + ms).toISOString().replace('Z', '000000Z');
    const mono = String(BigInt(ms - this.machine.bootedMs) * 1_000_000n);
    this.text += `${JSON.stringify({ v: 1, seq: ++this.seq, time, mono_ns: mono, event, ...members })}\n`;
    return this;
  }

  fork(ms: number, pid: number, ppid: number, comm: string): this {
    return this.add(ms, 'fork', { pid, tid: pid, ppid, comm, thread: false });
  }

  exec(ms: number, pid: number, ppid: number, comm: string, user: readonly [number, string] = [0, 'root']): this {
    const who = { comm, args: [comm], uid: user[0], user: user[1] };
    return this.add(ms, 'exec', { pid, tid: pid, ppid, ...who, thread: false });
  }

  exit(ms: number, pid: number, ppid: number, comm: string, code = 0): this {
    const how = { wait_status: code << 8, exit_code: code };
    return this.add(ms, 'exit', { pid, tid: pid, ppid, comm, thread: false, ...how });
  }
}

const WEB_1 = { host: 'web-1', boot: '11111111-0000-0000-0000-000000000000', bootedMs: -5000 };
const WEB_2 = { host: 'web-2', boot: '22222222-0000-0000-0000-000000000000', bootedMs: -90_000 };
const AGAIN = { host: 'web-1', boot: '33333333-0000-0000-0000-000000000000', bootedMs: 9000 };

/** The same numbers at the same time: on one a shell that runs a job, on the other one that fails. */
const one = new Tape(WEB_1, 0)
  .fork(10, 100, 1, 'init')
  .exec(20, 100, 1, 'sh', [1000, 'ada'])
  .fork(30, 101, 100, 'sh')
  .exec(40, 101, 100, 'job', [1000, 'ada'])
  .exit(140, 101, 100, 'job')
  .fork(150, 102, 100, 'sh');
const two = new Tape(WEB_2, 5)
  .fork(12, 100, 1, 'init')
  .exec(22, 100, 1, 'cron', [1000, 'bob'])
  .fork(32, 101, 100, 'cron')
  .exec(42, 101, 100, 'backup', [1000, 'bob'])
  .exit(142, 101, 100, 'backup', 3);
/** The first machine after a reboot: its numbers begin anew. */
const again = new Tape(AGAIN, 10_000)
  .fork(10_010, 102, 1, 'init')
  .exec(10_020, 102, 1, 'getty')
  .exit(10_070, 102, 1, 'getty');

async function procwatch(...argv: readonly string[]) {
  const host = new ScriptedHost({ argv });
  const files = { one, two, again };
  for (const [name, { text }] of Object.entries(files)) host.openFile(`${name}.jsonl`).write(text);
  host.openFile('-').write(one.text + two.text);
  for (const name of ['timeline.js', 'timeline-style.css']) host.openFile(`${root}dist/page/${name}`).write('code');
  const code = await main(host);
  assert.equal(code, 0, host.stderr.text);
  return host;
}

const BOTH = ['-r', 'one.jsonl', '-r', 'two.jsonl'];
const rows = ({ stdout }: ScriptedHost) =>
  stdout.text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('pretty says in each line whose it is', async () => {
  const { stdout } = await procwatch('watch', ...BOTH, '-e', 'exec');
  assert.equal(
    stdout.text,
    [
      '03:00:00.020  web-1         exec          100  1                   ada       sh',
      '03:00:00.022  web-2         exec          100  1                   bob       cron',
      '03:00:00.040  web-1         exec          101  100                 ada       job',
      '03:00:00.042  web-2         exec          101  100                 bob       backup',
      '',
    ].join('\n'),
  );
});

test('the table has a column for it, unless others are chosen', async () => {
  const table = await procwatch('watch', ...BOTH, '-e', 'exec', '-f', 'table');
  assert.match(table.stdout.text, /^TIME +HOST +EVENT .*\n03:00:00\.020 +web-1 +exec /);
  const chosen = await procwatch('watch', ...BOTH, '-e', 'exec', '-f', 'table', '--columns', 'pid,host');
  assert.match(chosen.stdout.text, /^ +PID +HOST\n +100 +web-1\n +100 +web-2\n/);
});

test('every record of JSON carries it, of one recording alone none does', async () => {
  const both = rows(await procwatch('watch', ...BOTH, '--json', '--meta'));
  assert.equal(both.length, 13);
  assert.ok(both.every(({ host }) => host === 'web-1' || host === 'web-2'));
  const alone = rows(await procwatch('watch', '-r', 'one.jsonl', '--json'));
  assert.ok(alone.every((row) => !('host' in row)));
});

test('what several machines have told can be written down and read again', async () => {
  const { stdout } = await procwatch('watch', ...BOTH, '--json');
  const host = new ScriptedHost({ argv: ['stat', '-r', 'fleet.jsonl', '--by', 'host', '--json'] });
  host.openFile('fleet.jsonl').write(stdout.text);
  assert.equal(await main(host), 0, host.stderr.text);
  const counted = rows(host).map(({ host: name, execs, failures }) => [name, execs, failures]);
  assert.deepEqual(counted.sort(), [
    ['web-1', 2, 0],
    ['web-2', 2, 1],
  ]);
});

test('from a pipe lines say whose they are from the second machine on', async () => {
  const { stdout } = await procwatch('watch', '-r', '-', '-e', 'exec');
  const [first, , third] = stdout.text.split('\n');
  assert.match(first, /^03:00:00\.020 {2}exec /);
  assert.match(third, /^03:00:00\.022 {2}web-2 +exec /);
});

test('a tree is of the machine that it was asked of, and so are ancestors and users', async () => {
  const below = rows(await procwatch('watch', ...BOTH, '--json', '-e', 'exec', '--tree', '100', '--ancestry'));
  assert.deepEqual(
    below.map(({ host, comm, ancestry }) => [host, comm, ancestry.map((up: { comm?: string }) => up.comm)]),
    [
      ['web-1', 'sh', [undefined]],
      ['web-2', 'cron', [undefined]],
      ['web-1', 'job', ['sh', undefined]],
      ['web-2', 'backup', ['cron', undefined]],
    ],
  );
  const bobs = rows(await procwatch('watch', ...BOTH, '--json', '-e', 'exec', '--user', 'bob'));
  assert.deepEqual([...new Set(bobs.map(({ host }) => host))], ['web-2']);
});

test('stat counts by machine, and users by their names', async () => {
  const hosts = await procwatch('stat', ...BOTH, '--by', 'host');
  assert.match(hosts.stdout.text, /^HOST +FORKS[^\n]*\n[\s\S]*^web-1 +3 /m);
  const users = rows(await procwatch('stat', ...BOTH, '--by', 'user', '--json'));
  assert.deepEqual(
    users
      .map(({ user }) => user)
      .filter((name) => name === 'ada' || name === 'bob')
      .sort(),
    ['ada', 'bob'],
  );
});

test('the tree has one root for each machine', async () => {
  const { stdout } = await procwatch('tree', ...BOTH);
  assert.equal(
    stdout.text,
    [
      'web-1',
      '└─ sh           +0µs                   still running',
      '   ├─ job    +20.0ms            110ms  exit 0',
      '   └─ (sh)    +140ms                   still running',
      'web-2',
      '└─ cron           +0µs                   still running',
      '   └─ backup   +20.0ms            110ms  exit 3',
      '',
    ].join('\n'),
  );
});

test('ps shows everybody at that moment, each on his machine', async () => {
  const { stdout } = await procwatch(
    'ps',
    ...BOTH,
    '--at',
    '2026-11-27T03:00:00.100Z',
    '--columns',
    'host,pid,ppid,comm,user',
  );
  assert.deepEqual(
    stdout.text.split('\n').map((line) => line.replace(/ +/g, ' ')),
    [
      'HOST PID PPID COMM USER',
      'web-1 100 1 sh ada',
      'web-1 101 100 job ada',
      'web-2 100 1 cron bob',
      'web-2 101 100 backup bob',
      '',
    ],
  );
  const tree = await procwatch('ps', ...BOTH, '--format', 'pretty');
  assert.match(tree.stdout.text, /^HOST +PID .*COMMAND\nweb-1 +100 .* sh\nweb-1 +102 .*└─ sh\nweb-2 +100 .* cron\n$/);
});

test('starts of two machines are told on one clock', async () => {
  const started = rows(await procwatch('ps', ...BOTH, '--json', '--show', 'base,time'));
  assert.deepEqual(
    started.map(({ host, pid, start_time }) => [host, pid, start_time]),
    [
      ['web-1', 100, '2026-11-27T03:00:00.010000000Z'],
      ['web-1', 102, '2026-11-27T03:00:00.150000000Z'],
      ['web-2', 100, '2026-11-27T03:00:00.010000000Z'],
    ],
  );
});

test('the timeline has one group of lanes for each machine, on the axis of the wall clock', async () => {
  const host = await procwatch('timeline', ...BOTH, '-o', 'a.json');
  const { traceEvents } = JSON.parse(host.files.get('a.json')?.text ?? '');
  const machines = traceEvents.filter(({ args }: { args: { machine?: string } }) => args?.machine !== undefined);
  assert.deepEqual(
    machines.map(({ name }: { name: string }) => name),
    ['web-1', 'web-2'],
  );
  const at = (name: string): number => traceEvents.find((event: { name: string }) => event.name === name).ts;
  assert.deepEqual([at('job'), at('backup')], [30_000, 32_000]);
  const text = await procwatch('timeline', ...BOTH, '--text');
  assert.match(text.stdout.text, /^wall time 150ms, .*processes 5 \(3 still running\).*failures 1/);
});

test('a machine that was started anew has numbers anew, and nobody who was there before', async () => {
  const files = ['-r', 'one.jsonl', '-r', 'again.jsonl'];
  const tree = await procwatch('tree', ...files);
  assert.match(
    tree.stdout.text,
    /^web-1, 1st boot\n└─ sh .* ended, status unknown\n[\s\S]*\nweb-1, 2nd boot\n└─ getty .* 60\.0ms .* exit 0\n$/,
  );
  const there = rows(await procwatch('ps', ...files, '--json', '--at', '2026-11-27T03:00:10.030Z'));
  assert.deepEqual(
    there.map(({ comm }) => comm),
    ['getty'],
  );
  const lives = rows(await procwatch('watch', ...files, '--lives', '--json', '--ancestry'));
  assert.deepEqual(
    lives.map(({ comm, ancestry }) => [comm, ancestry.length]),
    [
      ['job', 2],
      ['getty', 1],
    ],
  );
});

test('here is one machine, so nothing is counted by it', async () => {
  const host = new ScriptedHost({ argv: ['stat', '--once', '--by', 'host'] });
  assert.equal(await main(host), 2);
  assert.match(host.stderr.text, /^procwatch: --by host: .*\nhint: .*--read/);
});

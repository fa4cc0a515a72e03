/** Programs in the kernel as the source of events: the same as the connector's in the same run, and all there is where it is missing. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { fixture } from './support/fixtures.ts';
import { live, run } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { Running } from './support/wait-support.ts';
import { BIN, type Row, runToEnd, Watcher } from './support/watcher.ts';

const NEEDS = ['root', 'compiler'] as const;
const IN_OTHERS = [...NEEDS, 'unshare'] as const;
const NETWORK = ['unshare', '--net'];
/** Whose end is that of what runs in it. */
const PIDS = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];
const NOTICE = /^procwatch: this is a pid namespace of its own: pids are those of the initial namespace/m;

/** What is measured, and not told, is different each time; the connector names no parent of who is reaped at once. */
const MEASURED = ['v', 'seq', 'time', 'mono_ns', 'cpu', 'duration_s', 'start_time', 'start_mono_ns'];

function told(row: Row): string {
  const members = Object.entries(row).filter(([name]) => !MEASURED.includes(name));
  return JSON.stringify(members.filter(([name]) => row.event !== 'exit' || name !== 'ppid').sort());
}

/** What was told of these processes and their children: the order across processes is that of two clocks. */
function toldOf(rows: readonly Row[], roots: ReadonlySet<number>): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const row of rows) {
    const isOurs = roots.has(row.pid) || roots.has(Number(row.ppid)) || found.has(row.pid);
    if (isOurs) found.set(row.pid, [...(found.get(row.pid) ?? []), told(row)]);
  }
  return found;
}

async function bothWatch(args: readonly string[], task: () => Promise<readonly number[]>) {
  const connector = await Watcher.start(['--source', 'connector', ...args]);
  const bpf = await Watcher.start(['--source', 'bpf', ...args]);
  const pids = await task();
  for (const watcher of [connector, bpf]) {
    const last = args.includes('exec') ? 'exec' : 'exit';
    for (const pid of args.length === 0 ? pids : pids.slice(-1)) {
      await watcher.row(`the end of ${pid}`, (row) => row.pid === pid && row.event === last && row.thread !== true);
    }
    await watcher.stop();
  }
  return { pids: new Set(pids), connector: connector.rows, bpf: bpf.rows };
}

const lossesIn = (rows: readonly Row[]): Row[] => rows.filter(({ event }) => event === 'lost');

kernelTest(
  'every fork, exec and exit of a storm is told as the connector tells it',
  [...NEEDS, 'connector'],
  async () => {
    const [FORKS, EXECS] = [4000, 1500];
    const { pids, connector, bpf } = await bothWatch([], async () => {
      const storms = await Promise.all([
        run(fixture('storm'), ['forks', String(FORKS)]),
        run(fixture('storm'), ['execs', String(EXECS), 'tag']),
      ]);
      return storms.map(({ pid }) => pid);
    });
    const [one, other] = [toldOf(connector, pids), toldOf(bpf, pids)];
    assert.equal(other.size, FORKS + EXECS + 2);
    assert.deepEqual([...other].sort(), [...one].sort());
    assert.deepEqual([lossesIn(connector), lossesIn(bpf)], [[], []]);
    const [start] = bpf;
    assert.deepEqual([start.event, start.source, start.pid_namespace], ['start', 'bpf', undefined]);
    assert.equal(connector[0].source, 'connector');
  },
);

/** The last one fails, so that every selection tells it. */
const LIVES = [
  ['raise', 9],
  ['vfork', 6],
  ['leader-first', 5, 20],
  ['exec-from-thread', 4],
  ['comm', Buffer.from('renamed').toString('hex')],
  ['uid', 1000, 1000],
  ['double-fork'],
  ['exit', 3],
];

for (const args of [[], ['--threads'], ['-e', 'exit'], ['-e', 'nonzero-exit'], ['-e', 'exec'], ['--lives']]) {
  kernelTest(
    `all ways to live and end are told as the connector tells them: ${args.join(' ')}`,
    [...NEEDS, 'connector'],
    async () => {
      const { pids, connector, bpf } = await bothWatch(args, async () => {
        const found: number[] = [];
        for (const life of LIVES) found.push((await live(life)).pid);
        return found;
      });
      const [one, other] = [toldOf(connector, pids), toldOf(bpf, pids)];
      assert.deepEqual([...other].sort(), [...one].sort());
      assert.ok(other.size > 3);
    },
  );
}

kernelTest('threads are told where they are asked for', [...NEEDS, 'connector'], async () => {
  const THREADS = 2000;
  const { pids, connector, bpf } = await bothWatch(['--threads'], async () => [
    (await run(fixture('storm'), ['threads', String(THREADS)])).pid,
  ]);
  const mine = bpf.filter(({ pid }) => pids.has(pid));
  assert.equal(mine.filter(({ event }) => event === 'clone').length, THREADS);
  assert.equal(mine.filter(({ event, thread }) => event === 'exit' && thread === true).length, THREADS);
  const tids = (rows: readonly Row[]): string[] =>
    rows.filter(({ pid }) => pids.has(pid)).map(({ event, tid, thread }) => `${event} ${tid} ${thread}`);
  assert.deepEqual(tids(bpf).sort(), tids(connector).sort());
});

kernelTest('what a full ring had no room for is counted, to the last record', NEEDS, async () => {
  const FORKS = 10_000;
  const counted = await Watcher.start(['--source', 'bpf', '--buffer', '64K', '-e', 'fork,exit']);
  counted.kill('SIGSTOP');
  const storm = await run(fixture('storm'), ['forks', String(FORKS)]);
  counted.kill('SIGCONT');
  await counted.row('a loss', ({ event }) => event === 'lost');
  const after = await live(['exit', 5]);
  await counted.row('an end after it', (row) => row.pid === after.pid && row.event === 'exit');
  await counted.stop();
  const { rows } = counted;
  const isHeard = (row: Row): boolean => row.inferred !== true && (row.event === 'fork' || row.event === 'exit');
  const kept = rows.filter((row) => isHeard(row) && (row.ppid === storm.pid || row.pid === storm.pid));
  const lost = lossesIn(rows).reduce((sum, { count }) => sum + Number(count), 0);
  // Others live on this machine too.
  assert.ok(kept.length + lost >= 2 * FORKS, `${kept.length} + ${lost}`);
  assert.ok(lossesIn(rows).every(({ reason }) => reason === 'overrun'));
  // The oldest are kept: what was lost lies right behind them.
  const at = rows.findIndex(({ event }) => event === 'lost');
  assert.ok(rows.slice(at + 1).every((row) => row.ppid !== storm.pid || row.inferred === true || row.event === 'exit'));
});

kernelTest('in a network namespace of its own it watches, and says by what', IN_OTHERS, async () => {
  const watcher = await Watcher.start([], { prefix: NETWORK });
  const life = await live(['exit', 7]);
  const exit = await watcher.row('its end', (row) => row.pid === life.pid && row.event === 'exit');
  const { code, stderr } = await watcher.stop();
  assert.deepEqual([code, stderr], [143, '']);
  assert.deepEqual([watcher.rows[0].source, exit.exit_code], ['bpf', 7]);
  assert.deepEqual(exit.args, [fixture('life'), 'exit', '7']);
});

kernelTest(
  'in a pid namespace of its own it watches the whole machine, and says whose pids it tells',
  IN_OTHERS,
  async () => {
    const watcher = await Watcher.start([], { prefix: PIDS });
    const life = await live(['exit', 7]);
    const exit = await watcher.row('its end', (row) => row.pid === life.pid && row.event === 'exit');
    // Its own end is blocked there, and what runs in it ends with it.
    watcher.kill('SIGKILL');
    await watcher.end();
    assert.match(watcher.stderr, NOTICE);
    assert.deepEqual([watcher.rows[0].source, watcher.rows[0].pid_namespace], ['bpf', 'initial']);
    assert.deepEqual([exit.exit_code, exit.comm], [7, 'life']);
  },
);

for (const prefix of [NETWORK, PIDS]) {
  const where = prefix.join(' ');
  const inside = (...args: string[]) => runToEnd(args, { prefix });

  kernelTest(`run shows its command and ends as it does (${where})`, IN_OTHERS, async () => {
    const { status, stdout, stderr } = inside('run', '-S', '--', 'sh', '-c', '(exit 3); exit 5');
    assert.deepEqual([status, stdout], [5, '']);
    assert.match(stderr, /^[\d:.]{12} +fork /m);
    assert.match(stderr, /^[\d:.]{12} +exit +\d+ .* exit 5 after/m);
    assert.match(stderr, /^sh -c .* exit 5$/m);
    const limited = inside('run', '-q', '--no-summary', '--timeout', '300ms', '--', 'sh', '-c', 'sleep 60; exit 1');
    assert.equal(limited.status, 124, limited.stderr);
    assert.equal(inside('run', '--', 'no-such-command').status, 127);
  });

  kernelTest(`stat counts (${where})`, IN_OTHERS, async () => {
    const counting = new Running(prefix[0], [...prefix.slice(1), process.execPath, BIN, 'stat', '-d', '3', '--json']);
    for (let i = 0; !counting.hasEnded; i++) await run('/bin/sh', ['-c', `sleep 0.05; exit ${i % 2}`]);
    assert.equal(await counting.code(), 0);
    const rows = counting.stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
    assert.ok(
      rows.some((row) => Number(row.execs) > 0 && Number(row.exits) > 0),
      counting.stdout,
    );
  });

  kernelTest(`wait waits for who is here, and for who is to come (${where})`, IN_OTHERS, async () => {
    const script = '(sleep 0.3; exit 5) & "$0" "$1" wait -v $!; echo "code $?"';
    const here = spawnSync(prefix[0], [...prefix.slice(1), 'sh', '-c', script, process.execPath, BIN], {
      encoding: 'utf8',
    });
    assert.match(here.stdout, /exit 5 after .*\ncode 5\n|exit 5\ncode 5\n/, here.stdout + here.stderr);
    const next = new Running(prefix[0], [...prefix.slice(1), process.execPath, BIN, 'wait', '-v', '--next', 'life']);
    while (!next.hasEnded) await live(['exit', 6]);
    assert.equal(await next.code(), 6, next.stderr);
    assert.match(next.stdout, /^\d+ \(life\): exit 6 after /);
  });
}

kernelTest('events that only the connector tells are refused by their names, wherever that is', IN_OTHERS, async () => {
  const byHand = runToEnd(['--source', 'bpf', '-e', 'fork,uid,ptrace']);
  assert.equal(byHand.status, 2);
  assert.match(
    byHand.stderr,
    /^procwatch: --events: uid, ptrace are told by the proc connector alone, .*\nhint: leave them/,
  );
  const absent = runToEnd(['-e', 'comm'], { prefix: NETWORK });
  assert.equal(absent.status, 2);
  assert.match(absent.stderr, /--events: comm is told by .* not to be had here: .* network namespace/);
  assert.equal(runToEnd(['run', '-e', 'sid', '--', 'true'], { prefix: NETWORK }).status, 2);
});

kernelTest('with neither, one sentence names both roads', IN_OTHERS, async () => {
  const prefix = [...NETWORK, 'setpriv', '--bounding-set=-bpf,-perfmon,-sys_admin'];
  const { status, stdout, stderr } = runToEnd([], { prefix });
  assert.deepEqual([status, stdout], [69, '']);
  assert.match(
    stderr,
    /^procwatch: cannot subscribe to process events: .* network namespace .*; and programs in the kernel cannot take the place of the connector: .*CAP_BPF.*\nhint: .*\n$/,
  );
});

kernelTest('doctor tells which can be had', IN_OTHERS, async () => {
  for (const prefix of [NETWORK, PIDS]) {
    const { status, stdout } = runToEnd(['doctor'], { prefix });
    assert.equal(status, 1);
    assert.match(stdout, /^degraded +subscription /m);
    assert.match(stdout, /^ok +source-bpf +yes, and they do so here: fork, exec, exit/m);
  }
});

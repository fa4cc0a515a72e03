/** Whom to watch, on real processes: every selection, its negation, and what goes beside it. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmdirSync } from 'node:fs';
import { fixture } from './support/fixtures.ts';
import { register } from './support/leftovers.ts';
import { Held, live, of, Resident, run, story } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { type Row, until, Watcher, watching } from './support/watcher.ts';

const NEEDS = ['connector', 'compiler'] as const;

/** The records about processes. */
const told = (rows: readonly Row[]): Row[] => rows.filter(({ pid }) => pid !== undefined);
const pidsOf = (rows: readonly Row[]): number[] => [...new Set(told(rows).map(({ pid }) => pid))];
const endsOf = (rows: readonly Row[], pid: number): number =>
  of(rows, pid).filter(({ event }) => event === 'exit').length;

interface Streams {
  readonly wanted: Watcher;
  readonly unwanted: Watcher;
  readonly all: Watcher;
}

/** A life that executes and ends after all three streams came to know it, whether they show it or not. */
async function seen(
  { wanted, unwanted, all }: Streams,
  isWanted: boolean,
  args: readonly (string | number)[],
  uid?: number,
): Promise<number> {
  const held = new Held(args, uid === undefined ? {} : { uid });
  const { pid } = held;
  const isExec = (row: Row): boolean => row.pid === pid && row.event === 'exec';
  await all.row(`the exec of ${args.join(' ')}`, isExec);
  if (isWanted) await wanted.row(`the exec of ${args.join(' ')} where it is wanted`, isExec);
  // A later process that the negation shows: what came before it has been handled.
  const marker = await run('/bin/true', []);
  await unwanted.row('a process after that', (row) => row.pid === marker.pid);
  held.go();
  await held.done;
  return pid;
}

/** One stream with the selection, one with its negation, one with all, of the same happening. */
async function threeWays(
  positive: readonly string[],
  task: (streams: Streams) => Promise<void>,
): Promise<{ wanted: readonly Row[]; unwanted: readonly Row[] }> {
  const negative = positive.map((arg) => arg.replace(/^--/, '--not-'));
  const watchers = await Promise.all([positive, negative, []].map((args) => Watcher.start(args)));
  const [wanted, unwanted, all] = watchers;
  try {
    await task({ wanted, unwanted, all });
  } finally {
    await Promise.all(watchers.map((watcher) => watcher.stop()));
  }
  return { wanted: wanted.rows, unwanted: unwanted.rows };
}

kernelTest('--pid shows these processes alone, --not-pid all but them', NEEDS, async () => {
  const [first, second] = [await Resident.start(['sleep']), await Resident.start(['sleep'])];
  let other = 0;
  const { wanted, unwanted } = await threeWays(['--pid', String(first.pid), '--pid', String(second.pid)], async () => {
    other = (await live(['exit', 0])).pid;
    await first.kill('SIGTERM');
    await second.kill('SIGKILL');
  });
  assert.deepEqual(
    told(wanted).map(({ event, pid, signal }) => [event, pid, signal]),
    [
      ['exit', first.pid, 'SIGTERM'],
      ['exit', second.pid, 'SIGKILL'],
    ],
  );
  assert.deepEqual([endsOf(unwanted, first.pid), endsOf(unwanted, second.pid), endsOf(unwanted, other)], [0, 0, 1]);
});

kernelTest(
  '--tree shows a process with all its descendants, also earlier, later and reparented ones',
  NEEDS,
  async () => {
    const life = fixture('life');
    const script = `"${life}" sleep & echo $!; read go; kill $!; wait; "${life}" double-fork 4; "${life}" exit 3; exit 2`;
    const root = register(spawn('/bin/bash', ['-c', script], { stdio: ['pipe', 'pipe', 'ignore'] }));
    const rootPid = root.pid ?? 0;
    let output = '';
    root.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    // The child says its pid by the shell, and that it is there by itself.
    await until('the earlier child is there', () => /\d+\n/.test(output) && output.includes('ready'));
    const earlier = Number(/\d+/.exec(output)?.[0]);
    let stranger = 0;
    const { wanted, unwanted } = await threeWays(['--tree', String(rootPid)], async () => {
      stranger = (await live(['exit', 0])).pid;
      const ended = once(root, 'close');
      root.stdin.end('go\n');
      await ended;
    });
    assert.deepEqual(
      of(wanted, earlier).map(({ event, signal }) => [event, signal]),
      [['exit', 'SIGTERM']],
    );
    assert.deepEqual(
      of(wanted, rootPid).map(({ event, exit_code }) => [event, exit_code]),
      [['exit', 2]],
    );
    const [double, exit] = told(wanted).filter((row) => row.event === 'fork' && row.ppid === rootPid);
    assert.deepEqual(story(wanted, double.pid, rootPid), {
      A: ['fork', 'exec', 'exit 0'],
      B: ['fork of A', 'exit 0'],
      C: ['fork of B', 'exit 4'],
    });
    assert.deepEqual(story(wanted, exit.pid, rootPid), { A: ['fork', 'exec', 'exit 3'] });
    const pids = pidsOf(wanted);
    assert.equal(pids.length, 6, 'nobody else');
    assert.equal(endsOf(unwanted, stranger), 1);
    for (const pid of pids) assert.deepEqual(of(unwanted, pid), []);
  },
);

kernelTest('--user shows the processes of an effective user by number and by name', [...NEEDS, 'root'], async () => {
  const byName = await Watcher.start(['--user', 'nobody']).catch(() => undefined);
  let foreign = 0;
  let own = 0;
  const { wanted, unwanted } = await threeWays(['--user', '65534'], async (streams) => {
    foreign = await seen(streams, true, ['exit', 1], 65534);
    own = await seen(streams, false, ['exit', 2]);
  });
  await byName?.stop();
  assert.deepEqual(of(wanted, own), []);
  for (const rows of byName === undefined ? [wanted] : [wanted, byName.rows]) {
    assert.deepEqual(
      of(rows, foreign).map(({ event, uid }) => [event, uid]),
      [
        ['exec', 65534],
        ['exit', 65534],
      ],
    );
    assert.ok(told(rows).every(({ uid }) => uid === 65534));
  }
  assert.equal(endsOf(unwanted, own), 1);
  assert.equal(endsOf(unwanted, foreign), 0);
});

kernelTest(
  '--user shows a process from the moment it becomes that user, with its name',
  [...NEEDS, 'root'],
  async () => {
    let pid = 0;
    const rows = await watching(['--user', '65534', '-e', 'fork,exec,exit,uid'], async () => {
      const held = new Held(['uid', 65534, 65534]);
      pid = held.pid;
      held.go();
      await held.done;
    });
    assert.deepEqual(
      of(rows, pid).map(({ event, uid }) => [event, uid]),
      [
        ['uid', 65534],
        ['exit', 65534],
      ],
    );
  },
);

kernelTest('--name and --grep select by program and by command line', NEEDS, async () => {
  const tag = `tag-${process.pid}`;
  let tagged = 0;
  let plain = 0;
  const task =
    (takesBoth: boolean) =>
    async (streams: Streams): Promise<void> => {
      tagged = await seen(streams, true, ['exit', 0, tag]);
      plain = await seen(streams, takesBoth, ['exit', 0]);
    };
  const byGrep = await threeWays(['--grep', `exit 0 tag-[0-9]+$`], task(false));
  assert.deepEqual(
    told(byGrep.wanted).map(({ event, pid }) => [event, pid]),
    [
      ['exec', tagged],
      ['exit', tagged],
    ],
  );
  assert.deepEqual([endsOf(byGrep.unwanted, tagged), endsOf(byGrep.unwanted, plain)], [0, 1]);
  const byName = await threeWays(['--name', 'lif?'], task(true));
  for (const pid of [tagged, plain])
    assert.deepEqual(
      of(byName.wanted, pid).map(({ event }) => event),
      ['exec', 'exit'],
    );
  assert.ok(told(byName.wanted).every(({ comm }) => comm === 'life'));
  assert.deepEqual([endsOf(byName.unwanted, tagged), endsOf(byName.unwanted, plain)], [0, 0]);
});

kernelTest('--code and --signal select ends, and kinds of selection narrow each other', NEEDS, async () => {
  const pids: Record<string, number> = {};
  const watchers = await Promise.all(
    [
      ['--code', '3,4'],
      ['--signal', 'KILL', '--signal', 'sigterm'],
      ['--code', '3', '--signal', '9'],
      ['--not-code', '0,3', '--not-signal', 'SIGKILL', '-e', 'exit'],
      ['--code', '3', '--name', 'nothing-of-this-name'],
    ].map((args) => Watcher.start(args)),
  );
  pids.zero = (await live(['exit', 0])).pid;
  pids.three = (await live(['exit', 3])).pid;
  pids.four = (await live(['exit', 4])).pid;
  pids.killed = (await live(['raise', 9])).pid;
  pids.terminated = (await live(['raise', 15])).pid;
  await Promise.all(watchers.map((watcher) => watcher.stop()));
  const shown = watchers.map(({ rows }) =>
    Object.entries(pids).flatMap(([name, pid]) => of(rows, pid).map(({ event }) => `${name} ${event}`)),
  );
  assert.deepEqual(shown, [
    ['three exit', 'four exit'],
    ['killed exit', 'terminated exit'],
    ['three exit', 'killed exit'],
    ['four exit', 'terminated exit'],
    [],
  ]);
});

kernelTest('--lives tells each life once, at its end', NEEDS, async () => {
  const watcher = await Watcher.start(['--lives']);
  const { pid } = await run(fixture('life'), ['double-fork', '4']);
  await watcher.stop();
  const [row, ...more] = of(watcher.rows, pid);
  assert.deepEqual(more, []);
  assert.deepEqual([row.event, row.exit_code, row.ppid], ['exit', 0, process.pid]);
  assert.equal(typeof row.duration_s, 'number');
  assert.ok(told(watcher.rows).every(({ event }) => event === 'exit'));
  const codes = told(watcher.rows).filter(
    ({ comm, args }) => comm === 'life' && (args as string[])?.[1] === 'double-fork',
  );
  assert.deepEqual(codes.map(({ exit_code }) => exit_code).sort(), [0, 0, 4]);
});

/** The parents of a process up to init, as /proc tells them. */
function parentsOf(pid: number): { pid: number; comm: string }[] {
  const parents: { pid: number; comm: string }[] = [];
  for (let at = pid; at > 0; ) {
    const stat = readFileSync(`/proc/${at}/stat`, 'latin1');
    parents.push({ pid: at, comm: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')) });
    at = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  }
  return parents;
}

kernelTest('--ancestry names all parents up to init', NEEDS, async () => {
  let pid = 0;
  const rows = await watching(['--ancestry'], async () => {
    pid = (await live(['exit', 0])).pid;
  });
  const expected = parentsOf(process.pid);
  assert.equal(expected.at(-1)?.pid, 1);
  assert.equal(of(rows, pid).length, 3);
  for (const row of of(rows, pid)) assert.deepEqual(row.ancestry, expected);
});

/** Where the unified hierarchy of control groups is mounted. */
function unifiedHierarchy(): string | undefined {
  return readFileSync('/proc/mounts', 'latin1')
    .split('\n')
    .map((line) => line.split(' '))
    .find(([, , type]) => type === 'cgroup2')?.[1];
}

kernelTest('--full tells the control group and what it says of unit and container', [...NEEDS, 'root'], async (t) => {
  const mount = unifiedHierarchy();
  if (mount === undefined) {
    assert.notEqual(process.env.PROCWATCH_REQUIRE_KERNEL, '1', 'no unified hierarchy of control groups');
    return t.skip('no unified hierarchy of control groups');
  }
  const unit = `procwatch-test-${process.pid}.service`;
  const container = 'c0ffee'.repeat(11).slice(0, 64);
  const path = `/${unit}/${container}`;
  mkdirSync(`${mount}${path}`, { recursive: true });
  try {
    const watchers = await Promise.all([['--full'], ['--cgroup', `*/${container}`]].map((args) => Watcher.start(args)));
    const script = `echo $$ > "${mount}${path}/cgroup.procs"; exec "${fixture('life')}" exit 6`;
    const child = spawn('/bin/sh', ['-c', script], {
      stdio: ['pipe', 'ignore', 'inherit'],
      env: { ...process.env, LIFE_WAITS: '1' },
    });
    const pid = child.pid ?? 0;
    const isExec = (row: Row): boolean => row.pid === pid && row.event === 'exec' && row.comm === 'life';
    const exec = await watchers[0].row('the exec in the control group', isExec);
    await watchers[1].row('the exec selected by control group', isExec);
    const ended = once(child, 'close');
    child.stdin.write('.');
    await ended;
    await Promise.all(watchers.map((watcher) => watcher.stop()));
    assert.deepEqual([exec.cgroup, exec.unit, exec.container_id], [path, unit, container]);
    assert.equal(of(watchers[0].rows, pid).at(-1)?.cgroup, path);
    assert.deepEqual(pidsOf(watchers[1].rows), [pid]);
    assert.equal(endsOf(watchers[1].rows, pid), 1);
  } finally {
    rmdirSync(`${mount}${path}`);
    rmdirSync(`${mount}/${unit}`);
  }
});

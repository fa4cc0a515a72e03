/** What happens when the kernel's queue overflows or events stop coming: it is counted, said, and made good. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fixture } from './support/fixtures.ts';
import { live, of, Resident, run, story } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { connectorSockets, type Row, until, Watcher } from './support/watcher.ts';

const NEEDS = ['connector', 'compiler'] as const;

const losses = (rows: readonly Row[]): Row[] => rows.filter(({ event }) => event === 'lost');
const lostCount = (rows: readonly Row[]): number => losses(rows).reduce((sum, row) => sum + Number(row.count ?? 0), 0);
const dropsOf = (pid: number): number => connectorSockets(pid).reduce((sum, { drops }) => sum + drops, 0);

kernelTest('after an overrun the count is the one of the kernel, and the table is made true again', NEEDS, async () => {
  const victim = await Resident.start(['sleep']);
  const watcher = await Watcher.start(['--buffer', '4K', '--fail-on-loss', '--argv-source', 'proc']);
  watcher.kill('SIGSTOP');
  await run(fixture('storm'), ['forks', '3000']);
  const newcomer = await Resident.start(['sleep', 'born-unseen']);
  await victim.kill();
  watcher.kill('SIGCONT');

  const end = await watcher.row(
    'the end of the victim, inferred',
    (row) => row.pid === victim.pid && row.event === 'exit' && row.inferred === true,
  );
  const found = await watcher.row('the newcomer', (row) => row.pid === newcomer.pid && row.event === 'found');
  const first = losses(watcher.rows)[0];
  assert.equal(first.reason, 'overrun');
  assert.ok(String(first.since) < first.time && BigInt(String(first.since_mono_ns)) < BigInt(first.mono_ns));
  // The small queue may overflow again at any time: what is told lies between the counter before and the counter after.
  const before = dropsOf(watcher.pid);
  assert.ok(before > 5000);
  await until('all that the kernel has dropped is told', () => lostCount(watcher.rows) >= before);
  const toldLost = lostCount(watcher.rows);
  const after = dropsOf(watcher.pid);
  assert.ok(toldLost <= after, `${toldLost} told, ${after} dropped`);

  assert.equal(end.inferred, true);
  assert.deepEqual(end.args, [fixture('life'), 'sleep']);
  assert.deepEqual([end.wait_status, end.exit_code, end.signal, end.cpu], [undefined, undefined, undefined, undefined]);
  assert.equal(found.inferred, true);
  assert.deepEqual(found.args, [fixture('life'), 'sleep', 'born-unseen']);
  assert.equal(found.ppid, process.pid);

  await newcomer.kill();
  const last = await watcher.row('the end of the newcomer', (row) => row.pid === newcomer.pid && row.event === 'exit');
  assert.deepEqual(last.args, found.args);
  if (last.inferred !== true) assert.equal(last.signal, 'SIGKILL');
  const { code } = await watcher.stop('SIGINT');
  assert.equal(code, 3, '--fail-on-loss');
  assert.equal(watcher.rows.at(-1)?.lost, lostCount(watcher.rows));
  assert.equal(of(watcher.rows, victim.pid).filter(({ event }) => event === 'exit').length, 1);
  assert.equal(of(watcher.rows, newcomer.pid).filter(({ event }) => event === 'found').length, 1);
});

kernelTest(
  'an exec whose event was lost is told from the capture in the kernel, with its exact arguments',
  [...NEEDS, 'root'],
  async () => {
    const watcher = await Watcher.start(['--buffer', '4K', '--argv-source', 'bpf']);
    watcher.kill('SIGSTOP');
    await run(fixture('storm'), ['forks', '3000']);
    const unseen = await live(['exit', 5]);
    watcher.kill('SIGCONT');
    const exec = await watcher.row('the exec', (row) => row.pid === unseen.pid && row.event === 'exec');
    assert.equal(exec.inferred, true);
    assert.deepEqual(exec.args, [fixture('life'), 'exit', '5']);
    await watcher.row('its loss', (row) => row.event === 'lost' && row.reason === 'overrun');
    await watcher.stop();
  },
);

kernelTest('a loss is told in pretty and table too', NEEDS, async () => {
  const watchers = await Promise.all(
    ['pretty', 'table'].map((format) => Watcher.start(['--buffer', '4K', '--format', format])),
  );
  for (const watcher of watchers) watcher.kill('SIGSTOP');
  await run(fixture('storm'), ['forks', '300']);
  for (const watcher of watchers) watcher.kill('SIGCONT');
  const [pretty, table] = watchers;
  await until('pretty tells it', () =>
    /^[\d:.]{12} +lost +[\d,]+ events were lost: the kernel's queue/m.test(pretty.text),
  );
  await until('table tells it', () => /^[\d:.]{12} +lost +\d+ +overrun$/m.test(table.text));
  await Promise.all(watchers.map((watcher) => watcher.stop()));
});

kernelTest('a queue of the default size holds a burst of 20,000 processes while nobody reads', NEEDS, async () => {
  const FORKS = 20_000;
  const watcher = await Watcher.start(['-e', 'fork,exit']);
  watcher.kill('SIGSTOP');
  const storm = await run(fixture('storm'), ['forks', String(FORKS)]);
  watcher.kill('SIGCONT');
  await watcher.row('the exit of the storm', (row) => row.pid === storm.pid && row.event === 'exit');
  await watcher.stop();
  const births = watcher.rows.filter((row) => row.event === 'fork' && row.ppid === storm.pid);
  assert.deepEqual([births.length, losses(watcher.rows)], [FORKS, []]);
});

kernelTest(
  'when the kernel stops telling anybody anything, the heartbeat notices, says so and brings the events back',
  [...NEEDS, 'root'],
  async () => {
    const watcher = await Watcher.start([]);
    let taken = 0;
    let born: Resident | undefined;
    try {
      // Another listener of this machine may notice first and bring events back for all: then it is tried again.
      for (let attempt = 0; attempt < 4 && losses(watcher.rows).length === 0; attempt++) {
        taken += Number(execFileSync(fixture('connector'), ['starve'], { encoding: 'utf8' }));
        await born?.kill();
        born = await Resident.start(['sleep', 'in-silence']);
        await until('a loss, or the life of others', () => losses(watcher.rows).length > 0, 7000).catch(() => {});
      }
      assert.ok(born);
      const [lost] = losses(watcher.rows);
      assert.ok(lost, 'the silence is told');
      assert.deepEqual([lost.reason, lost.count], ['starved', undefined]);
      const { pid } = born;
      const found = await watcher.row('the process born in silence', (row) => row.pid === pid && row.event === 'found');
      assert.deepEqual(found.args, [fixture('life'), 'sleep', 'in-silence']);
      const after = await live(['exit', 3]);
      await watcher.row('an exit after the recovery', (row) => row.pid === after.pid && row.event === 'exit');
      assert.deepEqual(story(watcher.rows, after.pid), { A: ['fork', 'exec', 'exit 3'] });
    } finally {
      execFileSync(fixture('connector'), ['feed', String(taken)]);
      await born?.kill();
      await watcher.stop();
    }
  },
);

const residentKilobytes = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);

const LONG = process.env.PROCWATCH_LONG === '1';
const FIRST = LONG ? 100_000 : 20_000;
const REST = LONG ? 900_000 : 40_000;
const BOUND_KB = 48 * 1024;

kernelTest(`${(FIRST + REST).toLocaleString('en-US')} forks leave memory flat`, NEEDS, async () => {
  const watcher = await Watcher.start(['--format', 'json', '-o', '/dev/null', '--fail-on-loss']);
  await run(fixture('storm'), ['forks', String(FIRST)]);
  const before = residentKilobytes(watcher.pid);
  await run(fixture('storm'), ['forks', String(REST)]);
  const after = residentKilobytes(watcher.pid);
  const { code } = await watcher.stop('SIGINT');
  console.log(`# ${before} KiB, then ${after} KiB`);
  assert.equal(code, 0);
  assert.ok(after - before < BOUND_KB, `${before} KiB, then ${after} KiB`);
});

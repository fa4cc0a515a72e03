/** `procwatch ps` on the real kernel: its walk against /proc on 1,000 processes, who is selected, threads, and without privileges. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { assertTask } from '../schema/validator.ts';
import { kernelTest } from './support/requirements.ts';
import { NOBODY, sleepers } from './support/sleepers.ts';

const BIN = fileURLToPath(new URL('../../bin/procwatch.js', import.meta.url));
const COUNT = 1000;
const EVERYTHING = 'base,cred,time,memory,io,args,cgroup';

type Row = Readonly<Record<string, unknown>>;

/** As root, or as somebody who may do nothing. */
function ps(args: readonly string[], privileged = true) {
  const command = [process.execPath, BIN, 'ps', ...args];
  const rights = privileged
    ? []
    : ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--bounding-set=-all'];
  const [program, ...rest] = [...rights, ...command];
  const { status, stdout, stderr } = spawnSync(program, rest, { encoding: 'utf8', maxBuffer: 2 ** 28 });
  return { status, stdout, stderr };
}

function rows(args: readonly string[], privileged = true): Row[] {
  const { status, stdout, stderr } = ps(['--json', ...args], privileged);
  assert.deepEqual([status, stderr], [0, '']);
  const found = stdout
    .trimEnd()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row);
  for (const row of found) assertTask(row);
  return found;
}

const pidsOf = (those: readonly Row[]): number[] => those.map(({ pid }) => Number(pid)).sort((a, b) => a - b);

/** A shell of nobody's with sleeping children, every one of which is asleep in its own program when this resolves. */
async function family(count: number): Promise<ChildProcess & { readonly pid: number }> {
  const shell = await sleepers(count);
  for (let tries = 0; tries < 600; tries++) {
    const children = rows(['--children', String(shell.pid), '--source', 'proc']);
    if (children.length === count && children.every(({ comm, state }) => comm === 'sleep' && state === 'S')) {
      return shell;
    }
    await sleep(100);
  }
  throw new Error('the children did not fall asleep');
}

async function withFamily(count: number, task: (shell: number) => void): Promise<void> {
  const { pid } = await family(count);
  try {
    task(pid);
  } finally {
    process.kill(-pid, 'SIGKILL');
  }
}

/** Ages grow between two snapshots. */
const ageless = (those: readonly Row[]): Row[] => those.map(({ duration_s: _, start_time: __, ...rest }) => rest);

kernelTest('of 1,000 processes the walk in the kernel tells, fact by fact, what /proc tells', ['root'], async () => {
  await withFamily(COUNT, (shell) => {
    const choice = ['--children', String(shell), '--show', EVERYTHING];
    const walked = rows([...choice, '--source', 'bpf']);
    const read = rows([...choice, '--source', 'proc']);
    assert.equal(walked.length, COUNT);
    assert.deepEqual(ageless(walked), ageless(read));
    for (const [i, { start_time: one }] of walked.entries()) {
      // The wall clock may be put right between two snapshots.
      const apart = Date.parse(String(one)) - Date.parse(String(read[i].start_time));
      assert.ok(Math.abs(apart) < 1000, `${apart} ms`);
    }
    const [{ uid, ruid, args, ppid, comm }] = walked;
    assert.deepEqual(
      { uid, ruid, args, ppid, comm },
      {
        uid: NOBODY,
        ruid: NOBODY,
        args: ['sleep', '1000'],
        ppid: shell,
        comm: 'sleep',
      },
    );
  });
});

kernelTest('the table of both sources is the same text', ['root'], async () => {
  await withFamily(50, (shell) => {
    const choice = ['--tree', String(shell), '--show', 'base,cred,memory,args'];
    const [walked, read] = ['bpf', 'proc'].map((source) => ps([...choice, '--source', source]));
    assert.deepEqual(walked, read);
    assert.equal(walked.stdout.trimEnd().split('\n').length, 52);
  });
});

kernelTest('children, trees, users and names select the same from both sources', ['root'], async () => {
  await withFamily(20, (shell) => {
    for (const source of ['bpf', 'proc']) {
      const pids = (...args: string[]): number[] => pidsOf(rows([...args, '--source', source]));
      const children = pids('--children', String(shell));
      assert.equal(children.length, 20, source);
      const tree = [shell, ...children].sort((a, b) => a - b);
      assert.deepEqual(pids('--tree', String(shell)), tree, source);
      assert.deepEqual(pids('--tree', String(shell), '--not-name', 'slee?'), [shell], source);
      assert.deepEqual(pids('--tree', String(shell), '--user', 'nobody'), tree, source);
      assert.deepEqual(pids('--tree', String(shell), '--not-user', '65534'), [], source);
      assert.deepEqual(pids('--tree', String(shell), '--grep', '^sleep 10+$'), children, source);
      const two = [shell, children[3]].sort((a, b) => a - b);
      assert.deepEqual(pids('--pid', `${shell},${children[3]}`), two, source);
      const whole = new Set(pids('--all'));
      for (const pid of tree) assert.ok(whole.has(pid), `${source}: ${pid}`);
    }
  });
});

kernelTest('threads are told one by one, the same from both sources', ['root'], async () => {
  const own = readdirSync('/proc/self/task').map(Number);
  for (const source of ['bpf', 'proc']) {
    const threads = rows(['--threads', '--pid', String(process.pid), '--show', 'base,time', '--source', source]);
    assert.deepEqual(new Set(threads.map(({ tid }) => tid)), new Set(own), source);
    for (const { pid, tgid } of threads) assert.deepEqual([pid, tgid], [process.pid, process.pid]);
  }
});

kernelTest('kernel threads have their whole names from both sources', ['root'], async () => {
  const namesBy = (source: string): Map<unknown, unknown> =>
    new Map(rows(['--children', '2', '--source', source]).map(({ pid, comm }) => [pid, comm]));
  const [walked, read] = [namesBy('bpf'), namesBy('proc')];
  // Workers come and go, and are named by what they work on.
  const isSteady = (name: unknown): boolean => !String(name).startsWith('kworker/');
  const steady = [...walked].filter(([pid, name]) => read.has(pid) && isSteady(name));
  assert.ok(steady.length > 5);
  for (const [pid, name] of steady) assert.equal(name, read.get(pid));
});

kernelTest(
  'without privileges /proc tells the same, silently; asked for by name, the walk is refused',
  ['root'],
  async () => {
    await withFamily(20, (shell) => {
      const choice = ['--tree', String(shell), '--show', 'base,cred,memory,args'];
      assert.deepEqual(rows(choice, false), rows([...choice, '--source', 'bpf']));
      const { status, stdout, stderr } = ps([...choice, '--source', 'bpf'], false);
      assert.deepEqual([status, stdout], [77, '']);
      assert.match(stderr, /^procwatch: --source bpf: .*CAP_BPF.*\nhint: --source proc tells the same/);
    });
  },
);

kernelTest('a process that is not there is said to be missing', [], async () => {
  const { pid } = spawnSync('true');
  const { status, stdout, stderr } = ps(['--pid', String(pid), '--columns', 'pid']);
  assert.deepEqual([status, stdout, stderr], [127, 'PID\n', `procwatch: there is no process ${pid}\n`]);
});

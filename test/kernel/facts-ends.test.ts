/** What the programs in the kernel tell of births and ends: each once, with what the parent is told, and who it was where that is asked. */
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, realpathSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type FactOptions, openFactPrograms } from '../../src/bpf/fact-programs.ts';
import { END_FLAG } from '../../src/bpf/fact-record.ts';
import type { WalkForm } from '../../src/bpf/path-walk.ts';
import type { FactWishes } from '../../src/process/fact-wishes.ts';
import { compareMoments } from '../../src/process/moment.ts';
import { collecting, eventually, type Fact, factFrom } from '../support/fact-records.ts';
import { scratch } from './support/fixtures.ts';
import { register } from './support/leftovers.ts';
import { kernelTest } from './support/requirements.ts';

const NEEDS = ['root', 'compiler'] as const;

const ENDS: FactWishes = {
  births: false,
  execs: false,
  ends: 'status',
  onlyFailures: false,
  args: 'with',
  wakes: 'others read',
};

function opened(wishes: Partial<FactWishes> = {}, options: FactOptions = {}) {
  const result = openFactPrograms({ ...ENDS, ...wishes }, options);
  if ('reason' in result) throw new Error(result.reason);
  return result.programs;
}

let program: string | undefined;

/** The fixture, compiled when first asked for. */
function fixture(): string {
  if (program === undefined) {
    program = join(realpathSync(scratch()), 'ends');
    const source = fileURLToPath(new URL('../bpf/fixtures/ends.c', import.meta.url));
    execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-pthread', '-static', '-o', program, source]);
  }
  return program;
}

/** Waits for the end of a child, and gives its pid and what it printed, by line and word. */
async function outcome(child: ChildProcess) {
  let output = '';
  child.stdout?.setEncoding('latin1').on('data', (text: string) => {
    output += text;
  });
  await once(child, 'close');
  const lines = output.split('\n').filter((line) => line !== '');
  return { pid: child.pid ?? 0, words: lines.map((line) => line.split(' ')) };
}

/** Where the fixture runs; a core that it leaves is gone with it. */
const folder = (): string => realpathSync(scratch());

const start = (command: string, args: readonly string[], cwd = folder()): ChildProcess =>
  register(spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'] }));

const ends = (mode: string, operand: string | number = '') => outcome(start(fixture(), [mode, String(operand)]));

/** What is told while the fixture runs, of its children alone. */
async function tellingOf(mode: string, operand: string | number, wishes: Partial<FactWishes>, options?: FactOptions) {
  const { result, facts, lost } = await collecting(opened(wishes, options), () => ends(mode, operand));
  assert.equal(lost, 0);
  return { ...result, all: facts, facts: facts.filter(({ ppid }) => ppid === result.pid) };
}

const EACH = 200;
const KINDS = 15;

/** A child as the fixture was told of it, and its record. They end one after the other. */
interface Ended {
  readonly kind: string;
  readonly status: number;
  readonly fact: Fact;
}

function joined(words: readonly (readonly string[])[], facts: readonly Fact[]): Ended[] {
  const told = words.map(([pid, status]) => ({ pid: Number(pid), status: Number(status) }));
  assert.deepEqual(
    facts.map(({ tgid, status }) => ({ pid: tgid, status })),
    told,
  );
  return facts.map((fact, i) => ({ kind: words[i].slice(2).join(' '), status: told[i].status, fact }));
}

const BY_ITSELF = ['exit', 'killed from outside', 'abort', 'core dumped'];
const EXECUTED = 'exec by a thread';

function assertWhoEnded(all: readonly Ended[]): void {
  const counts = new Map<string, number>();
  for (const [i, { kind, fact }] of all.entries()) {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
    const { comm, flags, tid, tgid, effectiveUid, kind: what } = fact;
    const expected = kind === EXECUTED ? ['exe', 0] : ['ends', END_FLAG.onlyForked];
    assert.deepEqual([what, comm, flags, effectiveUid], ['end', ...expected, 0], kind);
    if (BY_ITSELF.includes(kind)) assert.equal(tid, tgid, kind);
    if (kind.startsWith('leader first')) assert.notEqual(tid, tgid, kind);
    if (i > 0) assert.ok(compareMoments(all[i - 1].fact.start, fact.start) < 0, 'each is born after the one before');
    if (i > 0) assert.ok(compareMoments(all[i - 1].fact.at, fact.at) < 0, 'and ends after it');
  }
  assert.deepEqual([...counts.values()], new Array(KINDS).fill(EACH));
}

kernelTest(
  `${KINDS} kinds of ends, ${EACH} of each: one record each, with the status that the parent gets, whichever thread was last`,
  NEEDS,
  async () => {
    const { words, facts } = await tellingOf('kinds', EACH, {});
    assertWhoEnded(joined(words, facts));
    assert.ok(facts.every(({ image }) => image === undefined));
  },
);

for (const walk of ['typed', 'read'] satisfies WalkForm[]) {
  kernelTest(
    `the same told whole, by the walk '${walk}': also what ran, where, and the parent's name`,
    NEEDS,
    async () => {
      const { words, facts } = await tellingOf('kinds', EACH, { ends: 'whole' }, { walk });
      const all = joined(words, facts);
      assertWhoEnded(all);
      for (const { kind, status, fact } of all) {
        const { args, argsTotal, path, exe, cwd, comm, uid } = fact.image ?? assert.fail(`no image: ${kind}`);
        const own = ['ends-after', 'now', String(status >> 8)];
        assert.deepEqual(args, kind === EXECUTED ? own : [fixture(), 'kinds', String(EACH)], kind);
        assert.deepEqual([argsTotal, path, exe, cwd], [undefined, undefined, fixture(), folder()], kind);
        assert.deepEqual([comm, uid, fact.realUid, fact.parentComm], [fact.comm, 0, 0, 'ends'], kind);
      }
    },
  );
}

const COMMANDS = 800;

for (const walk of ['typed', 'read'] satisfies WalkForm[]) {
  kernelTest(
    `only failures, by the walk '${walk}': of ${COMMANDS} commands the 80 that fail, each whole, and none of the others`,
    NEEDS,
    async () => {
      const wishes = { ends: 'whole', onlyFailures: true } as const;
      const { words, facts, all } = await tellingOf('commands', COMMANDS, wishes, { walk });
      assert.ok(all.every(({ kind, status }) => kind === 'end' && status !== 0));
      const failed = words.filter(([, status]) => status !== '0');
      assert.deepEqual([words.length, failed.length], [COMMANDS, COMMANDS / 10]);
      const byPid = new Map(facts.map((fact) => [fact.tgid, fact]));
      assert.equal(facts.length, failed.length);
      for (const [pid, status, index] of failed) {
        const { image, ...fact } = byPid.get(Number(pid)) ?? assert.fail(`no record of ${pid}`);
        assert.deepEqual([fact.status, fact.flags, fact.comm, fact.parentComm], [Number(status), 0, 'ends', 'ends']);
        assert.deepEqual([image?.args, image?.exe, image?.cwd], [['ends', 'command', index], fixture(), folder()]);
      }
    },
  );
}

kernelTest('only failures, of statuses alone: the same 80', NEEDS, async () => {
  const { words, facts, all } = await tellingOf('commands', COMMANDS, { onlyFailures: true });
  const failed = words.filter(([, status]) => status !== '0').map(([pid, status]) => [Number(pid), Number(status)]);
  const byPid = (a: readonly (number | undefined)[], b: readonly (number | undefined)[]) => Number(a[0]) - Number(b[0]);
  assert.deepEqual(facts.map(({ tgid, status }) => [tgid, status]).sort(byPid), failed.sort(byPid));
  assert.ok(all.every(({ status, image }) => status !== 0 && image === undefined));
});

/** The command that a shell would find. */
const found = (name: string): string =>
  realpathSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim());

const ownComm = (): string => readFileSync('/proc/self/comm', 'utf8').trimEnd();

/** The end of one command, told whole, among failures. */
async function failing(task: () => Promise<{ readonly pid: number }>, walk: WalkForm = 'typed') {
  const { result, facts } = await collecting(opened({ ends: 'whole', onlyFailures: true }, { walk }), task);
  return { pid: result.pid, facts, fact: facts.find(({ tgid }) => tgid === result.pid) ?? assert.fail('no record') };
}

const whole = ({ status, comm, parentComm, flags, image }: Fact) => ({
  status,
  comm,
  parentComm,
  flags,
  args: image?.args,
  exe: image?.exe,
  cwd: image?.cwd,
});

const commandLine = ({ pid }: ChildProcess): string =>
  readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0').slice(0, -1).join(' ');

kernelTest('killed by -9: what ran, and where', NEEDS, async () => {
  const { fact } = await failing(async () => {
    const child = start('sleep', ['1000'], '/usr');
    await eventually('it runs', () => commandLine(child) === 'sleep 1000');
    child.kill('SIGKILL');
    return outcome(child);
  });
  const expected = { status: 9, comm: 'sleep', parentComm: ownComm(), flags: 0 };
  assert.deepEqual(whole(fact), { ...expected, args: ['sleep', '1000'], exe: found('sleep'), cwd: '/usr' });
});

kernelTest('ended by a segmentation fault', NEEDS, async () => {
  const script = 'ulimit -c 0; kill -SEGV $$';
  const { fact } = await failing(() => outcome(start('sh', ['-c', script])));
  const expected = { status: 11, comm: 'sh', parentComm: ownComm(), flags: 0 };
  assert.deepEqual(whole(fact), { ...expected, args: ['sh', '-c', script], exe: found('sh'), cwd: folder() });
});

kernelTest('exit 3 of bash', NEEDS, async () => {
  const { fact } = await failing(() => outcome(start('bash', ['-c', 'exit 3'], '/')));
  const expected = { status: 0x300, comm: 'bash', parentComm: ownComm(), flags: 0 };
  assert.deepEqual(whole(fact), { ...expected, args: ['bash', '-c', 'exit 3'], exe: found('bash'), cwd: '/' });
});

kernelTest('a process that only forked runs what its parent runs, and says so', NEEDS, async () => {
  const script = '(cd /usr; exit 5); exit 6';
  const { pid, fact, facts } = await failing(() => outcome(start('sh', ['-c', script])));
  const shell = { comm: 'sh', args: ['sh', '-c', script], exe: found('sh') };
  const [sub, ...others] = facts.filter(({ ppid }) => ppid === pid);
  assert.deepEqual(others, []);
  const { onlyForked } = END_FLAG;
  assert.deepEqual(whole(sub), { ...shell, status: 0x500, parentComm: 'sh', flags: onlyForked, cwd: '/usr' });
  assert.deepEqual(whole(fact), { ...shell, status: 0x600, parentComm: ownComm(), flags: 0, cwd: folder() });
});

kernelTest('a program that deleted itself, in a directory that is gone', NEEDS, async () => {
  for (const walk of ['typed', 'read'] satisfies WalkForm[]) {
    const here = join(folder(), `gone-${walk}`);
    mkdirSync(here);
    execFileSync('cp', [found('sleep'), join(here, 'sleeping')]);
    const { fact } = await failing(async () => {
      const child = start(join(here, 'sleeping'), ['1000'], here);
      await eventually('it runs', () => commandLine(child).endsWith('sleeping 1000'));
      execFileSync('rm', ['-r', here]);
      child.kill('SIGTERM');
      return outcome(child);
    }, walk);
    assert.deepEqual([fact.status, fact.comm], [15, 'sleeping']);
    assert.deepEqual([fact.image?.exe, fact.image?.cwd], [`${here}/sleeping`, here]);
    assert.deepEqual([fact.image?.exeDeleted, fact.image?.cwdDeleted], [true, true]);
  }
});

kernelTest('without arguments none are copied', NEEDS, async () => {
  const { facts } = await tellingOf('commands', 10, { ends: 'whole', args: 'without' });
  assert.equal(facts.length, 10);
  for (const { image } of facts) {
    assert.deepEqual(
      [image?.args, image?.argsTotal, image?.exe, image?.cwd],
      [undefined, undefined, fixture(), folder()],
    );
  }
});

/** A control group in which 8 MiB of memory may be used, or why there is none. */
function smallGroup(): { readonly directory: string } | { readonly lack: string } {
  const [v1, v2] = ['/sys/fs/cgroup/memory', '/sys/fs/cgroup'];
  const isUnified = !existsSync(`${v1}/memory.limit_in_bytes`);
  if (isUnified && !existsSync(`${v2}/cgroup.subtree_control`)) return { lack: 'no memory control groups are mounted' };
  if (isUnified && !readFileSync(`${v2}/cgroup.subtree_control`, 'latin1').includes('memory')) {
    return { lack: 'control groups limit no memory here' };
  }
  const directory = join(isUnified ? v2 : v1, `procwatch-test-${process.pid}`);
  try {
    mkdirSync(directory);
    writeFileSync(join(directory, isUnified ? 'memory.max' : 'memory.limit_in_bytes'), String(8 << 20));
    if (isUnified && existsSync(join(directory, 'memory.swap.max')))
      writeFileSync(join(directory, 'memory.swap.max'), '0');
    return { directory };
  } catch (error) {
    if (existsSync(directory)) rmdirSync(directory);
    return { lack: `no control group can be made here (${error instanceof Error ? error.message : error})` };
  }
}

kernelTest('killed for want of memory: the flag says so', NEEDS, async (t) => {
  const group = smallGroup();
  if ('lack' in group) {
    if (process.env.PROCWATCH_REQUIRE_KERNEL === '1') throw new Error(group.lack);
    return t.skip(group.lack);
  }
  try {
    const procs = join(group.directory, 'cgroup.procs');
    const { fact, facts } = await failing(() => ends('hungry', procs));
    const expected = { status: 9, comm: 'ends', parentComm: ownComm(), flags: END_FLAG.outOfMemory };
    assert.deepEqual(whole(fact), { ...expected, args: [fixture(), 'hungry', procs], exe: fixture(), cwd: folder() });
    assert.deepEqual(
      facts.filter(({ flags = 0 }) => (flags & END_FLAG.outOfMemory) !== 0).map(({ tgid }) => tgid),
      [fact.tgid],
    );
  } finally {
    // The kernel lets it go a moment after its last process.
    await eventually('the control group can be removed', () => {
      try {
        rmdirSync(group.directory);
        return true;
      } catch {
        return false;
      }
    });
  }
});

const LIVES: Partial<FactWishes> = { births: true, execs: true, ends: 'status' };

kernelTest('each life in its order: birth, exec, end, and the same start in all three', NEEDS, async () => {
  const { pid: parent, words, facts } = await tellingOf('commands', 2000, LIVES);
  const lives = new Map<number, Fact[]>(words.map(([pid]) => [Number(pid), []]));
  for (const fact of facts) lives.get(fact.tgid)?.push(fact);
  assert.equal(facts.length, 3 * 2000);
  for (const life of lives.values()) {
    assert.deepEqual(
      life.map(({ kind }) => kind),
      ['birth', 'exec', 'end'],
    );
    const [birth, ...later] = life;
    assert.equal(birth.tid, parent, 'who made it');
    for (const { start } of later) assert.deepEqual(start, birth.start);
  }
});

kernelTest('threads are no births', NEEDS, async () => {
  const { facts } = await tellingOf('kinds', 20, LIVES);
  const count = (which: Fact['kind']): number => facts.filter(({ kind }) => kind === which).length;
  assert.deepEqual([count('birth'), count('exec'), count('end')], [20 * KINDS, 20, 20 * KINDS]);
});

kernelTest('a child made in the name of another: the parent is the parent, and its maker is told', NEEDS, async () => {
  const { words, facts } = await tellingOf('cloned', '', LIVES);
  const [[pid, maker], ...others] = words.map((line) => line.map(Number));
  assert.deepEqual(others, []);
  assert.deepEqual(
    facts.filter(({ tgid }) => tgid === pid).map(({ kind, tid }) => [kind, tid]),
    [
      ['birth', maker],
      ['end', pid],
    ],
  );
});

kernelTest('a full ring counts exactly the births and ends that it could not keep', NEEDS, async () => {
  const small = opened(LIVES, { ringBytes: 4096 });
  const witness = opened(LIVES);
  try {
    await ends('commands', 1000);
    await sleep(20);
    const [kept, lost, seen] = [small.drain().length, small.takeLost(), witness.drain().length];
    assert.deepEqual([witness.takeLost(), small.takeLost()], [0, 0]);
    assert.ok(lost > 2000 && kept > 10, `${kept} kept, ${lost} lost`);
    // The two are not opened, nor read, at one moment: what else runs here may fall between.
    assert.ok(Math.abs(kept + lost - seen) <= 20, `${kept} kept, ${lost} lost, ${seen} seen`);
    const { pid } = await ends('commands', 2);
    assert.equal(
      small
        .drain()
        .map(factFrom)
        .filter(({ ppid }) => ppid === pid).length,
      6,
    );
  } finally {
    small.close();
    witness.close();
  }
});

const WAKING: [what: string, wishes: Partial<FactWishes>, options: FactOptions, task: () => Promise<unknown>][] = [
  ['an end that no event may tell', { wakes: 'untold' }, {}, () => ends('one', 'leader first, then the group')],
  ['the same told whole', { wakes: 'untold', ends: 'whole' }, {}, () => ends('one', 'leader first, then killed')],
  ['a ring that is half full', { wakes: 'untold' }, { ringBytes: 4096 }, () => ends('commands', 100)],
  ['the first record after all were read', { wakes: 'others read' }, {}, () => ends('commands', 2)],
];
for (const [what, wishes, options, task] of WAKING) {
  kernelTest(`${what} wakes the reader`, NEEDS, async () => {
    fixture();
    const programs = opened(wishes, options);
    let isWoken = false;
    const readiness = programs.onReadable(() => {
      isWoken = true;
      readiness.pause();
    });
    try {
      // What is there when the waiting begins wakes in any case.
      await sleep(20);
      programs.drain();
      readiness.resume();
      isWoken = false;
      await task();
      await eventually('it is woken', () => isWoken);
      assert.ok(programs.drain().length > 0);
    } finally {
      readiness.close();
      programs.close();
    }
  });
}

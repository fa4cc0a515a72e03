/** All processes and their parents at one moment, while very many sleep. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { openTaskDump } from '../../src/bpf/task-dump.ts';
import { WalkedTask, type WalkedTasks } from '../../src/bpf/task-record.ts';
import { type Bench, cleanEnvironment } from '../bench.ts';
import type { Result } from '../result.ts';
import { ratio, spread, written } from '../statistics.ts';
import { BIN, procwatchHelp } from '../tools.ts';

const PS = 'ps ax -o pid,ppid';
const LOOP = 'C, loop over /proc';

const WARM_UP = 20;

/** Pid and parent of everybody. */
function parentsIn(tasks: WalkedTasks): number {
  let sum = 0;
  for (const { pid, ppid } of tasks.all(WalkedTask)) sum += pid + ppid;
  return sum;
}

function timed(task: () => unknown): number {
  const start = performance.now();
  task();
  return performance.now() - start;
}

/** System calls of a whole program, all its threads together, as strace counts them; undefined where there is no strace. */
function systemCalls(bench: Bench, command: string): number | undefined {
  const [counts, output] = [`${bench.directory}/calls`, `${bench.directory}/dumped`];
  const { error } = spawnSync('strace', ['-f', '-c', '-o', counts, 'sh', '-c', `exec ${command} > ${output}`]);
  if (error !== undefined) return undefined;
  const [, calls] = /^\s*100\.00\s+\S+\s+\S+\s+(\d+).* total$/m.exec(readFileSync(counts, 'latin1')) ?? [];
  return calls === undefined ? undefined : Number(calls);
}

export async function dump(bench: Bench): Promise<Result> {
  const env = cleanEnvironment();
  const { sleeping } = bench.scale;
  const stopwatch = (...command: string[]) =>
    Number(
      execFileSync(bench.program('stopwatch'), ['exit', ...command], { env, encoding: 'utf8', maxBuffer: 2 ** 26 })
        .trim()
        .split('\n')
        .at(-1),
    ) / 1000;
  const quiet = (command: string) => () => stopwatch('sh', '-c', `exec ${command} > ${bench.directory}/dumped`);
  const hasPs = procwatchHelp('ps').includes('procwatch ps');
  const opened = openTaskDump({ tasks: 'leaders' });
  const walk = 'reason' in opened ? undefined : opened.dump;
  const loop = `${bench.program('ends')} stats 1`;
  const own = `${process.execPath} ${BIN} ps`;
  const subjects = [
    { name: PS, measure: quiet(PS) },
    { name: `${LOOP}, whole program`, measure: quiet(loop) },
    {
      name: `${LOOP}, each dump`,
      measure: () =>
        Number(execFileSync(bench.program('ends'), ['stats', '1'], { encoding: 'utf8' }).split(' ')[0]) / 1000,
    },
    ...(walk === undefined
      ? []
      : [{ name: 'procwatch, each dump, after 20 others', measure: () => timed(() => parentsIn(walk.tasks())) }]),
    ...(hasPs ? [{ name: 'procwatch ps, whole program', measure: quiet(own) }] : []),
  ];
  const load = spawn(bench.program('load'), ['held', String(sleeping)], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(createInterface({ input: load.stdout }), 'line');
    // The C programs have no warm-up: a program that runs already has had its own.
    for (let i = 0; walk !== undefined && i < WARM_UP; i++) parentsIn(walk.tasks());
    const samples = await bench.takeTurns(subjects, async ({ measure }) => measure());
    const figures = Object.fromEntries([...samples].map(([name, of]) => [name, { ms: spread(of) }]));
    const calls = [PS, loop, own].map(
      (command) => systemCalls(bench, command)?.toLocaleString('en-US') ?? 'not counted',
    );
    return {
      name: 'dump',
      title: `All processes at once, with ${sleeping.toLocaleString('en-US')} asleep`,
      what: 'Wall time for pid and parent of every process: of the whole program, and of one dump in a program that runs already.',
      columns: ['way', 'ms', 'against ps'],
      rows: Object.entries(figures).map(([name, { ms }]) => [
        name,
        written(ms),
        `${(ratio(ms?.median, figures[PS].ms?.median) ?? Number.NaN).toFixed(2)} ×`,
      ]),
      figures,
      aims: [],
      notes: [
        `System calls of the whole programs, as strace counts them: ps ${calls[0]}, the loop in C ${calls[1]}, procwatch ps ${calls[2]}.`,
        ...(hasPs ? [] : ['procwatch ps: this version has no such command']),
        ...('reason' in opened ? [`no dump from inside the kernel: ${opened.reason}`] : []),
      ],
    };
  } finally {
    walk?.close();
    load.stdin.end('\n');
    await once(load, 'close');
  }
}

/** All processes and their parents at one moment, while very many sleep. */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { type Bench, cleanEnvironment } from '../bench.ts';
import type { Result } from '../result.ts';
import { median, ratio, spread, times, written } from '../statistics.ts';
import { BIN, procwatchHelp } from '../tools.ts';

type Library = typeof import('../../src/library/api.ts');
/** As a program gets it. */
const LIBRARY = new URL('../../dist/library/api.js', import.meta.url).href;

const PS = 'ps ax -o pid,ppid';
const LOOP = 'C, loop over /proc';
const OPENED = 'openProcesses of the library, each dump, after 20 others';
const WHOLE = 'procwatch ps, whole program';

const WARM_UP = 20;
const EACH_ROUND = 5;

/** Pid and parent of everybody. */
function parentsIn(rows: Iterable<{ readonly pid: number; readonly ppid: number }>): number {
  let sum = 0;
  for (const { pid, ppid } of rows) sum += pid + ppid;
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
  const { openProcesses } = (await import(LIBRARY)) as Library;
  const opened = await openProcesses();
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
    {
      name: OPENED,
      measure: () => median(Array.from({ length: EACH_ROUND }, () => timed(() => parentsIn(opened.read())))),
    },
    ...(hasPs ? [{ name: WHOLE, measure: quiet(own) }] : []),
  ];
  const load = spawn(bench.program('load'), ['held', String(sleeping)], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(createInterface({ input: load.stdout }), 'line');
    // The C programs have no warm-up: a program that runs already has had its own.
    for (let i = 0; i < WARM_UP; i++) parentsIn(opened.read());
    const samples = await bench.takeTurns(subjects, async ({ measure }) => measure());
    const figures = Object.fromEntries([...samples].map(([name, of]) => [name, { ms: spread(of) }]));
    const against = (name: string) => ratio(figures[name]?.ms?.median, figures[PS].ms?.median);
    const calls = [PS, loop, own].map(
      (command) => systemCalls(bench, command)?.toLocaleString('en-US') ?? 'not counted',
    );
    return {
      name: 'dump',
      title: `All processes at once, with ${sleeping.toLocaleString('en-US')} asleep`,
      what: 'Wall time for pid and parent of every process: of the whole program, and of one dump in a program that runs already.',
      columns: ['way', 'ms', 'against ps'],
      rows: Object.entries(figures).map(([name, { ms }]) => [name, written(ms), times(against(name), 3)]),
      figures,
      aims: [
        {
          aim: 11,
          text: 'a dump by openProcesses, against ps ax -o pid,ppid',
          limit: 0.02,
          unit: ' ×',
          measured: against(OPENED),
        },
        {
          aim: 11,
          text: 'procwatch ps, whole, against ps ax -o pid,ppid',
          limit: 0.6,
          unit: ' ×',
          measured: against(WHOLE),
        },
      ],
      notes: [
        `System calls of the whole programs, as strace counts them: ps ${calls[0]}, the loop in C ${calls[1]}, procwatch ps ${calls[2]}.`,
        ...(hasPs ? [] : ['procwatch ps: this version has no such command']),
        ...(opened.source === 'bpf' ? [] : [`no dump from inside the kernel: ${opened.reason}`]),
      ],
    };
  } finally {
    opened.close();
    load.stdin.end('\n');
    await once(load, 'close');
  }
}

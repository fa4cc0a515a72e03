/**
 * The ends of many processes, learnt in three ways: from the connector, from process descriptors, from looks at /proc. The table that the
 * kernel's filter series was argued with.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench } from '../bench.ts';
import { cpuNanos } from '../procfs.ts';
import type { Result } from '../result.ts';
import { spread, written } from '../statistics.ts';
import { Subject, until } from '../subject.ts';
import { procwatch, reader, type Tool } from '../tools.ts';

const SCAN_MS = 100;
const MASKS = {
  exit: '0x80000000',
  'fork,exit': '0x80000001',
  'fork,exec,exit': '0x80000003',
} as const;

interface Listener extends Tool {
  readonly isDoneWhenItTells?: boolean;
}

/** Reads the pids to wait for from its input. */
const listener = (bench: Bench, name: string, args: readonly string[]): Listener => ({
  name,
  command: () => [bench.program('ends'), ...args],
  listens: { afterMs: 0 },
  stop: 'SIGTERM',
  runtime: 'native',
  isDoneWhenItTells: true,
  told: () => {
    let ends = 0;
    return {
      take: (line) => {
        ends = Number(line.split(' ')[1]);
      },
      tally: () => ({ events: ends, ofLoad: ends, losses: undefined, lossUnit: '' }),
    };
  },
});

/** All processes are there, then wait a while, then end at once. */
async function follow(bench: Bench, tool: Listener): Promise<{ cpuMs: number; told: number }> {
  const { processes, holdMs } = bench.scale;
  const subject = await Subject.start(bench, tool, true);
  const before = cpuNanos(subject.pid);
  const load = spawn(bench.program('load'), ['held', String(processes)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: load.stdout }), 'line')) as [string];
  const parents = new Set([load.pid ?? 0]);
  subject.give(`${line.split(' ').slice(1).join(' ')}\n`);
  await sleep(holdMs);
  load.stdin.end('\n');
  await once(load, 'close');
  if (tool.isDoneWhenItTells) await until(`${tool.name} is done`, () => subject.bytes > 0);
  await subject.rest();
  const cpuMs = (cpuNanos(subject.pid) - before) / 1e6;
  await subject.stop();
  const told = tool.told(parents);
  await subject.read(told);
  return { cpuMs, told: told.tally().ofLoad };
}

export async function series(bench: Bench): Promise<Result> {
  const { processes, holdMs } = bench.scale;
  const selections = Object.entries(MASKS);
  const tools: Listener[] = [
    ...selections.map(([events]) => procwatch(['-e', events])),
    ...selections.map(([events, mask]) => ({ ...reader(bench, 'wake', mask), name: `C, woken, ${events}` })),
    listener(bench, 'pidfds (C): ends', ['pidfds']),
    listener(bench, `a look at /proc every ${SCAN_MS} ms (C): ends`, ['scan', String(SCAN_MS)]),
  ];
  const samples = await bench.takeTurns(tools, (tool) => follow(bench, tool));
  const figures = Object.fromEntries(
    [...samples].map(([name, of]) => [
      name,
      { cpu_ms: spread(of.map(({ cpuMs }) => cpuMs)), told: spread(of.map(({ told }) => told)) },
    ]),
  );
  return {
    name: 'series',
    title: `The ends of ${processes.toLocaleString('en-US')} processes, in several ways`,
    what: `${processes.toLocaleString('en-US')} commands are started, stay for ${holdMs} ms and end at once. CPU of the listener over all of it. Only the connector tells of births, programs and exit codes; pidfds and looks at /proc must be given the pids, and a look cannot see what came and went between two.`,
    columns: ['listener', 'CPU ms', 'told of the load'],
    rows: Object.entries(figures).map(([name, { cpu_ms, told }]) => [name, written(cpu_ms), written(told)]),
    figures,
    aims: [],
    notes: [],
  };
}

/** What it costs to be told why processes end: the machine, for signals that end nobody, and procwatch, for those that do. */
import { execFileSync } from 'node:child_process';
import type { Bench } from '../bench.ts';
import { cpuNanos } from '../procfs.ts';
import type { Result } from '../result.ts';
import { ratio, spread, written } from '../statistics.ts';
import { Subject } from '../subject.ts';
import { BIN, procwatch, type Tool } from '../tools.ts';

/** The same table, once with the column that wants the programs. */
const table = (columns: string, name: string): Tool => ({
  ...procwatch([], name),
  command: (file) => [process.execPath, BIN, 'watch', '-f', 'table', '--columns', columns, '-o', file],
});
const WITHOUT = table('time,event,pid,comm,signal', 'without causes');
const WITH = table('time,event,pid,comm,cause', 'with causes');

interface Row {
  readonly name: string;
  readonly load: string;
  readonly tool: Tool;
  /** Nanoseconds that each took. */
  readonly run: () => Promise<number>;
}

interface Sample {
  readonly cpuMs: number;
  readonly eachNs: number;
}

async function sample(bench: Bench, { tool, run }: Row): Promise<Sample> {
  const subject = await Subject.start(bench, tool);
  const before = cpuNanos(subject.pid);
  const eachNs = await run();
  await subject.rest();
  const cpuMs = (cpuNanos(subject.pid) - before) / 1e6;
  await subject.stop();
  return { cpuMs, eachNs };
}

export async function causes(bench: Bench): Promise<Result> {
  const { processes, forks } = bench.scale;
  const many = (number: number) => number.toLocaleString('en-US');
  const signals = (mode: string, times: number) => async () =>
    Number(execFileSync(bench.program('signals'), [mode, String(times)], { encoding: 'latin1' }));
  const commands = async (): Promise<number> => {
    const begin = performance.now();
    await bench.load('execs', processes, 2);
    return Math.round(((performance.now() - begin) * 1e6) / processes);
  };
  const kills = Math.min(40_000, forks);
  const loads: readonly Pick<Row, 'load' | 'run'>[] = [
    { load: `${many(forks * 10)} SIGURG`, run: signals('urg', forks * 10) },
    { load: `${many(forks)} children that end`, run: signals('chld', forks) },
    { load: `${many(kills)} kills`, run: signals('kill', kills) },
    { load: `${many(processes)} commands`, run: commands },
  ];
  const subjects: Row[] = loads.flatMap((one) =>
    [WITHOUT, WITH].map((tool) => ({ ...one, tool, name: `${tool.name}, ${one.load}` })),
  );
  const samples = await bench.takeTurns(subjects, (row) => sample(bench, row));
  const figures = Object.fromEntries(
    [...samples].map(([name, of]) => [
      name,
      { cpu_ms: spread(of.map(({ cpuMs }) => cpuMs)), each_ns: spread(of.map(({ eachNs }) => eachNs)) },
    ]),
  );
  const cost = (tool: Tool) => figures[`${tool.name}, ${loads[3].load}`].cpu_ms?.median;
  return {
    name: 'causes',
    title: 'Why processes end',
    what: 'CPU of procwatch writing a table to a file, with and without the column of causes, and how long each signal, or each command, takes meanwhile.',
    columns: ['watch', 'load', 'CPU ms', 'ns each'],
    rows: subjects.map(({ name, load, tool }) => [
      tool.name,
      load,
      written(figures[name].cpu_ms),
      written(figures[name].each_ns),
    ]),
    figures,
    aims: [
      {
        aim: 2,
        text: 'with causes against without, while nobody is killed (commands)',
        limit: 1.03,
        unit: ' ×',
        measured: ratio(cost(WITH), cost(WITHOUT)),
      },
    ],
    notes: [],
  };
}

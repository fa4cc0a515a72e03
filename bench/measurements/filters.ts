/** What it costs to be asked for less: the selection is the kernel's, so what is not asked for does not wake us. */
import type { Bench, LoadRun } from '../bench.ts';
import type { Result } from '../result.ts';
import { ratio, spread, written } from '../statistics.ts';
import { type Sample, watchLoad } from '../subject.ts';
import { procwatch, type Tool } from '../tools.ts';

interface Row {
  readonly name: string;
  readonly load: string;
  readonly tool: Tool;
  readonly run: () => Promise<LoadRun>;
}

export async function filters(bench: Bench): Promise<Result> {
  const { forks, processes } = bench.scale;
  const count = (number: number) => number.toLocaleString('en-US');
  const row = (events: string, load: string, run: Row['run']): Row => ({
    name: `-e ${events}, ${load}`,
    load,
    run,
    tool: procwatch(['-e', events]),
  });
  const quiet = (events: string) =>
    row(events, `${count(forks)} processes that end with 0`, () => bench.load('exits', forks, 2));
  const commands = (events: string) =>
    row(events, `${count(processes)} commands`, () => bench.load('execs', processes, 2));
  const all = quiet('all');
  const failures = quiet('nonzero-exit');
  const exits = commands('exit');
  const whole = commands('fork,exec,exit');
  const subjects = [all, failures, exits, commands('fork,exit'), whole];

  const samples = await bench.takeTurns(subjects, ({ tool, run }) => watchLoad(bench, tool, async () => [await run()]));
  const figures = Object.fromEntries([...samples].map(([name, of]) => [name, summary(of)]));
  const cost = ({ name }: Row) => figures[name].cpu_ms?.median;
  return {
    name: 'filters',
    title: 'Asked for less',
    what: 'CPU of procwatch writing JSON to a file, from when it listens until it rests after the load, for the same load with more and less of it asked for.',
    columns: ['events', 'load', 'CPU ms', 'events told'],
    rows: subjects.map(({ name, load, tool }) => [
      tool.name,
      load,
      written(figures[name].cpu_ms),
      written(figures[name].told),
    ]),
    figures,
    aims: [
      {
        aim: 2,
        text: '--events nonzero-exit against --events all, while processes end with 0',
        limit: 0.02,
        unit: ' ×',
        measured: ratio(cost(failures), cost(all)),
      },
      {
        aim: 2,
        text: '--events exit against fork,exec,exit',
        limit: 0.5,
        unit: ' ×',
        measured: ratio(cost(exits), cost(whole)),
      },
    ],
    notes: [],
  };
}

const summary = (samples: readonly Sample[]) => ({
  cpu_ms: spread(samples.map(({ cpuMs }) => cpuMs)),
  told: spread(samples.map(({ tally }) => tally.events)),
});

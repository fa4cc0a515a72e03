/** What it costs to be told what each process used, for processes that do nothing and for commands. */
import type { Bench, LoadRun } from '../bench.ts';
import type { Result } from '../result.ts';
import { ratio, spread, written } from '../statistics.ts';
import { watchLoad } from '../subject.ts';
import { isInstalled, procwatch, type Tool, withoutPrograms } from '../tools.ts';

interface Load {
  readonly name: string;
  readonly run: () => Promise<LoadRun>;
}

interface Row {
  readonly name: string;
  readonly load: Load;
  readonly tool: Tool;
}

export async function usage(bench: Bench): Promise<Result> {
  const { forks, processes } = bench.scale;
  const bare: Load = {
    name: `${forks.toLocaleString('en-US')} processes that end at once`,
    run: () => bench.load('exits', forks, 2),
  };
  const commands: Load = {
    name: `${processes.toLocaleString('en-US')} commands`,
    run: () => bench.load('execs', processes, 2),
  };
  const row = (load: Load, ...args: readonly string[]): Row => {
    const tool = procwatch(args);
    return { name: `${tool.name}, ${load.name}`, load, tool };
  };
  const pairs = [bare, commands].map((load) => ({ load, without: row(load), with: row(load, '--usage') }));
  const deprived = ({ load, tool }: Row): Row => {
    const without = withoutPrograms(tool);
    return { name: `${without.name}, ${load.name}`, load, tool: without };
  };
  const byTaskstats = isInstalled('setpriv')
    ? pairs.flatMap((pair) => [deprived(pair.without), deprived(pair.with)])
    : [];
  const subjects = [...pairs.flatMap((pair) => [pair.without, pair.with]), ...byTaskstats];
  const samples = await bench.takeTurns(subjects, ({ tool, load }) =>
    watchLoad(bench, tool, async () => [await load.run()]),
  );
  const figures = Object.fromEntries(
    [...samples].map(([name, of]) => [
      name,
      { cpu_ms: spread(of.map(({ cpuMs }) => cpuMs)), told: spread(of.map(({ tally }) => tally.events)) },
    ]),
  );
  const cost = ({ name }: Row) => figures[name].cpu_ms?.median;
  return {
    name: 'usage',
    title: 'What each process used',
    what: 'CPU of procwatch writing JSON to a file, from when it listens until it rests after the load, without and with the accounts of ended processes.',
    columns: ['events', 'load', 'CPU ms', 'events told'],
    rows: subjects.map(({ name, load, tool }) => [
      tool.name,
      load.name,
      written(figures[name].cpu_ms),
      written(figures[name].told),
    ]),
    figures,
    aims: pairs.map((pair) => ({
      aim: 16,
      text: `--usage against none, ${pair.load.name}`,
      limit: 1.25,
      unit: ' ×',
      measured: ratio(cost(pair.with), cost(pair.without)),
      why: 'a dozen members more in each line, and an object more for each exit (DECISIONS.md, 43).',
    })),
    notes: [
      'Without programs in the kernel, arguments come from /proc and accounts, with lower bounds, from taskstats.',
    ],
  };
}

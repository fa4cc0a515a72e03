/** Failures alone, and other ways to be asked for less: what is not asked for does not wake us, and what is told is told whole. */
import type { Bench, LoadRun } from '../bench.ts';
import type { Told } from '../parse.ts';
import type { Result } from '../result.ts';
import { ratio, spread, written } from '../statistics.ts';
import { watchLoad } from '../subject.ts';
import { procwatch, type Tool } from '../tools.ts';

/** Of so many commands one fails, with this status. */
const EVERY = 100;
const STATUS = 3;
const PARENTS = 2;

interface Row {
  readonly name: string;
  readonly load: string;
  readonly tool: Tool;
  readonly run: () => Promise<LoadRun>;
}

function rowsOf(bench: Bench) {
  const { forks, processes } = bench.scale;
  const count = (number: number) => number.toLocaleString('en-US');
  const row = (events: string, load: string, run: Row['run']): Row => {
    const tool = procwatch(['-e', events]);
    return { name: `${tool.name}, ${load}`, load, tool, run };
  };
  const clean = (events: string) =>
    row(events, `${count(forks)} processes that end with 0`, () => bench.load('exits', forks, PARENTS));
  const failing = Math.ceil(processes / EVERY);
  const commands = (events: string) =>
    row(events, `${count(processes)} commands, ${count(failing)} of them fail`, () =>
      bench.load('execs', processes, PARENTS, STATUS, 0, EVERY),
    );
  return {
    failing,
    failures: commands('nonzero-exit'),
    exits: commands('exit'),
    whole: commands('fork,exec,exit'),
    noFailures: clean('nonzero-exit'),
    all: clean('all'),
  };
}

interface Failure {
  readonly pid: number;
  readonly ppid?: number;
  readonly comm?: string;
  readonly args?: readonly string[];
  readonly exe?: string;
  readonly exit_code?: number;
}

/** How many failures of the load were told with their own name, arguments, path and parent. */
function toldWhole(failures: readonly Failure[], { parents, commands }: LoadRun, program: string): number {
  const isWhole = ({ pid, ppid, comm, args, exe, exit_code }: Failure): boolean =>
    exit_code === STATUS &&
    parents.has(ppid ?? 0) &&
    comm === 'load' &&
    exe === program &&
    args?.length === 2 &&
    args[0] === program &&
    args[1] === commands.get(pid);
  return new Set(failures.filter(isWhole).map(({ pid }) => pid)).size;
}

async function follow(bench: Bench, { tool, run }: Row) {
  const failures: Failure[] = [];
  let made: LoadRun | undefined;
  const gathering = (told: Told): Told => ({
    ...told,
    take(line) {
      told.take(line);
      const row = JSON.parse(line) as Failure;
      if (row.exit_code === STATUS) failures.push(row);
    },
  });
  const sample = await watchLoad(bench, { ...tool, told: (parents) => gathering(tool.told(parents)) }, async () => {
    made = await run();
    return [made];
  });
  const whole = made === undefined ? 0 : toldWhole(failures, made, bench.program('load'));
  return { cpuMs: sample.cpuMs, told: sample.tally.events, whole };
}

export async function failures(bench: Bench): Promise<Result> {
  const { failing, ...rows } = rowsOf(bench);
  const subjects = Object.values(rows);
  const samples = await bench.takeTurns(subjects, (row) => follow(bench, row));
  const figures = Object.fromEntries(
    [...samples].map(([name, of]) => [
      name,
      {
        cpu_ms: spread(of.map(({ cpuMs }) => cpuMs)),
        told: spread(of.map(({ told }) => told)),
        whole: spread(of.map(({ whole }) => whole)),
      },
    ]),
  );
  const cost = ({ name }: Row) => figures[name].cpu_ms?.median;
  const complete = figures[rows.failures.name].whole;
  return {
    name: 'failures',
    title: 'Failures alone, and other ways to be asked for less',
    what: `CPU of procwatch writing JSON to a file, from when it listens until it rests after the load, for the same load with more and less of it asked for. One command of ${EVERY} ends with ${STATUS}; "failures told whole" are those told with their own name, arguments, path and parent.`,
    columns: ['events', 'load', 'CPU ms', 'events told', 'failures told whole'],
    rows: subjects.map(({ name, load, tool }) => [
      tool.name,
      load,
      ...[figures[name].cpu_ms, figures[name].told, figures[name].whole].map(written),
    ]),
    figures,
    aims: [
      {
        aim: 7,
        text: `-e nonzero-exit against -e fork,exec,exit, ${rows.failures.load}`,
        limit: 0.1,
        unit: ' ×',
        measured: ratio(cost(rows.failures), cost(rows.whole)),
      },
      {
        aim: 7,
        text: `failures not told with name, arguments, path and parent, of ${failing}`,
        limit: 0,
        unit: '',
        measured: complete === undefined ? undefined : failing - complete.least,
      },
      {
        aim: 12,
        text: '-e nonzero-exit against -e all, while processes end with 0',
        limit: 0.02,
        unit: ' ×',
        measured: ratio(cost(rows.noFailures), cost(rows.all)),
      },
      {
        aim: 12,
        text: '-e exit against fork,exec,exit',
        limit: 0.5,
        unit: ' ×',
        measured: ratio(cost(rows.exits), cost(rows.whole)),
      },
    ],
    notes: [],
  };
}

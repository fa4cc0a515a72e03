/**
 * One load of births, programs and ends, and everybody who can tell of it: what each costs, against forkstat and against the least that a
 * listener in C at the same window pays, and what each lost.
 */
import type { Bench, LoadRun } from './bench.ts';
import type { Aim, Result } from './result.ts';
import { ratio, spread, times, written } from './statistics.ts';
import { type Sample, watchLoad } from './subject.ts';
import { extrace, forkstat, lack, procwatch, procwatchShown, reader, snoops, type Tool } from './tools.ts';

const SELECTION = ['-e', 'fork,exec,exit'];
const MASK = '0x80000003';
/** As the default of `--latency`. */
const WINDOW_MS = 100;

export type Kind = 'fork' | 'exec' | 'exit';

interface Contender {
  readonly name: string;
  readonly tool: Tool;
  /** What it tells of; nothing where the parent cannot be told from its lines. */
  readonly kinds: readonly Kind[];
  /** Those that only stand beside have one. */
  readonly rounds?: number;
}

const ALL: readonly Kind[] = ['fork', 'exec', 'exit'];
const contender = (tool: Tool, kinds = ALL): Contender => ({ name: tool.name, tool, kinds });
const beside = (tool: Tool, kinds = ALL): Contender => ({ ...contender(tool, kinds), rounds: 1 });

const PROCWATCH = procwatch(SELECTION);
const FORKSTAT = forkstat([...SELECTION, '-l']);

interface Field {
  readonly contenders: readonly Contender[];
  readonly limit: Tool;
  readonly notes: readonly string[];
}

function field(bench: Bench): Field {
  const noForkstat = lack('forkstat', bench);
  const noExtrace = lack('extrace', bench);
  const noSnoops = lack('execsnoop', bench) ?? lack('exitsnoop', bench);
  const limit = reader(bench, { windowMs: WINDOW_MS }, MASK);
  const contenders = [
    contender(PROCWATCH),
    beside(procwatchShown('pretty', SELECTION)),
    beside(procwatchShown('table', SELECTION)),
    ...(noForkstat === undefined ? [contender(FORKSTAT)] : []),
    ...(noExtrace === undefined ? [beside(extrace(['-t']), [])] : []),
    ...(noSnoops === undefined ? [beside(snoops(), ['exec', 'exit'])] : []),
    contender(limit),
  ];
  return { contenders, limit, notes: [noForkstat, noExtrace, noSnoops].filter((why) => why !== undefined) };
}

export interface Load {
  readonly name: string;
  /** As the table of aims calls it. */
  readonly text: string;
  /** What happens, for how long, and what is counted. */
  readonly what: string;
  /** How many of each. */
  readonly made: Readonly<Record<Kind, number>>;
  readonly warmUp?: (tool: Tool) => Promise<unknown>;
  readonly run: () => Promise<LoadRun>;
  readonly cost: { readonly column: string; readonly of: (sample: Sample) => number };
  readonly aim: Pick<Aim, 'aim' | 'limit' | 'why'>;
}

function summary(samples: readonly Sample[], { cost, made }: Load, kinds: readonly Kind[]) {
  const expected = kinds.reduce((sum, kind) => sum + made[kind], 0);
  const lost = ({ tally }: Sample) => (expected === 0 ? undefined : Math.max(0, expected - tally.ofLoad));
  return {
    cost: spread(samples.map(cost.of)),
    told: spread(samples.map(({ tally }) => tally.events)),
    lost: spread(samples.map(lost)),
    losses: spread(samples.map(({ tally }) => tally.losses)),
    peak_mb: spread(samples.map(({ peakMb }) => peakMb)),
    load_s: spread(samples.map(({ seconds }) => seconds)),
  };
}

/** What the columns mean, told with the first table. */
export const MEANINGS =
  'CPU is user and system time of all threads of the tool; what its programs in the kernel take is taken from the processes themselves, and is in the time of the load. "Lost" is what the tool tells of and did not tell of this load. extrace does not say whose a program is; it and the snoops tell no births.';

export async function contest(bench: Bench, load: Load): Promise<Result> {
  const { contenders, limit, notes } = field(bench);
  const samples = await bench.takeTurns(contenders, ({ tool }) =>
    watchLoad(
      bench,
      tool,
      async () => [await load.run()],
      () => load.warmUp?.(tool) ?? Promise.resolve(),
    ),
  );
  const of = (name: string) => samples.get(name) ?? [];
  const figures = Object.fromEntries(
    contenders.map(({ name, kinds }) => [name, summary(of(name), load, kinds)] as const),
  );
  const against = (name: string, other: string) => ratio(figures[name].cost?.median, figures[other]?.cost?.median);
  return {
    name: load.name,
    title: load.text.replace(/^./, (first) => first.toUpperCase()),
    what: load.what,
    columns: [
      'tool',
      load.cost.column,
      'against forkstat',
      'against C',
      'events told',
      'lost',
      'losses it tells of',
      'peak memory MB',
      'the load took s',
    ],
    rows: contenders.map(({ name }) => {
      const { cost, told, lost, losses, peak_mb, load_s } = figures[name];
      const [{ tally }] = of(name);
      return [
        name,
        written(cost),
        times(against(name, FORKSTAT.name)),
        times(against(name, limit.name)),
        written(told),
        written(lost),
        written(losses) + tally.lossUnit,
        written(peak_mb),
        written(load_s),
      ];
    }),
    figures,
    aims: [
      {
        text: `${load.text}: CPU, against forkstat's`,
        unit: ' ×',
        measured: against(PROCWATCH.name, FORKSTAT.name),
        ...load.aim,
      },
      { aim: 6, text: `events lost of ${load.text}`, limit: 0, unit: '', measured: figures[PROCWATCH.name].lost?.most },
    ],
    notes,
  };
}

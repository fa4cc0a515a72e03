/** CPU for each event delivered, and what is lost, while tens of thousands of processes and threads come and go. */
import type { Bench } from '../bench.ts';
import type { Result } from '../result.ts';
import { ratio, spread, written } from '../statistics.ts';
import { type Sample, watchLoad } from '../subject.ts';
import { extrace, forkstat, lack, procwatch, reader, type Tool } from '../tools.ts';

const PROCWATCH = 'procwatch --json -e all --threads';
const WHY =
  'a good part of the CPU time is V8 compiling what has just become hot, its garbage collector, and the system calls that read and write (DECISIONS.md, 46).';
const FORKSTAT = 'forkstat -e all -l';

export async function events(bench: Bench): Promise<Result> {
  const { forks, threads } = bench.scale;
  const expected = 2 * forks + 2 * threads;
  const lacking = { forkstat: lack('forkstat', bench), extrace: lack('extrace', bench) };
  const tools: Tool[] = [
    procwatch(['-e', 'all', '--threads'], PROCWATCH),
    ...(lacking.forkstat === undefined ? [forkstat(['-e', 'all', '-l'], FORKSTAT)] : []),
    ...(lacking.extrace === undefined ? [extrace(['-t'])] : []),
    reader(bench, 'wake'),
    reader(bench, 'sleep'),
  ];
  const samples = await bench.takeTurns(tools, (tool) =>
    watchLoad(bench, tool, async () => [await bench.load('exits', forks, 2), await bench.load('threads', threads, 1)]),
  );

  const figures = Object.fromEntries(
    [...samples].map(([name, of]) => [name, name.startsWith('extrace') ? costOnly(of) : summary(of, expected)]),
  );
  const rows = [...samples].map(([name, of]) => {
    const { us_per_event, cpu_ms, told, lost, peak_mb } = figures[name];
    const losses = written(spread(of.map(({ tally }) => tally.losses))) + of[0].tally.lossUnit;
    return [name, ...[us_per_event, cpu_ms, told, lost].map(written), losses, written(peak_mb)];
  });
  const costRatio = ratio(figures[PROCWATCH].us_per_event?.median, figures[FORKSTAT]?.us_per_event?.median);
  return {
    name: 'events',
    title: 'Processes and very many threads, flat out',
    what: `${forks.toLocaleString('en-US')} processes made and ended by two parents, then ${threads.toLocaleString('en-US')} threads: ${expected.toLocaleString('en-US')} events, flat out, all told into a file. CPU is user and system time of the whole tool from when it listens until it rests again, divided by all events that it told. "Lost" is what of the load it did not tell. extrace tells of programs only, so none of these.`,
    columns: ['tool', 'CPU µs an event', 'CPU ms', 'events told', 'lost', 'losses it tells of', 'peak memory MB'],
    rows,
    figures,
    aims: [
      {
        aim: 5,
        text: "processes and threads: CPU for each event, against forkstat's",
        limit: 0.35,
        unit: ' ×',
        measured: costRatio,
        why: WHY,
      },
      {
        aim: 6,
        text: 'events lost of processes and threads',
        limit: 0,
        unit: '',
        measured: figures[PROCWATCH].lost?.most,
      },
    ],
    notes: Object.values(lacking).filter((why) => why !== undefined),
  };
}

function summary(samples: readonly Sample[], expected: number) {
  return {
    us_per_event: spread(samples.map(({ cpuMs, tally }) => (1000 * cpuMs) / tally.events)),
    cpu_ms: spread(samples.map(({ cpuMs }) => cpuMs)),
    told: spread(samples.map(({ tally }) => tally.events)),
    lost: spread(samples.map(({ tally }) => Math.max(0, expected - tally.ofLoad))),
    peak_mb: spread(samples.map(({ peakMb }) => peakMb)),
  };
}

function costOnly(samples: readonly Sample[]) {
  const { cpu_ms, told, peak_mb } = summary(samples, 0);
  return { us_per_event: undefined, cpu_ms, told, lost: undefined, peak_mb };
}

/** A reader of our output that stops reading while a burst comes: what is kept, and whether what is not kept is counted exactly. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bench, cleanEnvironment } from '../bench.ts';
import { peakMegabytes } from '../procfs.ts';
import type { Result } from '../result.ts';
import { spread, written } from '../statistics.ts';
import { atRest } from '../subject.ts';
import { BIN } from '../tools.ts';

interface Row {
  readonly event: string;
  readonly ppid?: number;
  readonly count?: number;
  readonly reason?: string;
  readonly told?: Readonly<Record<string, number>>;
}

interface Sample {
  readonly ofLoad: number;
  readonly lost: number;
  /** Records made, less those that arrived and those that were told as lost: 0 if every count is exact. */
  readonly unaccounted: number;
  readonly peakMb: number;
}

/** Records of ours, which the final count of records knows too. */
const OURS: ReadonlySet<string> = new Set(['start', 'end']);

async function account(file: string, parents: ReadonlySet<number>): Promise<Omit<Sample, 'peakMb'>> {
  let ofLoad = 0;
  let lost = 0;
  let dropped = 0;
  let arrived = 0;
  let made = 0;
  for await (const line of createInterface({ input: createReadStream(file, { highWaterMark: 2 ** 20 }) })) {
    const { event, ppid, count = 0, reason, told } = JSON.parse(line) as Row;
    if (event === 'lost') lost += count;
    if (event === 'lost' && reason === 'output') dropped += count;
    else if (!OURS.has(event)) arrived++;
    if (told !== undefined) made = Object.values(told).reduce((sum, of) => sum + of, 0);
    if (parents.has(ppid ?? 0)) ofLoad++;
  }
  return { ofLoad, lost, unaccounted: Math.abs(made - arrived - dropped) };
}

async function follow(bench: Bench, args: readonly string[]): Promise<Sample> {
  const { forks, stallMs, lookMs } = bench.scale;
  const file = `${bench.directory}/stalled`;
  const command = [process.execPath, BIN, '--json', '--meta', '-e', 'all', ...args];
  const stopwatch = spawn(bench.program('stopwatch'), ['stall', String(stallMs), file, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: cleanEnvironment(),
  });
  const ended = once(stopwatch, 'close');
  const lines = createInterface({ input: stopwatch.stdout })[Symbol.asyncIterator]();
  const pid = Number(String((await lines.next()).value).split(' ')[1]);
  await lines.next();
  const stalled = sleep(stallMs);
  const { parents } = await bench.load('exits', forks, 2);
  await stalled;
  await atRest(pid, lookMs);
  const peakMb = peakMegabytes(pid);
  stopwatch.kill('SIGTERM');
  await ended;
  return { ...(await account(file, parents)), peakMb };
}

export async function stall(bench: Bench): Promise<Result> {
  const { forks, stallMs } = bench.scale;
  const subjects = [
    { name: 'default settings', args: [] },
    { name: '--queue 1M', args: ['--queue', '1M'] },
  ];
  const rounds = Math.min(bench.rounds, 3);
  const samples = await bench.takeTurns(subjects, ({ args }) => follow(bench, args), rounds);
  const figures = Object.fromEntries(
    [...samples].map(([name, of]) => [
      name,
      {
        of_load: spread(of.map(({ ofLoad }) => ofLoad)),
        lost: spread(of.map(({ lost }) => lost)),
        unaccounted: spread(of.map(({ unaccounted }) => unaccounted)),
        peak_mb: spread(of.map(({ peakMb }) => peakMb)),
      },
    ]),
  );
  const [standard, small] = subjects.map(({ name }) => figures[name]);
  return {
    name: 'stall',
    title: `A reader that stalls for ${stallMs / 1000} s`,
    what: `procwatch writes JSON of all events into a pipe whose reader takes the first line and then nothing for ${stallMs / 1000} s, while ${forks.toLocaleString('en-US')} processes come and go (${(2 * forks).toLocaleString('en-US')} events). "Unaccounted" are records made that neither arrived nor were told as lost.`,
    columns: ['settings', 'events of the load that arrived', 'told as lost', 'unaccounted', 'peak memory MB'],
    rows: Object.entries(figures).map(([name, { of_load, lost, unaccounted, peak_mb }]) => [
      name,
      ...[of_load, lost, unaccounted, peak_mb].map(written),
    ]),
    figures,
    aims: [
      { aim: 7, text: 'lost at default settings', limit: 0, unit: '', measured: standard.lost?.most },
      {
        aim: 7,
        text: 'records unaccounted for beyond a small queue',
        limit: 0,
        unit: '',
        measured: small.unaccounted?.most,
      },
    ],
    notes: [],
  };
}

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
  readonly count?: number;
}

interface Sample {
  readonly arrived: number;
  readonly lost: number;
  /** Events made, less those that arrived and those that were told as lost: 0 if every count is exact. */
  readonly unaccounted: number;
  readonly peakMb: number;
}

const PARENTS = 2;
/** The load's own processes are born and end too: its parents, and the one that starts them. */
const OWN = PARENTS + 1;

async function account(file: string, made: number): Promise<Omit<Sample, 'peakMb'>> {
  let arrived = 0;
  let lost = 0;
  for await (const line of createInterface({ input: createReadStream(file, { highWaterMark: 2 ** 20 }) })) {
    const { event, count = 0 } = JSON.parse(line) as Row;
    if (event === 'lost') lost += count;
    if (event === 'fork' || event === 'exit') arrived++;
  }
  return { arrived, lost, unaccounted: Math.abs(made - arrived - lost) };
}

async function follow(bench: Bench, args: readonly string[]): Promise<Sample> {
  const { forks, stallMs, lookMs } = bench.scale;
  const file = `${bench.directory}/stalled`;
  // Only of our own tree, so that it is known how many events there are.
  const tree = ['--tree', String(process.pid)];
  const command = [process.execPath, BIN, '--json', '--meta', '-e', 'fork,exit', ...tree, ...args];
  const stopwatch = spawn(bench.program('stopwatch'), ['stall', String(stallMs), file, ...command], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: cleanEnvironment(),
  });
  const ended = once(stopwatch, 'close');
  const lines = createInterface({ input: stopwatch.stdout })[Symbol.asyncIterator]();
  const pid = Number(String((await lines.next()).value).split(' ')[1]);
  await lines.next();
  const stalled = sleep(stallMs);
  await bench.load('exits', forks, PARENTS);
  await stalled;
  await atRest(pid, lookMs);
  const peakMb = peakMegabytes(pid);
  stopwatch.kill('SIGTERM');
  await ended;
  return { ...(await account(file, 2 * (forks + OWN))), peakMb };
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
        arrived: spread(of.map(({ arrived }) => arrived)),
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
    what: `procwatch writes JSON of births and ends in its own tree into a pipe whose reader takes the first line and then nothing for ${stallMs / 1000} s, while ${forks.toLocaleString('en-US')} processes come and go (${(2 * (forks + OWN)).toLocaleString('en-US')} events with those of the load itself). "Unaccounted" are events made, less those that arrived and those told as lost: 0 if every count is exact.`,
    columns: ['settings', 'events that arrived', 'told as lost', 'unaccounted', 'peak memory MB'],
    rows: Object.entries(figures).map(([name, { arrived, lost, unaccounted, peak_mb }]) => [
      name,
      ...[arrived, lost, unaccounted, peak_mb].map(written),
    ]),
    figures,
    aims: [
      { aim: 15, text: 'lost at default settings', limit: 0, unit: '', measured: standard.lost?.most },
      {
        aim: 15,
        text: 'events unaccounted for beyond a small queue',
        limit: 0,
        unit: '',
        measured: small.unaccounted?.most,
      },
    ],
    notes: [],
  };
}

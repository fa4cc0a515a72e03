/** Recordings: to find the failures in a long one, to write one, and to keep the last minute in memory. */
import { spawnSync } from 'node:child_process';
import { closeSync, openSync, rmSync, statSync, writeSync } from 'node:fs';
import { JsonFormatter } from '../../src/format/json.ts';
import { manyLives } from '../../test/support/many-lives.ts';
import { context } from '../../test/support/records.ts';
import { type Bench, cleanEnvironment } from '../bench.ts';
import { peakMegabytes, residentMegabytes } from '../procfs.ts';
import type { Result } from '../result.ts';
import { figure, ratio, type Spread, spread, written } from '../statistics.ts';
import { Subject, watchLoad } from '../subject.ts';
import { BIN, isInstalled, procwatch, type Tool } from '../tools.ts';

/** Each life is a fork, an exec and an exit. */
const RECORDS_A_LIFE = 3;
const PART_LIVES = 20_000;
const PARTS = 10;

/** As many records as the storm has events, in the order of births of each part. */
function writeRecording(path: string, records: number): number {
  const file = openSync(path, 'w');
  const formatter = new JsonFormatter({ ...context, extras: new Set(['usage']) });
  let count = 0;
  while (count < records) {
    const lives = manyLives(Math.min(PART_LIVES, Math.ceil((records - count) / RECORDS_A_LIFE)));
    writeSync(file, lives.map((record) => formatter.format(record)).join(''));
    count += lives.length;
  }
  closeSync(file);
  return count;
}

const FAILURES = 'select(.event == "exit" and .wait_status != 0)';

interface Reader {
  readonly name: string;
  readonly command: (file: string) => readonly string[];
}

const READERS: readonly Reader[] = [
  {
    name: 'procwatch -r FILE -e nonzero-exit --json',
    command: (file) => [process.execPath, BIN, '-r', file, '-e', 'nonzero-exit', '--json'],
  },
  { name: 'procwatch -r FILE --json', command: (file) => [process.execPath, BIN, '-r', file, '--json'] },
  { name: `jq -c '${FAILURES}'`, command: (file) => ['jq', '-c', FAILURES, file] },
];

async function replays(bench: Bench, file: string): Promise<Record<string, Spread | undefined>> {
  const readers = READERS.filter(({ name }) => !name.startsWith('jq') || isInstalled('jq'));
  const samples = await bench.takeTurns(readers, async ({ command }) => {
    const [program, ...args] = command(file);
    const begin = performance.now();
    const { status } = spawnSync(program, args, { stdio: ['ignore', 'ignore', 'inherit'], env: cleanEnvironment() });
    if (status !== 0) throw new Error(`${program} failed`);
    return performance.now() - begin;
  });
  return Object.fromEntries([...samples].map(([name, of]) => [name, spread(of)]));
}

/** With a file of the same name as watch has; blocks are written when it ends. */
const recorder = (ending: string): Tool => ({
  ...procwatch(['--usage'], `procwatch record, ${ending === '' ? 'plain' : 'gzip'}`),
  command: (file) =>
    ending === ''
      ? [process.execPath, BIN, 'record', '-o', file]
      : [process.execPath, BIN, 'record', '-o', `${file}${ending}`],
});

const WATCH = procwatch(['--usage'], 'procwatch watch --json --usage -o FILE');

async function costs(bench: Bench): Promise<Record<string, Spread | undefined>> {
  const samples = await bench.takeTurns([WATCH, recorder(''), recorder('.gz')], async (tool) => {
    const { cpuMs } = await watchLoad(bench, tool, async () => [await bench.load('execs', bench.scale.processes, 2)]);
    rmSync(`${bench.directory}/told.gz`, { force: true });
    return cpuMs;
  });
  return Object.fromEntries([...samples].map(([name, of]) => [name, spread(of)]));
}

/** Forks and ends come at 1,000 events a second. */
const LIVES_A_SECOND = 500;

async function flight(bench: Bench): Promise<{ readonly resident: readonly number[]; readonly peak: number }> {
  const { flightSeconds } = bench.scale;
  const tool: Tool = {
    ...procwatch([], 'procwatch record --last'),
    command: (file) => [process.execPath, BIN, 'record', '--last', `${flightSeconds / PARTS}s`, '-o', `${file}.flight`],
  };
  const subject = await Subject.start(bench, tool);
  const resident: number[] = [];
  for (let part = 0; part < PARTS; part++) {
    bench.log(`  flight recorder, part ${part + 1} of ${PARTS}`);
    await bench.load('exits', (LIVES_A_SECOND * flightSeconds) / PARTS, 1, 0, LIVES_A_SECOND);
    resident.push(residentMegabytes(subject.pid));
  }
  const peak = peakMegabytes(subject.pid);
  await subject.stop();
  return { resident, peak };
}

export async function recordings(bench: Bench): Promise<Result> {
  const { storm, flightSeconds, processes } = bench.scale;
  const file = `${bench.directory}/million.jsonl`;
  const count = writeRecording(file, storm);
  const megabytes = statSync(file).size / 1e6;
  const read = await replays(bench, file);
  rmSync(file);
  const cost = await costs(bench);
  const { resident, peak } = await flight(bench);
  // Two windows are held before anything is let go.
  const [, , first, ...later] = resident;
  const growth = Math.max(...later) - first;
  const many = (number: number): string => number.toLocaleString('en-US');
  const [ours, , jq] = READERS.map(({ name }) => read[name]?.median);
  const seconds = (of: Spread | undefined): string => (of === undefined ? '–' : figure(of.median));
  return {
    name: 'recordings',
    title: 'Recordings',
    what: `A recording of ${many(count)} records (${figure(megabytes)} MB) is read for its failures: wall time to the end, output thrown away. Then ${many(processes)} commands are watched and recorded, with accounts: CPU. Then the last ${flightSeconds / PARTS} s are kept in memory for ${flightSeconds} s at 1,000 events a second: resident memory.`,
    columns: ['what', 'measured', 'unit'],
    rows: [
      ...Object.entries(read).map(([name, of]) => [name, seconds(of), 'ms']),
      ...Object.entries(cost).map(([name, of]) => [`${name}: CPU`, written(of), 'ms']),
      ...resident.map((mb, part) => [
        `flight recorder, after ${figure(((part + 1) * flightSeconds) / PARTS)} s`,
        figure(mb),
        'MB',
      ]),
      ['flight recorder, peak', figure(peak), 'MB'],
    ],
    figures: {
      ...Object.fromEntries(Object.entries(read).map(([name, ms]) => [name, { ms }])),
      ...Object.fromEntries(Object.entries(cost).map(([name, ms]) => [name, { cpu_ms: ms }])),
      flight: { peak_mb: peak, growth_mb: growth },
    },
    aims: [
      { aim: 9, text: "failures of a recording, against jq's time", limit: 0.5, unit: ' ×', measured: ratio(ours, jq) },
      {
        aim: 9,
        text: 'record against watch --json',
        limit: 1.15,
        unit: ' ×',
        measured: ratio(cost[recorder('').name]?.median, cost[WATCH.name]?.median),
      },
      {
        aim: 9,
        text: 'growth of the flight recorder once it is full',
        limit: 5,
        unit: ' MB',
        measured: growth,
        why: 'what falls out of the window is parsed again, and V8 lets its garbage grow.',
      },
    ],
    notes: isInstalled('jq') ? [] : ['jq: not installed'],
  };
}

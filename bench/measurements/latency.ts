/** How late a line is when little happens: from the kernel's stamp to the arrival of the line at a reader of the pipe. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { type Bench, cleanEnvironment } from '../bench.ts';
import { subscriptions } from '../procfs.ts';
import type { Result } from '../result.ts';
import { ratio, spread, written } from '../statistics.ts';
import { atRest, until } from '../subject.ts';
import { BIN } from '../tools.ts';

const DEFAULT_MASK = '0x80000003';
const FORK_MASK = '0x1';
const PER_SECOND = 50;
const PROCWATCH = 'procwatch --json --latency 0, line in a pipe';
const READER = 'C, epoll, same events, line in a pipe';
const READ = 'C, epoll, same events, return of recvmmsg';

interface Sample {
  readonly lines: number;
  readonly p50_us: number;
  readonly p99_us: number;
  /** What the C reader says of itself. */
  readonly own?: Sample;
}

async function follow(bench: Bench, command: readonly string[], sockets: number): Promise<Sample> {
  const { pacedMs, lookMs } = bench.scale;
  const stopwatch = spawn(bench.program('stopwatch'), ['lines', ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment(),
  });
  const lines = createInterface({ input: stopwatch.stdout });
  const [first] = (await once(lines, 'line')) as [string];
  const pid = Number(first.split(' ')[1]);
  await until(`${command[0]} listens`, () => subscriptions(pid) >= sockets);
  await atRest(pid, lookMs);
  await bench.load('exits', Math.ceil((pacedMs / 1000) * PER_SECOND), 1, 0, PER_SECOND);
  const own = text(stopwatch.stderr);
  const report = once(lines, 'line') as Promise<[string]>;
  stopwatch.kill('SIGTERM');
  const sample = JSON.parse((await report)[0]) as Sample;
  const ownReport = (await own).trim();
  return ownReport.startsWith('{') ? { ...sample, own: JSON.parse(ownReport) as Sample } : sample;
}

export async function latency(bench: Bench): Promise<Result> {
  const subjects = [
    { name: PROCWATCH, sockets: 2, command: [process.execPath, BIN, '--json', '--latency', '0'] },
    { name: 'procwatch --json, line in a pipe', sockets: 2, command: [process.execPath, BIN, '--json'] },
    { name: READER, sockets: 1, command: [bench.program('reader'), 'wake', DEFAULT_MASK, 'lines'] },
    {
      name: 'procwatch --json --latency 0 -e fork, line in a pipe',
      sockets: 2,
      command: [process.execPath, BIN, '--json', '--latency', '0', '-e', 'fork'],
    },
    {
      name: 'C, epoll, forks, line in a pipe',
      sockets: 1,
      command: [bench.program('reader'), 'wake', FORK_MASK, 'lines'],
    },
  ];
  const samples = await bench.takeTurns(subjects, ({ command, sockets }) => follow(bench, command, sockets));
  const own = samples.get(READER)?.flatMap((sample) => sample.own ?? []) ?? [];
  const figures = Object.fromEntries(
    [...samples, [READ, own] as const].map(([name, of]) => [
      name,
      { p50_us: spread(of.map((sample) => sample.p50_us)), p99_us: spread(of.map((sample) => sample.p99_us)) },
    ]),
  );
  return {
    name: 'latency',
    title: 'Latency when idle',
    what: `${PER_SECOND} processes a second that are made and end, for ${bench.scale.pacedMs / 1000} s. From the kernel's stamp of the event to the moment at which a reader of the pipe has the line, by the same clock. The C reader writes a line of its stamp alone. With default settings an event may wait for as long as \`--latency\` says.`,
    columns: ['listener', 'p50 µs', 'p99 µs'],
    rows: Object.entries(figures).map(([name, { p50_us, p99_us }]) => [name, written(p50_us), written(p99_us)]),
    figures,
    aims: [
      {
        aim: 13,
        text: "latency when idle, at once, p50, against the C reader's line",
        limit: 2,
        unit: ' ×',
        measured: ratio(figures[PROCWATCH].p50_us?.median, figures[READER].p50_us?.median),
        why: 'between two rare events the caches grow cold, and Node.js alone has much to fetch again (DECISIONS.md, 46).',
      },
    ],
    notes: [],
  };
}

/** A whole run, as a script would have it: its start and its end are in its cost. */
import { execFile } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { type Bench, cleanEnvironment } from '../bench.ts';
import { COMMANDS, type Command } from '../parse.ts';
import type { Result } from '../result.ts';
import { ratio, spread, times, written } from '../statistics.ts';
import { BIN, lack } from '../tools.ts';

const PER_SECOND = 200;
/** The load is there before and after. */
const MARGIN_S = 0.75;

interface Subject {
  readonly name: string;
  readonly command: readonly string[];
  readonly read: (line: string) => Command | undefined;
}

/** The numbers of the commands of the load that were told. */
async function numbersIn(file: string, read: Subject['read']): Promise<Set<number>> {
  const numbers = new Set<number>();
  for await (const line of createInterface({ input: createReadStream(file, 'latin1') })) {
    const [, number] = / unique-(\d+)$/.exec(read(line)?.text ?? '') ?? [];
    if (number !== undefined) numbers.add(Number(number));
  }
  return numbers;
}

async function follow(bench: Bench, { command, read }: Subject) {
  const file = `${bench.directory}/told`;
  const load = bench.load('execs', Math.ceil((bench.scale.wholeSeconds + 2 * MARGIN_S) * PER_SECOND), 1, 0, PER_SECOND);
  await sleep(MARGIN_S * 1000);
  const { stdout } = await promisify(execFile)(
    bench.program('stopwatch'),
    ['cpu', 'sh', '-c', 'exec "$@" > "$0"', file, ...command],
    { env: cleanEnvironment() },
  );
  await load;
  const numbers = await numbersIn(file, read);
  const [first, last] = [Math.min(...numbers), Math.max(...numbers)];
  return { cpuMs: Number(stdout) / 1000, told: numbers.size, missing: last - first + 1 - numbers.size };
}

export async function whole(bench: Bench): Promise<Result> {
  const { wholeSeconds } = bench.scale;
  const noForkstat = lack('forkstat', bench);
  const ours: Subject = {
    name: `procwatch --json -d ${wholeSeconds}`,
    command: [process.execPath, BIN, '--json', '-d', String(wholeSeconds)],
    read: COMMANDS.procwatch,
  };
  const theirs: Subject = {
    name: `forkstat -e fork,exec,exit -l -D ${wholeSeconds}`,
    command: ['forkstat', '-e', 'fork,exec,exit', '-l', '-D', String(wholeSeconds)],
    read: COMMANDS.forkstat,
  };
  const subjects = noForkstat === undefined ? [ours, theirs] : [ours];
  const samples = await bench.takeTurns(subjects, (subject) => follow(bench, subject));
  const figures = Object.fromEntries(
    [...samples].map(([name, of]) => [
      name,
      {
        cpu_ms: spread(of.map(({ cpuMs }) => cpuMs)),
        told: spread(of.map(({ told }) => told)),
        missing: spread(of.map(({ missing }) => missing)),
      },
    ]),
  );
  const against = (name: string) => ratio(figures[name].cpu_ms?.median, figures[theirs.name]?.cpu_ms?.median);
  return {
    name: 'whole',
    title: `A whole run of ${wholeSeconds} s with ${PER_SECOND} commands a second`,
    what: `Into a file, while ${PER_SECOND} commands a second are run. CPU is user and system time of the whole program from its start to its end, as its parent is told it. The last column has the commands between the first and the last of them that were not.`,
    columns: [
      'tool',
      'CPU ms',
      'against forkstat',
      'commands told with their arguments',
      'commands between, not so told',
    ],
    rows: subjects.map(({ name }) => {
      const { cpu_ms, told, missing } = figures[name];
      return [name, written(cpu_ms), times(against(name)), written(told), written(missing)];
    }),
    figures,
    aims: [
      {
        aim: 4,
        text: `procwatch --json -d ${wholeSeconds}, whole, ${PER_SECOND} commands a second: CPU, against forkstat's`,
        limit: 1.5,
        unit: ' ×',
        measured: against(ours.name),
        why: 'the start, and V8 compiling what has just become hot, are two thirds of it: the same load is cheaper once it is warm.',
      },
      { aim: 6, text: 'commands lost of a whole run', limit: 0, unit: '', measured: figures[ours.name].missing?.most },
    ],
    notes: noForkstat === undefined ? [] : [noForkstat],
  };
}

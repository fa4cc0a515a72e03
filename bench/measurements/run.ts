/** What it costs to put `procwatch run` before a command: wall time from before the start to the end. */
import { execFileSync } from 'node:child_process';
import { type Bench, cleanEnvironment } from '../bench.ts';
import type { Result } from '../result.ts';
import { type Spread, spread, written } from '../statistics.ts';
import { BIN, lack } from '../tools.ts';

interface Subject {
  readonly name: string;
  readonly command: readonly string[];
}

/** extrace waits for ever if it misses an end. */
const PATIENCE_MS = 60_000;

const ALONE = { name: 'true', command: ['true'] };
const QUIET = ['run', '--quiet', '--no-summary', '--', 'true'];

const SUBJECTS: readonly Subject[] = [
  ALONE,
  { name: 'sh -c true', command: ['sh', '-c', 'true'] },
  { name: 'node -e 0', command: [process.execPath, '-e', '0'] },
  { name: 'procwatch run -q true', command: [BIN, ...QUIET] },
  { name: 'procwatch run -o FILE true', command: [BIN, 'run', '-o', '/dev/null', '--', 'true'] },
  { name: 'procwatch run -q true, Node.js started without the launcher', command: [process.execPath, BIN, ...QUIET] },
];

const EXTRACE: Subject = { name: 'extrace true', command: ['extrace', '-o', '/dev/null', 'true'] };

export async function run(bench: Bench): Promise<Result> {
  const missing = lack('extrace', bench);
  const subjects = missing === undefined ? [...SUBJECTS, EXTRACE] : SUBJECTS;
  const env = cleanEnvironment();
  const samples = await bench.takeTurns(
    subjects,
    async ({ command }) => {
      const told = execFileSync(bench.program('stopwatch'), ['exit', ...command], {
        env,
        encoding: 'utf8',
        timeout: PATIENCE_MS,
      });
      return Number(told.split('\n').at(-2)) / 1000;
    },
    bench.scale.starts,
  );
  const figures: Record<string, { ms: Spread | undefined }> = {};
  for (const [name, of] of samples) figures[name] = { ms: spread(of) };
  const alone = figures[ALONE.name].ms?.median ?? 0;
  return {
    name: 'run',
    title: 'A command under run',
    what: 'Wall time from before the program is started to its end, for a command that does nothing: what `procwatch run` adds to a command, once.',
    columns: ['program', 'ms', 'more than true, ms'],
    rows: subjects.map(({ name }) => {
      const { ms } = figures[name];
      return [name, written(ms), ms === undefined ? '–' : (ms.median - alone).toFixed(1)];
    }),
    figures,
    aims: [],
    notes: missing === undefined ? [] : [missing],
  };
}

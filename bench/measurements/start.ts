/** From the start of the program until the kernel keeps events for it, and until it says that every process is known. */
import { execFileSync } from 'node:child_process';
import { type Bench, cleanEnvironment } from '../bench.ts';
import type { Result } from '../result.ts';
import { ratio, spread, written } from '../statistics.ts';
import { BIN } from '../tools.ts';

const NODE = 'node -e 0';
const SUBSCRIBED = 'procwatch --json: to the subscription';
const STARTED = 'procwatch --json --meta: to the start record';

const SUBJECTS = [
  { name: NODE, args: ['exit', process.execPath, '-e', '0'] },
  { name: SUBSCRIBED, args: ['joined', '2', process.execPath, BIN, '--json', '-o', '/dev/null'] },
  { name: STARTED, args: ['first', process.execPath, BIN, '--json', '--meta', '-o', '/dev/stdout'] },
  { name: 'procwatch --version', args: ['exit', process.execPath, BIN, '--version'] },
] as const;

export async function start(bench: Bench): Promise<Result> {
  const env = cleanEnvironment();
  const samples = await bench.takeTurns(
    SUBJECTS,
    async ({ args }) =>
      Number(execFileSync(bench.program('stopwatch'), args, { env, encoding: 'utf8' }).split('\n').at(-2)) / 1000,
    bench.scale.starts,
  );
  const figures = Object.fromEntries([...samples].map(([name, of]) => [name, { ms: spread(of) }]));
  return {
    name: 'start',
    title: 'Start',
    what: 'Wall time from before the program is started: to its end; to the moment when both of its sockets are in the group of process events, from where on the kernel keeps every event for it; or to the first byte of its start record, which it writes when the capture is loaded and every process is known.',
    columns: ['program', 'ms', 'against node -e 0'],
    rows: SUBJECTS.map(({ name }) => [
      name,
      written(figures[name].ms),
      `${(ratio(figures[name].ms?.median, figures[NODE].ms?.median) ?? Number.NaN).toFixed(2)} ×`,
    ]),
    figures,
    aims: [
      {
        aim: 3,
        text: 'start to subscribed, against node -e 0',
        limit: 2,
        unit: ' ×',
        measured: ratio(figures[SUBSCRIBED].ms?.median, figures[NODE].ms?.median),
        why: 'Node.js and koffi come first, and the rest is reading the program (DECISIONS.md, 46).',
      },
    ],
    notes: [],
  };
}

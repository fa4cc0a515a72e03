/** From the start of the program until the kernel keeps events for it, and until it says that every process is known. */
import { execFileSync } from 'node:child_process';
import { type Bench, cleanEnvironment } from '../bench.ts';
import { type NodeBinary, nodes } from '../nodes.ts';
import type { Aim, Result } from '../result.ts';
import { ratio, spread, times, written } from '../statistics.ts';
import { BIN } from '../tools.ts';

interface Subject {
  readonly name: string;
  /** `node -e 0` of the same version. */
  readonly against: string;
  readonly args: readonly string[];
}

const NODE = 'node -e 0';
const SUBSCRIBED = 'procwatch --json: to the subscription';
const STARTED = 'procwatch --json --meta: to the start record';

const named = (what: string, { version }: NodeBinary): string => `${what} (${version})`;

function subjectsOf(node: NodeBinary): Subject[] {
  const all: Readonly<Record<string, readonly string[]>> = {
    [NODE]: ['exit', node.path, '-e', '0'],
    [SUBSCRIBED]: ['joined', '2', node.path, BIN, '--json', '-o', '/dev/null'],
    [STARTED]: ['first', node.path, BIN, '--json', '--meta', '-o', '/dev/stdout'],
    'procwatch --version': ['exit', node.path, BIN, '--version'],
  };
  return Object.entries(all).map(([what, args]) => ({ name: named(what, node), against: named(NODE, node), args }));
}

export async function start(bench: Bench): Promise<Result> {
  const env = cleanEnvironment();
  const { found, notes } = nodes(bench);
  const subjects = found.flatMap(subjectsOf);
  const samples = await bench.takeTurns(
    subjects,
    async ({ args }) =>
      Number(execFileSync(bench.program('stopwatch'), args, { env, encoding: 'utf8' }).split('\n').at(-2)) / 1000,
    bench.scale.starts,
  );
  const figures = Object.fromEntries([...samples].map(([name, of]) => [name, { ms: spread(of) }]));
  const factor = (name: string, against: string) => ratio(figures[name].ms?.median, figures[against].ms?.median);
  const aim = (text: string, what: string, node: NodeBinary, limit: number): Aim => ({
    aim: 8,
    text: `${text}, Node.js ${node.version}, against node -e 0`,
    limit,
    unit: ' ×',
    measured: factor(named(what, node), named(NODE, node)),
    why: 'Node.js and koffi come first. By the profile a quarter of the rest reads the second part of the program, a third makes and loads five programs for the kernel, a seventh finds members in its types, a fifth scans for who is there.',
  });
  return {
    name: 'start',
    title: 'Start',
    what: 'Wall time from before the program is started: to its end; to the moment when both of its sockets are in the group of process events, from where on the kernel keeps every event for it; or to the first byte of its start record, which it writes when the capture is loaded and every process is known. In parentheses after the program: the version of Node.js.',
    columns: ['program', 'ms', 'against node -e 0'],
    rows: subjects.map(({ name, against }) => [name, written(figures[name].ms), times(factor(name, against))]),
    figures,
    aims: found.flatMap((node) => [
      aim('start to subscribed', SUBSCRIBED, node, 1.6),
      aim('to the start record', STARTED, node, 3),
    ]),
    notes,
  };
}

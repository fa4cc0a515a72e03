/** The package that brings its own Node.js: its size, and how soon it starts. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Bench, cleanEnvironment } from '../bench.ts';
import type { Result } from '../result.ts';
import { ratio, spread, written } from '../statistics.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const NODE = 'its node -e 0';
const SUBSCRIBED = 'to the subscription';
const STARTED = 'to the start record';

const mebibytes = (path: string): string => (statSync(path).size / 2 ** 20).toFixed(1);

/** Path of the .deb, if there is one that is younger than the program. */
function packageFile(): string | undefined {
  const { version } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));
  const deb = `${root}dist/procwatch_${version}_${process.arch === 'x64' ? 'amd64' : process.arch}.deb`;
  return existsSync(deb) && statSync(deb).mtimeMs > statSync(`${root}dist/cli.cjs`).mtimeMs ? deb : undefined;
}

export async function ownNode(bench: Bench): Promise<Result> {
  const about = {
    name: 'package',
    title: 'The package with its own Node.js',
    what: 'Size of the .deb and of what it unpacks to; wall time from before its launcher is started until both sockets are in the group of process events, and until the first byte of the start record, against an empty script of the Node.js inside.',
    columns: ['what', 'figure', 'against node -e 0'],
  };
  const deb = bench.isSmoke ? undefined : packageFile();
  if (deb === undefined) {
    const why = bench.isSmoke ? 'left out of a smoke run' : 'there is none: npm run deb makes it';
    const rows = ['the .deb', SUBSCRIBED, STARTED].map((what) => [what, 'not measured', 'not measured']);
    return { ...about, rows, figures: { 'the .deb': { built: 0 } }, aims: [], notes: [why] };
  }
  const folder = `${bench.directory}/package`;
  execFileSync('dpkg-deb', ['-x', deb, folder]);
  const launcher = `${folder}/usr/bin/procwatch`;
  const home = `${folder}/usr/lib/procwatch`;
  writeFileSync(launcher, readFileSync(launcher, 'utf8').replace(/^pw_home=.*$/m, `pw_home=${home}`));
  const subjects = [
    { name: NODE, args: ['exit', `${home}/node`, '-e', '0'] },
    { name: SUBSCRIBED, args: ['joined', '2', launcher, '--json', '-o', '/dev/null'] },
    { name: STARTED, args: ['first', launcher, '--json', '--meta', '-o', '/dev/stdout'] },
  ];
  const env = cleanEnvironment();
  const samples = await bench.takeTurns(
    subjects,
    async ({ args }) =>
      Number(execFileSync(bench.program('stopwatch'), args, { env, encoding: 'utf8' }).split('\n').at(-2)) / 1000,
    bench.scale.starts,
  );
  const figures = Object.fromEntries([...samples].map(([name, of]) => [name, { ms: spread(of) }]));
  const against = (name: string): number | undefined => ratio(figures[name].ms?.median, figures[NODE].ms?.median);
  const unpacked = execFileSync('du', ['-sm', folder], { encoding: 'utf8' }).split('\t')[0];
  return {
    ...about,
    rows: [
      ['the .deb', `${mebibytes(deb)} MiB`, 'no time'],
      ['unpacked', `${unpacked} MiB`, 'no time'],
      ...subjects.map(({ name }) => [
        name,
        `${written(figures[name].ms)} ms`,
        `${(against(name) ?? Number.NaN).toFixed(2)} ×`,
      ]),
    ],
    figures,
    aims: [
      {
        aim: 17,
        text: '.deb: start to subscribed, against node -e 0',
        limit: 1.4,
        unit: ' ×',
        measured: against(SUBSCRIBED),
      },
      { aim: 17, text: '.deb: start to the start record', limit: 2.3, unit: ' ×', measured: against(STARTED) },
    ],
    notes: [],
  };
}

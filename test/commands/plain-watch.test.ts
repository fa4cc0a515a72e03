/** The plain command line against the parser of all: whatever the first takes, the second reads as the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMANDS } from '../../src/commands/commands.ts';
import { readOptions, type Typed, WATCH_OPTIONS } from '../../src/commands/options.ts';
import { plainWatch } from '../../src/commands/plain-watch.ts';
import { run } from '../../src/commands/program.ts';
import { Failure } from '../../src/errors.ts';
import { seeded } from '../support/random.ts';
import { ScriptedHost } from '../support/scripted-host.ts';

/** What the parser of all makes of it: typed values, or undefined where it is no watch or a mistake. */
async function parsed(argv: readonly string[]): Promise<Typed | undefined> {
  let seen: Typed | undefined;
  const watch = {
    ...COMMANDS.watch,
    run: async (_host: unknown, typed: Typed) => {
      seen = typed;
      return 'ok' as const;
    },
  };
  const host = new ScriptedHost({ argv });
  try {
    await run(host, { ...COMMANDS, watch });
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return undefined;
  }
  return seen;
}

/** What is given at all, and what it means. */
const meaning = (typed: Typed) => {
  const said = Object.entries(typed).filter(([, texts]) => texts !== undefined && texts.length > 0);
  return Object.fromEntries(said.sort(([a], [b]) => (a < b ? -1 : 1)));
};

const ROWS = Object.values(WATCH_OPTIONS) as { short?: string; long: string; value?: string }[];
const VALUES = [
  'fork',
  'exec,exit',
  '7',
  '10s',
  '64M',
  'a b',
  '',
  '*',
  'never',
  'json',
  'x=y',
  'é\u0301',
  'watch',
  'ps',
  '0',
];
const ODD = [
  'watch',
  'ps',
  '--',
  '-',
  '-h',
  '--help',
  '-V',
  '--version',
  '--no',
  '-x',
  '--unknown',
  'word',
  '-n',
  '--name',
  '-e',
  '--json=1',
];

const next = seeded(13);
const among = <T>(list: readonly T[]): T => list[next() % list.length];

function word(): string[] {
  if (next() % 8 === 0) return [among(ODD)];
  const { short, long, value } = among(ROWS);
  if (value === undefined) {
    const clustered = short !== undefined && next() % 2 === 0;
    return [
      clustered ? `-${short}${next() % 2 === 0 ? 'q' : ''}${next() % 4 === 0 ? `n${among(VALUES)}` : ''}` : `--${long}`,
    ];
  }
  const text = among(VALUES);
  const forms = [
    [`--${long}=${text}`],
    [`--${long}`, text],
    ...(short === undefined ? [] : [[`-${short}`, text], [`-${short}${text}`]]),
  ];
  return among(forms);
}

function commandLine(): string[] {
  const words = Array.from({ length: next() % 6 }, word).flat();
  return next() % 4 === 0 ? ['watch', ...words] : words;
}

test('a thousand plain command lines are read as the parser of all reads them', async () => {
  let plain = 0;
  for (let tries = 0; plain < 1000; tries++) {
    assert.ok(tries < 20_000, `only ${plain} were plain`);
    const argv = commandLine();
    const typed = plainWatch(argv);
    if (typed === undefined) continue;
    plain++;
    const other = await parsed(argv);
    assert.deepEqual(meaning(typed), other && meaning(other), JSON.stringify(argv));
  }
});

test('whoever types nothing, or only options, needs no other parser', () => {
  for (const argv of [
    [],
    ['--json', '-d', '10'],
    ['watch', '-qS'],
    ['-e', 'exit', '--code=3', '-n5'],
    ['--name', 'a', '--name=b'],
  ]) {
    assert.ok(plainWatch(argv), argv.join(' '));
  }
  const values = readOptions(WATCH_OPTIONS, plainWatch(['-qSefork', '-n', '3', '--name', 'a', '--name=b']) ?? {});
  assert.deepEqual(
    [values.quiet, values.summary, values.events, values.count, values.name],
    [true, true, ['fork'], 3, ['a', 'b']],
  );
});

test('other commands, mistakes, help and values like options are left to it', () => {
  const lines = [
    'ps',
    '--help',
    '-h',
    '-V',
    '--json x',
    '--',
    '-',
    '--unknown',
    '-qx',
    '--json=1',
    '-n',
    '--name -x',
    'watch watch',
    '--na a',
  ];
  for (const line of lines) assert.equal(plainWatch(line.split(' ')), undefined, line);
});

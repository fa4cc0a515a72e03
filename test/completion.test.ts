/** The completion scripts, exercised by the shells they are for. One table of lines serves all three. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { COMMANDS, DEFAULT_COMMAND } from '../src/commands/commands.ts';
import { commandLine, dashed } from '../src/completion/command-line.ts';
import { SHELL_NAMES, SHELLS, type ShellName } from '../src/completion/shells.ts';
import { FIELDS } from '../src/format/fields.ts';
import { FORMAT_NAMES } from '../src/format/formats.ts';
import { EVENT_NAMES } from '../src/netlink/events.ts';
import { hasProgram, needs } from './docs/need.ts';
import { runProgram, ScriptedHost } from './support/scripted-host.ts';

const here = new URL('completion/', import.meta.url).pathname;
const line = commandLine(COMMANDS, DEFAULT_COMMAND);
let directory: string;

const scriptOf = (shell: ShellName): string => join(directory, shell === 'zsh' ? '_procwatch' : `procwatch.${shell}`);

before(async () => {
  directory = mkdtempSync(join(tmpdir(), 'procwatch-completion-'));
  // zsh finds a function by the name of its file.
  for (const shell of SHELL_NAMES) writeFileSync(scriptOf(shell), (await SHELLS[shell]())(line));
});
after(() => rmSync(directory, { recursive: true, force: true }));

/** The words a shell offers in place of the last word of a line. */
const OFFERS: Record<ShellName, (typed: string) => string[]> = {
  bash: (typed) => {
    const words = typed.split(' ').flatMap((word) => word.split(/(=)/).filter((part, i) => part !== '' || i === 0));
    return run('bash', '--norc', `${here}capture.bash`, scriptOf('bash'), ...words);
  },
  zsh: (typed) => run('zsh', '-f', `${here}capture.zsh`, directory, typed),
  fish: (typed) =>
    run('fish', '--no-config', '-c', `source ${scriptOf('fish')}; complete -C '${typed}'`).map(
      (row) => row.split('\t')[0],
    ),
};

function run(command: string, ...args: string[]): string[] {
  const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8', cwd: '/', timeout: 60_000 });
  assert.equal(stderr.trim(), '');
  assert.equal(status, 0);
  const words = stdout.split(/\r?\n/).filter((word) => word !== '');
  return [...new Set(words)].sort();
}

interface Case {
  readonly typed: string;
  readonly offers: readonly string[];
  /** The words are among many others. */
  readonly amongOthers?: true;
}

const flagsOf = (command: string): string[] =>
  line.commands
    .filter(({ name }) => name === command)
    .flatMap(({ flags }) => flags.flatMap(dashed))
    .filter((word) => word.startsWith('--'));

const CASES: readonly Case[] = [
  { typed: 'procwatch ', offers: line.commands.map(({ name }) => name) },
  { typed: 'procwatch wa', offers: ['watch', 'wait'] },
  { typed: 'procwatch --', offers: flagsOf('watch'), amongOthers: true },
  { typed: 'procwatch run --', offers: flagsOf('run') },
  { typed: 'procwatch doctor --', offers: ['--json', '--help'] },
  { typed: 'procwatch -e ', offers: [...EVENT_NAMES, 'all'] },
  { typed: 'procwatch watch --events ', offers: [...EVENT_NAMES, 'all'] },
  { typed: 'procwatch --events fork,ex', offers: ['fork,exec', 'fork,exit', 'fork,exec-failed'] },
  { typed: 'procwatch --events exec,ex', offers: ['exec,exit', 'exec,exec-failed'] },
  { typed: 'procwatch --format ', offers: FORMAT_NAMES },
  { typed: 'procwatch --color a', offers: ['auto', 'always'] },
  {
    typed: 'procwatch --columns start_',
    offers: FIELDS.map(({ name }) => name).filter((name) => name.startsWith('start_')),
  },
  { typed: 'procwatch --user ro', offers: ['root'] },
  { typed: 'procwatch --name wait --summ', offers: ['--summary'] },
  { typed: 'procwatch wait --miss', offers: ['--missing-ok'] },
  { typed: 'procwatch wait 1', offers: ['1'], amongOthers: true },
  { typed: 'procwatch run whoam', offers: ['whoami'] },
  { typed: 'procwatch run --all whoam', offers: ['whoami'] },
  { typed: 'procwatch completion ', offers: SHELL_NAMES },
  { typed: 'procwatch help doc', offers: ['doctor'] },
];

for (const shell of SHELL_NAMES) {
  for (const { typed, offers, amongOthers } of CASES) {
    test(`${shell} completes "${typed}"`, (t) => {
      if (!needs(t, hasProgram(shell), `${shell} is not installed`)) return;
      const offered = OFFERS[shell](typed);
      if (amongOthers) for (const word of offers) assert.ok(offered.includes(word), `${word} in ${offered}`);
      else assert.deepEqual(offered, [...offers].sort());
    });
  }
}

test('bash and fish complete a value behind the sign of equality', (t) => {
  if (!needs(t, hasProgram('fish'), 'fish is not installed')) return;
  assert.deepEqual(OFFERS.bash('procwatch --format=j'), ['json']);
  assert.deepEqual(OFFERS.fish('procwatch --format=j'), ['--format=json']);
});

test('the command prints the script of each shell, and refuses others', async () => {
  for (const shell of SHELL_NAMES) {
    const host = new ScriptedHost({ argv: ['completion', shell] });
    assert.equal(await runProgram(host), 0);
    assert.equal(host.stdout.text, (await SHELLS[shell]())(line));
  }
  for (const argv of [['completion'], ['completion', 'tcsh'], ['completion', 'bash', 'zsh']]) {
    const host = new ScriptedHost({ argv });
    assert.equal(await runProgram(host), 2);
    assert.match(host.stderr.text, /bash.*zsh.*fish/);
  }
});

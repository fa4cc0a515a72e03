/** The manual page against the program: fresh, well formed, and complete. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { hasProgram, needs, root } from './need.ts';

const PAGE = `${root}man/procwatch.8`;
const page = readFileSync(PAGE, 'utf8').replaceAll('\\-', '-');

const pageHas = (pattern: string): boolean => new RegExp(pattern, 'm').test(page);

function run(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  return stdout;
}

const help = (...command: string[]): string => run('bin/procwatch.js', ...command, '--help');

/** The names below "Commands:" in a help text. */
function commandsIn(text: string): string[] {
  const [, list = ''] = /^Commands:\n((?: .*\n)+)/m.exec(text) ?? [];
  return [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name);
}

/** Long options that a help text lists, each at the head of its line. */
function optionsIn(text: string): string[] {
  return [...text.matchAll(/^ {2}(?:-\w, )?--([a-z-]+)/gm)].map(([, name]) => name);
}

test('the page is what the generator writes now', () => {
  run('scripts/manual.js', '--check');
});

test('the page is clean mdoc', (t) => {
  if (!needs(t, hasProgram('mandoc'), 'mandoc is not installed')) return;
  const { status, stdout } = spawnSync('mandoc', ['-T', 'lint', '-W', 'warning', PAGE], { encoding: 'utf8' });
  assert.equal(status, 0, stdout);
});

test('every command of the program has an entry', () => {
  const commands = commandsIn(help());
  assert.ok(commands.includes('watch'), 'the help lists the commands');
  for (const command of commands) assert.ok(pageHas(`^\\.(It )?Cm ${command}$`), command);
});

test('every option in the help of any command has an entry', () => {
  const commands = commandsIn(help()).filter((name) => name !== 'help');
  const options = new Set([help(), ...commands.map((name) => help(name))].flatMap(optionsIn));
  assert.ok(options.size > 20, `only ${options.size} options were found in the help`);
  for (const option of options) assert.ok(pageHas(`^\\.It .*Fl -${option}\\b(?!-)`), `--${option}`);
});

test('every name in a recorded stream is explained', () => {
  const lines = readFileSync(new URL('sample.jsonl', import.meta.url), 'utf8')
    .trimEnd()
    .split('\n');
  const names = new Set(lines.flatMap((line) => Object.keys(JSON.parse(line))));
  for (const name of names) {
    const explained = name.replace(/_base64$/, '');
    assert.ok(pageHas(`^\\.(It )?Va ${explained}\\b`), name);
  }
});

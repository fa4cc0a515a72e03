/**
 * The recipes of the README, run as they stand there. Those that read a recording get a checked-in one, and their output is known;
 * those that start procwatch are run for a second on the real kernel, beside a shell that makes things happen.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connectorTrouble, hasProgram, needs, root } from './need.ts';

const readme = readFileSync(`${root}README.md`, 'utf8');
const [, section] = /^## Recipes\n([\s\S]*?)^## /m.exec(readme) ?? assert.fail('the README has no recipes');
const recipes = [...section.matchAll(/^(\S.*):\n\n```sh\n([\s\S]*?)```$/gm)].map(([, title, script]) => ({
  title: title.split('\n').at(-1) ?? title,
  script,
}));

/** What a recipe that reads the recording prints, by the beginning of its title. */
const PRINTS: Record<string, RegExp> = {
  'From a recording': /^2\.\d+\tnightly\.sh\n(\d\.\d+\t.+\n){9}$/,
  'The programs that were run most': /^ +\d+ \?\n +\d+ \/usr\/bin\/sleep\n/,
  'Which commands fail': /^make: 1 of 1\n|^curl: 1 of 1\nmake: 1 of 1\n/,
  'What happened in each minute': /^(\d{4}-\d\d-\d\dT\d\d:\d\d:00Z: \d+ programs\n)+$/,
  'What the recording lacks': /^61 events between 2026-.*Z and 2026-.*Z: overrun\n$/,
};

/** What a recipe that watches must print, on stdout or stderr; the first leaves a file, which is shown after it. */
const SHOWS: Record<string, RegExp> = {
  'Record an hour': /^\{"v":1,"seq":1,.*"event":"start".*\n[\s\S]*\n.*"event":"end".*\n$/,
  'Show failures': /^3\t.*\t\d+\t/m,
  'Show one line': /^\S+ {2}exit +\d+ .* exit 0 after \S+ [·-] sleep 0\.9\n$/,
  'Count for ten seconds': /^COMMAND .*\n[\s\S]*^lost: \d+$/m,
  'Wait until': /^sshd was started\n$/,
  'Do something': / ended by SIGSEGV$/m,
  'Who kills': / SIGTERM by sh\[\d+\] after \S+ · sleep 9$/m,
  'Show what was not found': /env cannot run \S+\/no-such-command: not found, or its interpreter/,
};

/** What is done around a recipe in its shell. */
const AROUND: Record<string, { readonly before?: string; readonly after?: string }> = {
  'Record an hour': { after: 'cat events.jsonl' },
  'Show one line': { before: 'sleep 0.9 &' },
  'Show what was not found': { before: '(sleep 0.9; env no-such-command 2>/dev/null) &' },
};

const expected = (table: Record<string, RegExp>, title: string): RegExp => {
  const row = Object.entries(table).find(([start]) => title.startsWith(start));
  return row?.[1] ?? assert.fail(`no expectation for the recipe "${title}"`);
};

/** A program that fails, one that crashes without leaving a core, and one by the name that a recipe waits for. */
const HAPPENINGS = `ulimit -c 0; while :; do
  sh -c 'sleep 0.02; exit 3'; sh -c 'sleep 0.02; kill -s SEGV $$'; ./sshd 0.02
  sh -c 'sleep 9 & sleep 0.01; kill $!; wait'
done`;

let directory: string;
let happenings: ChildProcess;

before(() => {
  directory = mkdtempSync(join(tmpdir(), 'procwatch-recipes-'));
  symlinkSync('/bin/sleep', join(directory, 'sshd'));
  // As the recipes call it, but for a second only: of several durations the last one counts.
  const launcher = join(directory, 'procwatch');
  writeFileSync(launcher, `#!/bin/sh\nexec '${process.execPath}' '${root}bin/procwatch.js' "$@" -d 1s\n`);
  chmodSync(launcher, 0o755);
  happenings = spawn('sh', ['-c', HAPPENINGS], { cwd: directory, stdio: 'ignore', detached: true });
});

after(() => {
  if (happenings.pid !== undefined) process.kill(-happenings.pid, 'SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

function run(script: string) {
  return spawnSync('bash', ['-o', 'pipefail', '-c', script], {
    cwd: directory,
    encoding: 'utf8',
    timeout: 20_000,
    // The whole machine is watched, and other tests may run on it.
    maxBuffer: 2 ** 28,
    env: { ...process.env, PATH: `${directory}:${process.env.PATH}`, LC_ALL: 'C.UTF-8' },
  });
}

test('there are thirteen recipes', () => {
  assert.equal(recipes.length, 13);
  assert.equal(recipes.length, Object.keys(PRINTS).length + Object.keys(SHOWS).length);
});

const trouble = connectorTrouble();

for (const { title, script } of recipes) {
  const watches = /^procwatch /.test(script);
  test(title, (t) => {
    if (!needs(t, hasProgram('jq'), 'jq is not installed')) return;
    const wantsRights = /--cause|exec-failed/.test(script);
    if (wantsRights && !needs(t, process.getuid?.() === 0, 'only root may run programs in the kernel')) return;
    if (watches && !needs(t, trouble === undefined, `the proc connector cannot be used: ${trouble}`)) return;
    if (!watches) copyFileSync(new URL('sample.jsonl', import.meta.url), join(directory, 'events.jsonl'));
    const [, around = {}] = Object.entries(AROUND).find(([start]) => title.startsWith(start)) ?? [];
    const { status, stdout, stderr } = run([around.before, script, around.after].join('\n'));
    assert.equal(status, 0, stderr);
    assert.match(watches ? stdout + stderr : stdout, expected(watches ? SHOWS : PRINTS, title));
  });
}

/** "Record tonight, look tomorrow" of the README, line by line as it stands there, with a short night. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { connectorTrouble, needs, root } from './need.ts';

const readme = readFileSync(`${root}README.md`, 'utf8');
const [, script] =
  /^## Record tonight, look tomorrow\n\n```sh\n([\s\S]*?)```$/m.exec(readme) ?? assert.fail('no such lines');
const lines = script.trim().split('\n');

/** The hours of the night are minutes around now. */
function tonight(line: string, begin: Date, end: Date): string {
  const clock = (date: Date): string => date.toTimeString().slice(0, 'HH:MM:SS'.length);
  return line.replace('03:00', clock(begin)).replace('03:20', clock(end)).replace('03:12', clock(end));
}

test('there are five lines', () => assert.equal(lines.length, 5));

const trouble = connectorTrouble();

test('they record, and look at the recording in four ways', (t) => {
  if (!needs(t, trouble === undefined, `the proc connector cannot be used: ${trouble}`)) return;
  const directory = mkdtempSync(join(tmpdir(), 'procwatch-tonight-'));
  const run = (line: string) =>
    spawnSync('bash', ['-c', `procwatch() { '${process.execPath}' '${root}bin/procwatch.js' "$@"; }; ${line}`], {
      cwd: directory,
      encoding: 'utf8',
    });
  try {
    const begin = new Date();
    const night = `${lines[0].replace(/ +#.*/, '')} -d 4s & sleep 2; ln -s /bin/sh backup.sh; ./backup.sh -c 'sleep 0.1; exit 3'; wait`;
    const recorded = run(night);
    assert.equal(recorded.status, 0, recorded.stderr);
    const end = new Date();
    const [watched, snapshot, tree, timeline] = lines.slice(1).map((line) => run(tonight(line, begin, end)));
    for (const { status, stderr } of [watched, snapshot, tree, timeline]) assert.equal(status, 0, stderr);
    assert.match(watched.stdout, / exit 3 after .* · \.\/backup\.sh -c 'sleep 0\.1; exit 3'\n/);
    assert.match(snapshot.stdout, /^ *PID +PPID .*\n +1 +0 /);
    assert.match(tree.stdout, /^\.\/backup\.sh -c 'sleep 0\.1; exit 3' +\+0µs +\S+ +exit 3$/m);
    assert.match(readFileSync(join(directory, 'night.html'), 'utf8'), /^<!doctype html>/i);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});

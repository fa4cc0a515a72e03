/** `--redact` in every command that reads a recording: no text of it comes through. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../bin/procwatch.js', import.meta.url));

const fork = (pid: number, ppid: number) => ({ event: 'fork', pid, tid: pid, ppid, comm: 'hush', parent_comm: 'hush' });
const exec = (pid: number, ppid: number) => ({
  ...fork(pid, ppid),
  event: 'exec',
  exe: '/hush/x',
  path: 'hush/x',
  args: ['hush', '--password', 'hush'],
  cwd: '/hush',
  cgroup: '/hush.slice',
  ancestry: [{ pid: ppid, comm: 'hush' }],
});
const RECORDING = [fork(7, 1), exec(7, 1), fork(8, 7), exec(8, 7)].map((row, i) => ({
  v: 1,
  seq: i + 1,
  time: `2026-11-21T02:36:48.00000000${i}Z`,
  mono_ns: `100000000${i}`,
  uid: 0,
  ...row,
}));

const COMMANDS = [
  'watch --json --full --ancestry',
  'watch -f pretty',
  'watch -S',
  'stat --by exe',
  'stat --by parent --json',
  'ps --show base,args,cgroup',
  'ps --json --show base,args,cgroup',
  'tree',
  'timeline --text',
];

for (const command of COMMANDS) {
  test(`procwatch ${command} -r FILE --redact`, () => {
    const folder = mkdtempSync(join(tmpdir(), 'procwatch-secrets-'));
    const file = join(folder, 'recording.jsonl');
    writeFileSync(file, RECORDING.map((row) => `${JSON.stringify(row)}\n`).join(''));
    const args = [...command.split(' '), '-r', file, '--redact', 'hush'];
    const { status, stdout, stderr } = spawnSync(launcher, args, { encoding: 'utf8' });
    rmSync(folder, { recursive: true });
    assert.equal(status, 0, stderr);
    assert.match(stdout, /\*\*\*/);
    assert.doesNotMatch(stdout + stderr, /hush/);
  });
}

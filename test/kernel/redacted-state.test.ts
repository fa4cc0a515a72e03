/** What must not be told is not told of who is there already either, in a stream and in a recording. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from './support/fixtures.ts';
import { register } from './support/leftovers.ts';
import { kernelTest } from './support/requirements.ts';
import { runToEnd } from './support/watcher.ts';

kernelTest('alive records are redacted, the control group too', ['connector'], async () => {
  const group = readFileSync('/proc/self/cgroup', 'latin1').trim().split('/').at(-1) ?? '';
  const { pid } = register(spawn('sleep', ['1000', '2000'], { stdio: 'ignore' }));
  const recording = join(scratch(), 'redacted.jsonl');
  const redact = ['--redact', '2000', ...(group === '' ? [] : ['--redact', group])];
  const { stdout } = runToEnd(['--json', '--state', '--full', '-d', '0.3', ...redact]);
  assert.equal(runToEnd(['record', '-o', recording, '-d', '0.3', ...redact]).status, 0);
  for (const text of [stdout, readFileSync(recording, 'utf8')]) {
    const rows = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const alive = rows.find((row) => row.event === 'alive' && row.pid === pid);
    assert.deepEqual(alive.args.slice(0, 2), ['sleep', '1000']);
    assert.doesNotMatch(alive.args[2], /2000/);
    if (group !== '' && alive.cgroup !== undefined) assert.ok(!alive.cgroup.includes(group), alive.cgroup);
  }
});

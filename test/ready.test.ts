/** `npm start` and `npm test` in a checkout that is not ready, with an npm and a build that only say when they work. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const READY = fileURLToPath(new URL('../scripts/ready.js', import.meta.url));

/** Says in the log that it begins, takes its time, and says that it has ended. */
const WORKER = (name: string): string => `#!/usr/bin/env node
const { appendFileSync, mkdirSync } = require('node:fs');
const say = (what) => appendFileSync(process.env.LOG, \`${name} \${what}\\n\`);
say('begins');
for (const folder of ['node_modules', 'dist']) mkdirSync(folder, { recursive: true });
setTimeout(() => say('ends'), 300);
`;

function checkout(): { root: string; log: string } {
  const root = mkdtempSync(join(tmpdir(), 'procwatch-ready-'));
  for (const folder of ['scripts', 'src', 'path']) mkdirSync(join(root, folder));
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'])
    writeFileSync(join(root, file), '{}');
  cpSync(READY, join(root, 'scripts/ready.js'));
  writeFileSync(join(root, 'scripts/package.json'), '{ "type": "module" }');
  writeFileSync(join(root, 'scripts/build.js'), "import './build.cjs';\n");
  writeFileSync(join(root, 'scripts/build.cjs'), WORKER('build'));
  writeFileSync(join(root, 'path/npm'), WORKER('npm'));
  chmodSync(join(root, 'path/npm'), 0o755);
  return { root, log: join(root, 'log') };
}

async function makeReady({ root, log }: { root: string; log: string }): Promise<number | null> {
  const env = { ...process.env, LOG: log, PATH: `${join(root, 'path')}:${process.env.PATH}` };
  const [code] = await once(spawn(process.execPath, ['scripts/ready.js'], { cwd: root, env, stdio: 'ignore' }), 'exit');
  return code;
}

const EACH_ONCE = 'npm begins\nnpm ends\nbuild begins\nbuild ends\n';

test('two first starts at the same time install and build once, one after the other', async () => {
  const place = checkout();
  assert.deepEqual(await Promise.all([makeReady(place), makeReady(place), makeReady(place)]), [0, 0, 0]);
  assert.equal(readFileSync(place.log, 'utf8'), EACH_ONCE);
});

test('one that was killed while it installed holds nobody up', async () => {
  const place = checkout();
  // No Linux gives out this number.
  writeFileSync(join(place.root, '.ready.lock'), '4194305');
  assert.equal(await makeReady(place), 0);
  assert.equal(readFileSync(place.log, 'utf8'), EACH_ONCE);
});

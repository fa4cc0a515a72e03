// The code cache of a package: made by its own Node.js, after a run, since what a run has compiled is most of what a start needs. Nothing
// but these files may ever be taken for one: see packaging/start.cjs.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { flagsOf } from './launcher.js';

/** All that an ordinary watch goes through, once things happen; without rights or connector it is less. */
const RUN = ['watch', '--json', '--meta', '-d', '700ms', '-o', '/dev/null'];
const STIR = 'for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do /bin/true; sleep 0.03; done';

/** Writes the caches beside the scripts and their names into start.cjs; says what came of it. */
export function layCaches({ root }, home) {
  const start = join(home, 'start.cjs');
  const args = [...flagsOf(root), join(root, 'packaging/make-caches.cjs'), start, ...RUN];
  const quoted = [join(home, 'node'), ...args].map((word) => `'${word}'`).join(' ');
  const { stdout, stderr } = spawnSync('sh', ['-c', `(${STIR}) & ${quoted}`], {
    encoding: 'utf8',
    env: { PATH: process.env.PATH },
  });
  const names = /^\{.*\}$/m.exec(stdout)?.[0];
  if (names === undefined) return `none: this Node.js cannot run here (${stderr.trim().split('\n')[0]})`;
  const text = readFileSync(start, 'utf8');
  writeFileSync(start, text.replace('const CACHES = {};', `const CACHES = ${names};`));
  return stderr === '' ? 'made after a watch' : `made after a start only: ${stderr.trim().split('\n')[0]}`;
}

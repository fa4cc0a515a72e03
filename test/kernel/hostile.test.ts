/** What anybody on the machine may do to a watch: as much text as there is room for, of any kind. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { run } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { Watcher } from './support/watcher.ts';

const NOBODY = 65534;
/** What the shipped unit allows is 512 MB. */
const MOST_KB = 200_000;

/** The most memory it ever had. */
const peakOf = (pid: number): number =>
  Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);

const LOADS = {
  'control characters, each of which takes six letters in JSON': `x=$(printf '\\001%.0s' {1..30000}); for i in {1..1500}; do /bin/true $i$x; done`,
  'arguments of a megabyte': `x=$(printf 'x%.0s' {1..120000}); for i in {1..200}; do /bin/sh -c 'sleep 0.005' $i$x $i$x $i$x $i$x $i$x $i$x $i$x $i$x $i$x; done`,
};

for (const [what, script] of Object.entries(LOADS)) {
  for (const uid of [0, NOBODY]) {
    kernelTest(`nobody fills our memory with ${what} (as user ${uid})`, ['connector', 'root'], async () => {
      const watcher = await Watcher.start(['--json', '-o', '/dev/null'], { uid });
      await run('/bin/bash', ['-c', script]);
      const peak = peakOf(watcher.pid);
      await watcher.stop();
      assert.ok(peak < MOST_KB, `${peak} kB`);
    });
  }
}

/** Where the output goes when it goes nowhere: readers that do not read, full disks, closed streams, pipes that others use too. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from './support/fixtures.ts';
import { kernelTest } from './support/requirements.ts';
import { BIN } from './support/watcher.ts';

const NEEDS = ['connector'] as const;

/** A script of the shell in which $PROCWATCH is the program. */
function shell(script: string): { status: number | null; stdout: string; stderr: string; seconds: number } {
  const begin = performance.now();
  const env = { ...process.env, PROCWATCH: BIN };
  const { status, stdout, stderr } = spawnSync('/bin/bash', ['-c', script], { encoding: 'utf8', env, timeout: 60_000 });
  return { status, stdout, stderr, seconds: (performance.now() - begin) / 1000 };
}

/** Something happens as long as the script lasts, however late the program begins to listen. */
const STEADY = 'while sleep 0.2; do /bin/true; done > /dev/null 2>&1 & steady=$!; trap "kill $steady" EXIT;';

/** So many events while something else goes on that no pipe holds them. */
const BUSY = 'while :; do /bin/true "$(printf %04000d 0)"; done & busy=$!;';

kernelTest(
  'a reader who takes nothing holds up neither the time that was given nor a signal; what he missed is counted',
  NEEDS,
  async () => {
    const time = shell(`${BUSY} { "$PROCWATCH" --json -d 2; echo "code $?" >&2; } | { sleep 9; }; kill $busy`);
    assert.match(time.stderr, /the reader of the output takes nothing: \d+ bytes were not delivered\ncode 0/);
    const signal = shell(
      `${BUSY} { timeout -s TERM 2 "$PROCWATCH" --json; echo "code $?" >&2; } | { sleep 9; }; kill $busy`,
    );
    assert.match(signal.stderr, /bytes were not delivered\ncode (143|124)/);
  },
);

kernelTest('a pipe with a name that nobody opens holds up nothing either', NEEDS, async () => {
  const path = join(scratch(), 'fifo');
  execFileSync('mkfifo', [path]);
  const { status, stderr } = shell(`${STEADY} timeout 30 "$PROCWATCH" --json -d 2 -o ${path}`);
  assert.equal(status, 0);
  assert.match(stderr, /\d+ bytes were not delivered/);
});

kernelTest('a pipe that others write to stays as it is for them', NEEDS, async () => {
  const { stdout } = shell(`${STEADY} ( "$PROCWATCH" -n 1; head -c 4000000 /dev/zero ) | ( sleep 3; wc -c )`);
  assert.ok(Number(stdout) > 4_000_000, stdout);
  const quiet = shell(
    '( "$PROCWATCH" -d 4 -f table -e sid & sleep 1; head -c 4000000 /dev/zero ) | ( sleep 3; wc -c )',
  );
  assert.ok(Number(quiet.stdout) >= 4_000_000, quiet.stdout);
  assert.equal(quiet.stderr, '');
});

kernelTest('a closed stdout is 74 and a word', NEEDS, async () => {
  for (const command of ['events', 'ps', '--help', '-n 1 -e fork']) {
    const { status, stderr } = shell(`${STEADY} "$PROCWATCH" ${command} >&-`);
    assert.deepEqual([status, stderr], [74, 'procwatch: cannot write: EBADF\n'], command);
  }
});

kernelTest('a full disk has whole lines', [...NEEDS, 'root'], async () => {
  const folder = join(scratch(), 'small');
  mkdirSync(folder);
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', folder]);
  try {
    for (const where of [`-o ${folder}/file`, `> ${folder}/file`]) {
      const { status, stderr } = shell(
        `${BUSY} timeout 30 "$PROCWATCH" --json ${where}; code=$?; kill $busy; exit $code`,
      );
      assert.equal(status, 74);
      assert.equal(stderr.replace(/.*Terminated.*\n/, ''), 'procwatch: cannot write: ENOSPC\n');
      const text = readFileSync(join(folder, 'file'), 'utf8');
      assert.ok(text.endsWith('}\n'));
      for (const line of text.trimEnd().split('\n')) JSON.parse(line);
    }
  } finally {
    execFileSync('umount', [folder]);
  }
});

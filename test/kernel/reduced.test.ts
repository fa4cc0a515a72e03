/** Places in which something is missing: one true sentence each, and never a bug of ours. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scratch } from './support/fixtures.ts';
import { kernelTest } from './support/requirements.ts';
import { BIN } from './support/watcher.ts';

const NEEDS = ['connector', 'root'] as const;

/** What a shell in mount and time namespaces of its own says; $PROCWATCH is the program. */
function inside(unshare: readonly string[], script: string): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, PROCWATCH: `${process.execPath} ${BIN}` };
  const args = [...unshare, '--fork', 'bash', '-c', script];
  return spawnSync('unshare', args, { encoding: 'utf8', env, timeout: 60_000, cwd: '/' });
}

const EXPECTED = [0, 1, 69, 77];
const COMMANDS = ['watch --json --meta -d 0.1', 'stat -d 0.1', 'doctor'];

for (const [what, before] of [
  ['/proc/sys', 'mount -t tmpfs none /proc/sys'],
  ['/proc', 'umount -l /proc'],
] as const) {
  kernelTest(`without ${what} nothing ends in a bug`, NEEDS, async () => {
    for (const command of COMMANDS) {
      const { status, stderr } = inside(['--mount'], `${before} && $PROCWATCH ${command}`);
      assert.ok(EXPECTED.includes(status ?? -1), `${command}: ${status} ${stderr}`);
      assert.doesNotMatch(stderr, /bug|\n +at /);
    }
  });
}

kernelTest('without /proc a snapshot of it says so, and a command runs all the same', NEEDS, async () => {
  const ps = inside(['--mount'], 'umount -l /proc && $PROCWATCH ps --source proc');
  assert.equal(ps.status, 69);
  assert.match(ps.stderr, /there is no \/proc here/);
  const run = inside(['--mount'], 'umount -l /proc && $PROCWATCH run -q --no-summary sh -c "exit 7"');
  assert.equal(run.status, 7, run.stderr);
});

kernelTest('too few descriptors are told as what they are', NEEDS, async () => {
  for (let limit = 19; limit < 30; limit++) {
    const { status, stderr } = inside([], `ulimit -n ${limit}; $PROCWATCH -q -d 0.1`);
    assert.ok(status === 0 || status === 69, `${limit}: ${status} ${stderr}`);
    assert.doesNotMatch(stderr, /bug|CONFIG_|CAP_/);
    if (status === 69) assert.match(stderr, /EMFILE.*\nhint: raise the limit of open files/);
  }
});

kernelTest('in a time namespace a watch refuses, and names the cause', NEEDS, async () => {
  const { status, stderr } = inside(['--time', '--monotonic', '86400', '--boottime', '86400'], '$PROCWATCH -d 0.1');
  assert.equal(status, 69);
  assert.match(stderr, /a time namespace of its own/);
});

for (const [option, why, words] of [
  [1, 'denied', 'a process that /proc lists and lets nobody read is denied, and not gone'],
  [2, 'hidden', 'a process that /proc hides is hidden, and not gone'],
] as const) {
  kernelTest(words, NEEDS, async () => {
    const script = `mount -t proc -o hidepid=${option} proc /proc; setpriv --reuid=65534 --regid=65534 --clear-groups \
      $PROCWATCH --json -e exec -d 1.5 & sleep 1; sleep 0.7; wait`;
    const { stdout, stderr } = inside(['--mount'], script);
    const reasons = stdout
      .trim()
      .split('\n')
      .flatMap((line) => JSON.parse(line).missing ?? []);
    assert.ok(reasons.includes(why), `${stdout} ${stderr}`);
    assert.deepEqual(
      reasons.filter((reason) => reason !== 'gone' && reason !== why),
      [],
    );
  });
}

const FAULTS = { socket: 3, option: 8, link: 8, map: 4, syscall: 24, open: 24 } as const;

kernelTest(
  'whatever one call of the start is refused, it is told or done without',
  [...NEEDS, 'compiler'],
  async () => {
    const library = join(scratch(), 'fault.so');
    const source = fileURLToPath(new URL('fixtures/fault.c', import.meta.url));
    execFileSync('gcc', ['-shared', '-fPIC', '-o', library, source, '-ldl']);
    for (const [kind, most] of Object.entries(FAULTS)) {
      for (let nth = 1; nth <= most; nth++) {
        const env = {
          ...process.env,
          LD_PRELOAD: library,
          FAULT_KIND: kind,
          FAULT_NTH: String(nth),
          FAULT_ERRNO: nth % 2 ? '24' : '13',
        };
        const { status, stderr } = spawnSync(process.execPath, [BIN, '--json', '--meta', '-d', '0.02'], {
          env,
          encoding: 'utf8',
        });
        assert.ok(EXPECTED.includes(status ?? -1), `${kind} ${nth}: ${status} ${stderr}`);
      }
    }
  },
);

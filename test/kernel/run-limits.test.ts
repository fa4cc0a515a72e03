/** How `procwatch run` ends what takes too long or is left over, and that nobody who reads slowly, or hears nothing, holds anything up. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixture, scratch } from './support/fixtures.ts';
import { kernelTest } from './support/requirements.ts';
import { inBash, reportFile, WAYS } from './support/run-support.ts';
import { Terminal } from './support/terminal.ts';
import { procwatch, programTest, Running } from './support/wait-support.ts';
import { BIN, until } from './support/watcher.ts';

const NEEDS = ['connector'] as const;
const RUN = WAYS['by its name'];

/** Whether it is there, and more than what its parent has not waited for yet. */
function isAlive(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return false;
  }
}

async function ran(args: readonly string[]) {
  const running = procwatch(['run', '-q', ...args]);
  const end = await running.end();
  return {
    ...end,
    stdout: running.stdout,
    stderr: running.stderr,
    pids: running.stdout.trim().split(/\s+/).map(Number),
  };
}

/** Four processes: the command, its child, one that a dead parent has left to init, and one in a session of its own. */
const FAMILY = (before: string) =>
  `${before}; sh -c 'sleep 60 & echo $!'; setsid sh -c 'sleep 60 & echo $!; wait' & sleep 60 & echo $! $$; wait; wait`;

kernelTest(
  '--timeout ends the whole tree, also what has lost its parent or has a session of its own: 124',
  NEEDS,
  async () => {
    const { code, pids, stderr } = await ran(['--timeout', '700ms', '-k', '5s', '--', 'sh', '-c', FAMILY('true')]);
    assert.deepEqual([code, stderr, pids.length], [124, '', 4]);
    assert.deepEqual(pids.filter(isAlive), []);
  },
);

kernelTest(
  '--kill-after ends by force what does not heed the signal: as timeout(1), by SIGKILL itself',
  NEEDS,
  async () => {
    const stubborn = ['--timeout', '500ms', '--kill-after', '300ms', '--', 'sh', '-c', FAMILY(`trap '' TERM`)];
    const { code, signal, pids } = await ran(stubborn);
    assert.deepEqual([code, signal, pids.length], [null, 'SIGKILL', 4]);
    assert.deepEqual(pids.filter(isAlive), []);
    assert.equal((await ran(['--exit-code', ...stubborn])).code, 137);
  },
);

kernelTest('--timeout goes by --signal, and leaves alone what ends in time', NEEDS, async () => {
  const says = `trap 'echo heard; exit 3' USR1; while :; do sleep 0.02; done`;
  const heard = await ran(['--timeout', '300ms', '--signal', 'USR1', '--', 'sh', '-c', says]);
  assert.deepEqual([heard.code, heard.stdout], [124, 'heard\n']);
  assert.equal((await ran(['--timeout', '30s', '--', 'sh', '-c', 'exit 3'])).code, 3);
  assert.equal((await ran(['--timeout', '0', '--', 'sh', '-c', 'exit 3'])).code, 3);
  const stopped = await ran(['--timeout', '300ms', '--', 'sh', '-c', `sh -c 'echo $$; kill -STOP $$' & wait`]);
  assert.deepEqual([stopped.code, stopped.pids.filter(isAlive)], [124, []]);
});

const LEAVES = 'sleep 60 >&- 2>&- & echo $!; exit 5';

kernelTest('--all says after a while whom it still waits for, and --all-timeout gives up', NEEDS, async () => {
  const { code, stderr, pids } = await ran(['--all-timeout', '2500ms', '--', 'sh', '-c', LEAVES]);
  assert.equal(code, 5);
  assert.equal(stderr, `procwatch: waiting for a process that the command has left: ${pids[0]} sleep 60\n`);
  assert.equal(isAlive(pids[0]), true);
  process.kill(pids[0]);
});

programTest('on a terminal the line is drawn in its place, and taken away at the end', NEEDS, ['script'], async () => {
  const run = `stty cols 200; ${RUN[0]} run --all -q --no-summary -- sh -c 'sleep 3 & sleep 4 & exit 5'; echo "code $?"`;
  const terminal = new Terminal(run, { TERM: 'xterm' });
  assert.equal(await terminal.code(), 0);
  const line = (what: string) => `\\r\\x1b\\[Kprocwatch: waiting for ${what}`;
  assert.match(
    terminal.screen,
    new RegExp(`^${line('2 processes')}.*sleep 3, \\d+ sleep 4${line('a process')}.*sleep 4\\r\\x1b\\[Kcode 5\\n$`),
  );
});

kernelTest(
  '--kill-left ends what the command has left: by TERM, and by KILL what does not heed it',
  NEEDS,
  async () => {
    for (const before of ['true', `trap '' TERM`]) {
      const { code, pids } = await ran(['--kill-left', '-k', '300ms', '--', 'sh', '-c', `${before}; ${LEAVES}`]);
      assert.equal(code, 5);
      assert.equal(isAlive(pids[0]), false, before);
    }
    const later = await ran(['--all-timeout', '100ms', '--kill-left', '--', 'sh', '-c', LEAVES]);
    assert.deepEqual([later.code, isAlive(later.pids[0])], [5, false]);
    assert.equal((await ran(['--all', '--kill-left', '--', 'true'])).code, 2);
  },
);

/** Makes more records than a pipe holds, then waits for a signal, which it tells on stdout. */
const BUSY = (storm: string) =>
  `trap 'echo caught; exit 9' TERM; ${storm} execs 1500 x >/dev/null; echo ready; while :; do sleep 0.02; done`;

for (const [where, redirect] of [
  ['stderr, a pipe', '2>"$0"'],
  ['--output, a pipe', '-o "$0" 2>/dev/null'],
] as const) {
  programTest(
    `nobody reads ${where}: a signal reaches the command all the same`,
    [...NEEDS, 'compiler'],
    ['mkfifo'],
    async () => {
      const fifo = reportFile();
      const script = `mkfifo "$0"; exec 7<>"$0"; exec "$@" run --json ${redirect.replace('2>', '-- sh -c "$BUSY" 2>')}`;
      const words = redirect.startsWith('2>')
        ? script
        : `mkfifo "$0"; exec 7<>"$0"; exec "$@" run --json ${redirect.replace(' 2>', ' -- sh -c "$BUSY" 2>')}`;
      const running = new Running('bash', ['-c', words, fifo, ...RUN], { env: { BUSY: BUSY(fixture('storm')) } });
      await until('the command is ready', () => running.stdout.includes('ready'));
      running.child.kill('SIGTERM');
      await until('the command has heard it', () => running.stdout.includes('caught'));
      // Its last records wait for somebody who reads them; whoever does not want to wait says so once more.
      running.child.kill('SIGTERM');
      assert.deepEqual(await running.end(), { code: null, signal: 'SIGTERM' });
    },
  );
}

programTest(
  'a terminal whose output is stopped: a signal reaches the command all the same',
  [...NEEDS, 'compiler'],
  ['script'],
  async () => {
    const heard = reportFile();
    const command = BUSY(fixture('storm'))
      .replace('echo caught', `echo caught >"${heard}"`)
      .replace('echo ready', `echo ready >"${heard}"`);
    const terminal = new Terminal(
      `echo "shell $$"; exec ${RUN[0]} run --json -- sh -c '${command.replaceAll("'", `'"'"'`)}'`,
    );
    const [, pid] = await terminal.shows(/shell (\d+)\n/);
    terminal.type('\x13');
    const says = (word: string) => () => existsSync(heard) && readFileSync(heard, 'utf8').includes(word);
    await until('the command is ready', says('ready'));
    process.kill(Number(pid), 'SIGTERM');
    await until('the command has heard it', says('caught'));
    terminal.type('\x11');
    assert.equal(await terminal.code(), 9);
  },
);

kernelTest('a slow reader of records gets them all', [...NEEDS, 'compiler'], async () => {
  const script = '"$@" 2>&1 >/dev/null | (sleep 0.5; grep -c \'"event":"exec"\')';
  const { stdout } = inBash(script, [...RUN, 'run', '--json', '--', fixture('storm'), 'execs', '1500', 'x']);
  assert.equal(stdout, '1501\n');
});

const DEAF = ['unshare', '--net'];

kernelTest(
  'without events the command runs, once is said why nothing is shown, and its status counts',
  [...NEEDS, 'unshare'],
  async () => {
    const run = (...args: string[]) => inBash('exec "$@"', [...DEAF, ...RUN, 'run', '--source', 'connector', ...args]);
    const failing = run('--', 'sh', '-c', 'echo "its own"; exit 5');
    assert.deepEqual([failing.status, failing.stdout], [5, 'its own\n']);
    assert.match(
      failing.stderr,
      /^procwatch: nothing of the command can be shown: cannot subscribe to process events: .*\n$/,
    );
    assert.equal(run('-q', '--', 'sh', '-c', 'kill -TERM $$').signal, 'SIGTERM');
    assert.match(
      run('--all', '--', 'true').stderr,
      /^procwatch: nothing of the command can be shown, and it alone is waited for: /,
    );
    const limited = run('--timeout', '300ms', '--', 'sh', '-c', 'sleep 60 & echo $!; sleep 60');
    assert.equal(limited.status, 124);
    assert.equal(isAlive(Number(limited.stdout)), false);
    const strict = run('--require-events', '--', 'echo', 'it ran');
    assert.deepEqual([strict.status, strict.stdout], [69, '']);
    assert.equal(run('--', 'no-such-command').status, 127);
  },
);

kernelTest(
  'under sudo the command runs as who called it, and an unknown caller is a failure of its own',
  [...NEEDS, 'root'],
  async () => {
    const run = (user: string, ...args: string[]) =>
      inBash('exec "$@"', [...RUN, 'run', '-q', ...args, '--', 'id', '-un'], { ...process.env, SUDO_USER: user });
    assert.deepEqual(run('nobody'), {
      status: 0,
      signal: null,
      stdout: 'nobody\n',
      stderr: 'procwatch: the command runs as nobody, who called sudo; --as root keeps it root\n',
    });
    assert.deepEqual([run('nobody', '--as', 'root').stdout, run('nobody', '--as', 'root').stderr], ['root\n', '']);
    assert.deepEqual([run('root').stdout, run('root').stderr], ['root\n', '']);
    const unknown = run('who-was-deleted');
    assert.deepEqual([unknown.status, unknown.stdout], [67, '']);
    assert.match(unknown.stderr, /^procwatch: SUDO_USER: there is no user .*\nhint: --as root .*\n$/);
  },
);

kernelTest('names of files are bytes: -o', NEEDS, async () => {
  const { stdout, status } = inBash(
    `cd "$(mktemp -d)"; "$@" run --json -o $'a\\xff' -- true; echo $?; ls | od -An -c; grep -c pid $'a\\xff'; rm -r "$PWD"`,
    [process.execPath, BIN],
  );
  assert.equal(status, 0);
  assert.equal(stdout.replace(/ +/g, ' '), '0\n a 377 \\n\n3\n');
});

kernelTest('a signal that others send to procwatch reaches the command, whichever would end it', NEEDS, async () => {
  const signals = ['ABRT', 'ALRM', 'IO', 'PROF', 'PWR', 'STKFLT', 'URG', 'VTALRM', 'XCPU'] as const;
  const script = `${signals.map((one) => `trap 'echo ${one}' ${one}`).join('; ')}; echo ready; while :; do sleep 0.02; done`;
  const running = procwatch(['run', '-q', '--', 'bash', '-c', script]);
  await until('the command is ready', () => running.stdout.includes('ready'));
  for (const one of signals) {
    process.kill(running.pid, `SIG${one}`);
    await until(`the command has heard ${one}`, () => running.stdout.endsWith(`${one}\n`));
  }
  running.child.kill('SIGTERM');
  assert.deepEqual(await running.end(), { code: null, signal: 'SIGTERM' });
});

kernelTest('the file of a core is the command’s alone', NEEDS, async () => {
  const directory = join(scratch(), 'cores');
  const script = `mkdir -p ${directory}; cd ${directory}; ulimit -c unlimited; "$@" run -q -- sh -c 'kill -SEGV $$'; echo $?; cat /proc/sys/kernel/core_pattern; ls | wc -l`;
  const [status, pattern, cores] = inBash(script, [...RUN]).stdout.split('\n');
  assert.equal(status, '139');
  if (/^core(?:\.%p)?$/.test(pattern)) assert.equal(cores, '1');
});

/** How the program starts, ends and writes, with the real kernel behind it. */
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fixture, scratch } from './support/fixtures.ts';
import { register } from './support/leftovers.ts';
import { live, of, Resident, run } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { BIN, connectorSockets, type Row, runToEnd, until, Watcher } from './support/watcher.ts';

const NEEDS = ['connector', 'compiler'] as const;

/** Keeps processes coming until the task is done. */
async function amidstEvents<T>(task: () => Promise<T>): Promise<T> {
  const storm = register(spawn('/bin/sh', ['-c', 'while :; do /bin/true; done'], { stdio: 'ignore' }));
  try {
    return await task();
  } finally {
    const ended = once(storm, 'close');
    storm.kill('SIGKILL');
    await ended;
  }
}

/** A shell pipeline: what it printed, its code, and the code of procwatch. */
async function pipeline(command: string): Promise<{ output: string; stderr: string; code: number }> {
  const child = spawn('/bin/bash', ['-c', `${command}; echo "code \${PIPESTATUS[0]}"`], {
    env: { ...process.env, NODE: process.execPath, BIN },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  await once(child, 'close');
  const [, rest, code] = /^(.*)code (\d+)\n$/s.exec(output) ?? assert.fail(output);
  return { output: rest, stderr, code: Number(code) };
}

for (const args of ['--json', '', '--format table']) {
  kernelTest(`procwatch ${args} | head -1 ends quietly`, ['connector'], async () => {
    const { output, stderr, code } = await amidstEvents(() => pipeline(`"$NODE" "$BIN" ${args} | head -1`));
    assert.equal(output.split('\n').length, 2, 'one line');
    assert.deepEqual([stderr, code], ['', 0]);
  });
}

kernelTest('a watch that was started by nohup outlives its terminal', ['connector'], async () => {
  // Elsewhere nothing tells that a signal was ignored before Node.js heard it.
  const isTraced = process.arch === 'x64';
  const watcher = await Watcher.start([], { prefix: ['sh', '-c', 'trap "" HUP; exec "$@"', 'sh'] });
  watcher.kill('SIGHUP');
  await run('/bin/true', []);
  watcher.kill('SIGTERM');
  assert.equal((await watcher.end()).code, isTraced ? 143 : 129);
});

kernelTest('SIGTERM ends with 143 after everything is told', NEEDS, async () => {
  const watcher = await Watcher.start(['-e', 'exec']);
  const PROCESSES = 300;
  const storm = await run(fixture('storm'), ['execs', String(PROCESSES), 'flushed']);
  watcher.kill('SIGTERM');
  const { code, stderr } = await watcher.end();
  assert.deepEqual([code, stderr], [143, '']);
  const pids = storm.output
    .trim()
    .split('\n')
    .map((line) => Number(line.split(' ')[0]));
  assert.equal(pids.length, PROCESSES);
  for (const pid of pids) assert.equal(of(watcher.rows, pid).length, 1);
  const end = watcher.rows.at(-1);
  assert.deepEqual([end?.event, end?.reason, end?.lost], ['end', 'terminated', 0]);
});

kernelTest('Ctrl-C ends with 0, and a summary comes after the rows', NEEDS, async () => {
  const watcher = await Watcher.start(['-S']);
  const { pid } = await live(['exit', 0]);
  const { code, stderr } = await watcher.stop('SIGINT');
  assert.equal(code, 0);
  assert.equal(of(watcher.rows, pid).length, 3);
  assert.equal(watcher.rows.at(-1)?.event, 'end');
  assert.match(stderr, /COMMAND.*TOTAL/);
});

kernelTest('no listener is left behind after the end', NEEDS, async () => {
  const watcher = await Watcher.start([]);
  assert.equal(connectorSockets(watcher.pid).length, 2);
  const ports = connectorSockets(watcher.pid).map(({ port }) => port);
  await watcher.stop();
  const rows = readFileSync('/proc/net/netlink', 'latin1')
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  assert.deepEqual(
    rows.filter((row) => row[1] === '11' && ports.includes(Number(row[2]))),
    [],
  );
});

kernelTest(
  '--count ends with 0 after that many process events, not counting its own records',
  ['connector'],
  async () => {
    const { output, code } = await amidstEvents(() => pipeline('"$NODE" "$BIN" --json --meta -n 7'));
    const rows: Row[] = output
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    assert.equal(code, 0);
    assert.deepEqual([rows[0].event, rows.at(-1)?.event, rows.length], ['start', 'end', 9]);
    assert.deepEqual(
      rows.map(({ seq }) => seq),
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    );
  },
);

kernelTest('--duration ends with 0', ['connector'], async () => {
  const { status, stderr } = runToEnd(['--json', '-d', '200ms']);
  assert.deepEqual([status, stderr], [0, '']);
});

kernelTest('--output writes a file that only its owner may read', NEEDS, async () => {
  const path = join(scratch(), 'events.jsonl');
  const watcher = await Watcher.start(['--json', '-o', path]);
  const { pid } = await live(['exit', 5]);
  const { code } = await watcher.stop();
  assert.equal(code, 143);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const rows: Row[] = readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(of(rows, pid).at(-1)?.exit_code, 5);
});

kernelTest('output that cannot be written ends with 74 and says why', ['connector'], async () => {
  const commands = [
    '--json > /dev/full',
    '-n 1 > /dev/full',
    '--json -o /dev/full',
    'events > /dev/full',
    'ps > /dev/full',
    'stat -d 100ms > /dev/full',
  ];
  for (const command of commands.map((rest) => `"$NODE" "$BIN" ${rest}`)) {
    const { stderr, code } = await amidstEvents(() => pipeline(command));
    assert.equal(code, 74, command);
    assert.equal(stderr, 'procwatch: cannot write: ENOSPC\n');
  }
  const { status, stderr } = runToEnd(['-o', '/nonexistent/file']);
  assert.equal(status, 74);
  assert.match(stderr, /^procwatch: cannot write \/nonexistent\/file: ENOENT/);
});

kernelTest('what a reader is too slow for is counted, and the kernel loses nothing', NEEDS, async () => {
  const child = spawn(process.execPath, [BIN, '--json', '--meta', '--queue', '64K', '-e', 'fork'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  register(child);
  const FORKS = 20_000;
  const pid = child.pid ?? 0;
  await until('it listens', () => connectorSockets(pid).filter(({ groups }) => groups === 1).length === 2);
  child.stdout.pause();
  const storm = await run(fixture('storm'), ['forks', String(FORKS)]);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  child.stdout.resume();
  await live(['exit', 0]);
  child.kill('SIGTERM');
  await once(child, 'close');
  const rows: Row[] = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const told = rows.filter((row) => row.event === 'fork' && row.ppid === storm.pid).length;
  const lost = rows.filter(({ event }) => event === 'lost');
  const count = lost.reduce((sum, row) => sum + Number(row.count), 0);
  assert.ok(lost.length > 0 && lost.every(({ reason }) => reason === 'output'));
  const others = rows.filter((row) => row.event === 'fork' && row.ppid !== storm.pid).length;
  assert.ok(told + count >= FORKS, `${told} told, ${count} lost, ${others} of others`);
  assert.equal(rows.at(-1)?.lost, count);
});

kernelTest(
  'false events of another root process are refused, counted and never shown',
  [...NEEDS, 'root'],
  async () => {
    const [json, pretty] = await Promise.all([Watcher.start([]), Watcher.start(['--format', 'pretty', '-S'])]);
    const resident = await Resident.start(['sleep']);
    const ports = [json, pretty].flatMap(({ pid }) => connectorSockets(pid).map(({ port }) => String(port)));
    assert.equal(ports.length, 4);
    const STATUS = String(42 << 8);
    const forged = execFileSync(fixture('connector'), ['forge', String(resident.pid), STATUS, ...ports], {
      encoding: 'utf8',
    });
    assert.equal(Number(forged), 1 + ports.length, 'the kernel took them all');
    const { pid } = await live(['exit', 1]);
    await json.row('a true exit after the forged ones', (row) => row.pid === pid && row.event === 'exit');
    const [, ended] = await Promise.all([json.stop(), pretty.stop()]);
    await resident.kill();
    const exits = of(json.rows, resident.pid).filter(({ event }) => event === 'exit');
    assert.deepEqual(exits, []);
    // By multicast and by unicast to the event socket; the control socket takes nothing but answers.
    assert.equal(json.rows.at(-1)?.refused, 2);
    assert.doesNotMatch(pretty.text, new RegExp(`exit +${resident.pid} `));
    assert.match(ended.stderr, /refused: 2/);
  },
);

const NAMESPACES = [
  { flags: ['--pid', '--fork', '--mount-proc'], says: /pid namespace/ },
  { flags: ['--pid', '--fork'], says: /pid namespace/ },
  { flags: ['--user', '--map-root-user'], says: /user namespace/ },
  { flags: ['--net'], says: /network namespace/ },
  { flags: ['--user', '--map-root-user', '--net', '--pid', '--fork'], says: /pid namespace/ },
];

for (const { flags, says } of NAMESPACES) {
  kernelTest(`under unshare ${flags.join(' ')} it says so and ends with 69`, ['connector', 'unshare'], async () => {
    const watch = ['--json', '-d', '20s', '--source', 'connector'];
    const { status, stdout, stderr } = runToEnd(watch, { prefix: ['unshare', ...flags] });
    assert.deepEqual([status, stdout], [69, '']);
    assert.match(stderr, says);
    assert.match(stderr, /^procwatch: cannot subscribe to process events: .*\nhint: .*\n$/);
  });
}

kernelTest('in other kinds of namespaces it works', ['connector', 'compiler', 'unshare'], async () => {
  const flags = ['--mount', '--ipc', '--uts', '--cgroup'];
  const { status, stderr } = runToEnd(['--json', '-d', '100ms'], { prefix: ['unshare', ...flags] });
  assert.deepEqual([status, stderr], [0, '']);
});

kernelTest('setpriv to an ordinary user without groups is enough to watch', ['connector', 'root'], async () => {
  const prefix = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups'];
  if (spawnSync('setpriv', ['--version']).status !== 0) return;
  const { status, stdout, stderr } = await amidstEvents(async () => {
    const child = spawn(prefix[0], [...prefix.slice(1), process.execPath, BIN, '--json', '-n', '3'], { cwd: '/' });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    const [status] = await once(child, 'close');
    return { status, stdout, stderr };
  });
  assert.deepEqual([status, stderr, stdout.trim().split('\n').length], [0, '', 3]);
});

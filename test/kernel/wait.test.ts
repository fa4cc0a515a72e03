/** `procwatch wait` on the real kernel: it always ends, and never with a status that is not the true one. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fixture, scratch } from './support/fixtures.ts';
import { Held, Resident, run } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { inShell, procwatch, programTest, Running, targets } from './support/wait-support.ts';
import { BIN, connectorSockets, descriptors, hasAccountPrograms, type Row, until } from './support/watcher.ts';

const NEEDS = ['connector', 'compiler'] as const;
const LONG = process.env.PROCWATCH_LONG === '1';
const NOBODY = 65_534;
const NOT_FOUND = 127;
const UNKNOWN = 125;

let seeds = 0;

/** A crowd of short lives that end in every way, and how each of them ended as its parent saw it. */
async function crowd(count: number, mostMs: number) {
  const parent = new Running(targets(), [String(count), String(++seeds * 7919), String(mostMs)]);
  await until('the pids are told', () => parent.stdout.includes('\n'));
  const pids = parent.stdout.split('\n')[0].trim().split(' ').map(Number);
  const statuses = async (): Promise<Map<number, number>> => {
    assert.equal(await parent.code(), 0);
    const lines = parent.stdout.trim().split('\n').slice(1);
    return new Map(lines.map((line) => line.split(' ').map(Number) as [number, number]));
  };
  return { pids, statuses };
}

const rowsOf = (text: string): Row[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** Waits for a crowd in one invocation; returns how many of it were there to be waited for, all of them told right. */
async function waitForCrowd(
  count: number,
  args: readonly string[],
  lookAt: (pid: number) => void = () => {},
): Promise<number> {
  const { pids, statuses } = await crowd(count, 700);
  const waiting = procwatch(['wait', '--json', '--missing-ok', ...args, ...pids]);
  const looking = setInterval(() => !waiting.hasEnded && lookAt(waiting.pid), 20);
  const code = await waiting.code();
  clearInterval(looking);
  const truth = await statuses();
  const told = new Map(rowsOf(waiting.stdout).map((row) => [row.pid, row.wait_status]));
  const wrong = [...told].filter(([pid, status]) => status !== truth.get(pid));
  assert.deepEqual(wrong, [], 'each told status is the one the parent got');
  assert.equal(waiting.stderr, '');
  const first = pids.map((pid) => Number(told.get(pid) ?? 0)).find((status) => status !== 0);
  assert.equal(code, inShell(first ?? 0), 'the first that is not 0, in the order of the arguments');
  return told.size;
}

kernelTest('1,000 waits on short processes of every kind: all end, each with the true status', NEEDS, async () => {
  let waits = 0;
  // More than 64 processes are too many for a filter in the kernel: both ways are taken.
  for (let round = 0; waits < 1000; round++) waits += await waitForCrowd(round % 2 === 0 ? 50 : 150, []);
});

kernelTest('the same with the smallest queue, while 20,000 processes come and go', NEEDS, async () => {
  const storm = new Running(fixture('storm'), ['forks', '20000']);
  let waits = 0;
  let drops = 0;
  while (!storm.hasEnded || (LONG && waits < 1000)) {
    waits += await waitForCrowd(150, ['--buffer', '1'], (pid) => {
      drops = Math.max(drops, ...connectorSockets(pid).map((socket) => socket.drops));
    });
  }
  assert.ok(waits >= 100, `${waits} waits`);
  assert.ok(drops > 0, 'the queue overflowed');
});

kernelTest(
  'many invocations, each for one short process: the true status, or 127 if it was gone before',
  NEEDS,
  async () => {
    const invocations = LONG ? 1000 : 60;
    let found = 0;
    for (let done = 0; done < invocations; done += 4) {
      await Promise.all(
        Array.from({ length: 4 }, async () => {
          const { pids, statuses } = await crowd(1, 900);
          const waiting = procwatch(['wait', ...pids]);
          const code = await waiting.code();
          const truth = inShell((await statuses()).get(pids[0]) ?? -1);
          if (code === NOT_FOUND) return assert.match(waiting.stderr, /there is no process/);
          assert.equal(code, truth);
          found++;
        }),
      );
    }
    assert.ok(found > invocations / 10, `only ${found} of ${invocations} were there`);
  },
);

/** Whether procwatch has got hold of so many processes: from here on nothing of their ends can be missed. */
function hasDescriptor(pid: number, count = 1): boolean {
  if (descriptors(pid, /^(anon_inode:\[pidfd\]|pidfd:)/) < count) return false;
  // Between getting hold of a process and waiting for it, it looks at it, and that does not sleep.
  return /\) S /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
}

/** Starts a wait, lets the target end once it is waited for, and gives back what the wait ended with. */
async function waited(
  pid: number,
  letGo: () => void,
  options: { uid?: number; args?: readonly string[]; count?: number } = {},
) {
  const { uid, args = [], count = 1 } = options;
  const waiting = procwatch(['wait', ...args, pid], uid === undefined ? {} : { uid });
  await until('it waits', () => hasDescriptor(waiting.pid, count));
  letGo();
  const code = await waiting.code();
  return { code, stdout: waiting.stdout, stderr: waiting.stderr };
}

const ENDS: readonly { readonly args: readonly (string | number)[]; readonly code: number; readonly title: string }[] =
  [
    { title: 'an exit code', args: ['exit', 42], code: 42 },
    { title: 'a signal', args: ['raise', 15], code: 143 },
    { title: 'a main thread that ends first', args: ['leader-first', 7, 60], code: 7 },
    {
      title: 'a main thread that ends first and a last thread that just ends',
      args: ['leader-first-raw', 7, 60],
      code: 7,
    },
    {
      title: 'a failure of a thread between the end of the main thread and a success',
      args: ['leader-then-failure-then-success', 5, 40],
      code: 0,
    },
    { title: 'a program executed by a thread', args: ['exec-from-thread', 5], code: 5 },
    { title: 'a thread that ends the whole process', args: ['group-exit-from-thread', 9], code: 9 },
    { title: 'a thread that fails in a process that does not', args: ['failing-thread', 5], code: 0 },
  ];

for (const { title, args, code } of ENDS) {
  kernelTest(`waiting tells the true status for ${title}, to root and to nobody`, [...NEEDS, 'root'], async () => {
    for (const uid of [0, NOBODY]) {
      const held = new Held(args);
      const letGo = () => {
        held.go();
        // An executed program of the fixture waits for a byte of its own.
        if (args[0] === 'exec-from-thread') held.go();
      };
      const end = await waited(held.pid, letGo, { uid });
      assert.deepEqual([end.code, end.stdout, end.stderr], [code, '', ''], `as ${uid}`);
      await held.done;
    }
  });
}

kernelTest('waiting tells SIGKILL of a process with threads', NEEDS, async () => {
  const resident = await Resident.start(['threads-that-stay', 8]);
  const { code } = await waited(resident.pid, () => void resident.kill());
  assert.equal(code, 137);
});

kernelTest('a process whose main thread had ended before: waited for to its real end', NEEDS, async () => {
  const held = new Held(['leader-first', 7, 1500]);
  held.go();
  await until('the main thread ends', () => /^State:\s+Z/m.test(readFileSync(`/proc/${held.pid}/status`, 'latin1')));
  const waiting = procwatch(['wait', '--json', held.pid]);
  assert.equal(await waiting.code(), 7);
  const [row] = rowsOf(waiting.stdout);
  assert.equal(row.wait_status, 7 << 8);
});

kernelTest('a zombie is waited for at once, with its status', NEEDS, async () => {
  const parent = new Running(targets(), ['zombie', '9']);
  const pid = await until('the zombie', () => Number(parent.stdout) || undefined);
  const waiting = procwatch(['wait', '-v', pid]);
  assert.equal(await waiting.code(), 9);
  assert.match(waiting.stdout, new RegExp(`^${pid} \\(targets\\): exit 9\n$`));
  assert.equal(parent.hasEnded, false);
  parent.write('.');
});

kernelTest(
  "somebody else's zombie: 125, with a line that says so, and the status if it is reaped meanwhile",
  [...NEEDS, 'root'],
  async () => {
    const parent = new Running(targets(), ['zombie', '9']);
    const pid = await until('the zombie', () => Number(parent.stdout) || undefined);
    const waiting = procwatch(['wait', pid], { uid: NOBODY });
    assert.equal(await waiting.code(), UNKNOWN);
    assert.equal(waiting.stderr, `procwatch: process ${pid} has ended, but its status cannot be known\n`);
    const again = procwatch(['wait', pid], { uid: NOBODY });
    await until('it waits', () => hasDescriptor(again.pid));
    parent.write('.');
    const code = await again.code();
    assert.ok(code === 9 || code === UNKNOWN, String(code));
  },
);

for (const uid of [0, NOBODY]) {
  kernelTest(`a process that is reaped by nobody has its status (as ${uid})`, [...NEEDS, 'root'], async () => {
    const parent = new Running(targets(), ['auto-reap', '6']);
    const pid = await until('the child', () => Number(parent.stdout) || undefined);
    const { code } = await waited(pid, () => parent.write('.'), { uid });
    assert.equal(code, 6);
  });

  kernelTest(
    `a pid that is used again at once: the status of the first process (as ${uid})`,
    [...NEEDS, 'root'],
    async () => {
      for (let round = 0; round < 5; round++) {
        const parent = new Running(targets(), ['reuse', '3', '77']);
        const pid = await until('the child', () => Number(parent.stdout) || undefined);
        const { code } = await waited(pid, () => parent.write('.'), { uid, args: ['--buffer', '1'] });
        assert.ok(code === 3 || code === UNKNOWN, `${code}, not 3`);
        assert.equal(await parent.code(), 0);
      }
    },
  );
}

kernelTest('--timeout ends with 124, and a longer one than any timer of Node waits', NEEDS, async () => {
  const held = new Held(['exit', 4]);
  const timed = procwatch(['wait', '--timeout', '200ms', held.pid]);
  assert.equal(await timed.code(), 124);
  assert.equal(timed.stdout + timed.stderr, '');
  const { code, stderr } = await waited(held.pid, () => held.go(), { args: ['--timeout', '90d'] });
  assert.deepEqual([code, stderr], [4, '']);
});

/** A number no process has. */
const NOBODYS_PID = 2 ** 22 + 1;

kernelTest('what is not there: 127 and its name, 0 with --missing-ok', NEEDS, async () => {
  const file = join(scratch(), 'absent.pid');
  const [thread] = await Resident.start(['threads-that-stay', 2]).then((resident) =>
    readdirSync(`/proc/${resident.pid}/task`)
      .map(Number)
      .filter((tid) => tid !== resident.pid),
  );
  const cases: [args: (string | number)[], says: RegExp][] = [
    [[NOBODYS_PID], /^procwatch: there is no process 4194305\n/],
    [['--pidfile', file], /absent\.pid/],
    [['--name', 'no such program*'], /no such program\*/],
    [[thread], /this is the number of a thread/],
    // The one that is there must not hold up the answer.
    [[new Held(['exit', 0]).pid, NOBODYS_PID], /there is no process 4194305/],
  ];
  for (const [args, says] of cases) {
    const missing = procwatch(['wait', ...args]);
    assert.equal(await missing.code(), NOT_FOUND, args.join(' '));
    assert.match(missing.stderr, says);
  }
  for (const [args] of cases.slice(0, 3)) {
    const missing = procwatch(['wait', '--missing-ok', ...args]);
    assert.deepEqual([await missing.code(), missing.stderr], [0, ''], args.join(' '));
  }
});

kernelTest(
  'nothing to wait for, contradictions and things that are no pids are mistakes: 2',
  ['connector'],
  async () => {
    for (const args of [[], ['--any', '--all', '1'], ['--any', '--first', '2', '1'], ['0'], ['1x'], ['99999999999']]) {
      assert.equal(await procwatch(['wait', ...args]).code(), 2, args.join(' '));
    }
  },
);

for (const [ended, told] of [
  [6, 6],
  [0, 74],
]) {
  kernelTest(`lines that cannot be written are told, and a status of ${ended} is then ${told}`, NEEDS, async () => {
    const life = new Held(['exit', ended]);
    const script = 'exec "$0" "$1" wait -v "$2" >/dev/full';
    const waiting = new Running('/bin/sh', ['-c', script, process.execPath, BIN, String(life.pid)]);
    await until('it waits', () => hasDescriptor(waiting.pid, 1));
    life.go();
    assert.equal(await waiting.code(), told);
    assert.equal(waiting.stderr, 'procwatch: cannot write: ENOSPC\n');
  });
}

kernelTest('to wait for itself is a mistake, and not a wait for ever', ['connector'], async () => {
  const shell = new Running('/bin/sh', ['-c', 'exec "$0" "$1" wait $$', process.execPath, BIN]);
  assert.equal(await shell.code(), 2);
  assert.match(shell.stderr, /^procwatch: \d+: this is procwatch itself/);
});

kernelTest('several targets: the first status that is not 0 in the order of the arguments', NEEDS, async () => {
  const lives = [new Held(['exit', 0]), new Held(['exit', 6]), new Held(['exit', 5])];
  const waiting = procwatch(['wait', '-v', ...lives.map(({ pid }) => pid)]);
  await until('it waits', () => hasDescriptor(waiting.pid, lives.length));
  for (const life of [...lives].reverse()) {
    life.go();
    await until('it is told', () => waiting.stdout.includes(String(life.pid)));
  }
  assert.equal(await waiting.code(), 6);
  assert.deepEqual(
    waiting.stdout.split('\n').map((line) => line.replace(/ after .*/, '')),
    [...[...lives].reverse().map(({ pid }, i) => `${pid} (life): exit ${[5, 6, 0][i]}`), ''],
  );
});

kernelTest('--any ends with the first that ends, --first N with the first that fails among N', NEEDS, async () => {
  const start = () => [new Held(['exit', 3]), new Held(['exit', 0]), new Held(['exit', 8])];
  const any = start();
  const { code } = await waited(any[0].pid, () => any[2].go(), {
    args: ['--any', String(any[1].pid), String(any[2].pid)],
    count: any.length,
  });
  assert.equal(code, 8);
  const first = start();
  const two = procwatch(['wait', '--first', '2', ...first.map(({ pid }) => pid)]);
  await until('it waits', () => hasDescriptor(two.pid, first.length));
  first[2].go();
  await first[2].done;
  await sleep(100);
  assert.equal(two.hasEnded, false);
  first[1].go();
  assert.equal(await two.code(), 8);
  for (const life of [...any, ...first]) life.go();
});

kernelTest('one process under two names is one process', NEEDS, async () => {
  const file = join(scratch(), 'twice.pid');
  const held = new Held(['exit', 5]);
  writeFileSync(file, `${held.pid}\nsomething else\n`);
  const args = ['-v', '--pidfile', file, String(held.pid)];
  const { code, stdout } = await waited(held.pid, () => held.go(), { args });
  assert.equal(code, 5);
  assert.match(stdout, /^\d+ \(life\): exit 5 after .*\n$/);
});

kernelTest('--name waits for all that match now', NEEDS, async () => {
  const lives = [new Held(['exit', 0]), new Held(['exit', 4])];
  const { code, stdout } = await waited(
    lives[0].pid,
    () => {
      for (const life of lives) life.go();
    },
    { args: ['-v', '--name', 'lif[a-e]'], count: lives.length },
  );
  assert.equal(code, 4);
  assert.deepEqual(
    lives.map(({ pid }) => stdout.includes(`${pid} (life)`)),
    [true, true],
  );
});

/** It listens for execs: both sockets are members of the group. */
const listens = (pid: number) => connectorSockets(pid).filter(({ groups }) => groups === 1).length === 2;

kernelTest('--next waits for the next process to run a matching program, then for its end', NEEDS, async () => {
  const earlier = new Held(['exit', 9]);
  const waiting = procwatch(['wait', '--json', '--next', 'life']);
  await until('it listens', () => listens(waiting.pid));
  await sleep(100);
  earlier.go();
  await earlier.done;
  const next = new Held(['exit', 3]);
  await until('it has got hold of it', () => hasDescriptor(waiting.pid));
  const later = new Held(['exit', 8]);
  later.go();
  await later.done;
  assert.equal(waiting.hasEnded, false);
  next.go();
  assert.equal(await waiting.code(), 3);
  assert.deepEqual(
    rowsOf(waiting.stdout).map(({ pid, exit_code }) => [pid, exit_code]),
    [[next.pid, 3]],
  );
});

kernelTest('--next does not hang on processes too short to get hold of: the true status or 125', NEEDS, async () => {
  const waiting = procwatch(['wait', '--next', 'life']);
  await until('it listens', () => listens(waiting.pid));
  while (!waiting.hasEnded) await run(fixture('life'), ['exit', '6']);
  const code = await waiting.code();
  assert.ok(code === 6 || code === UNKNOWN, String(code));
});

kernelTest('--json gives the exit records, with name and duration', NEEDS, async () => {
  const held = new Held(['exit', 4]);
  const { stdout } = await waited(held.pid, () => held.go(), { args: ['--json'] });
  const [row, ...rest] = rowsOf(stdout);
  assert.deepEqual(rest, []);
  assert.deepEqual([row.event, row.pid, row.comm, row.exit_code], ['exit', held.pid, 'life', 4]);
  assert.ok(row.start_time);
});

kernelTest('signals end the waiting as they end any command', NEEDS, async () => {
  for (const [signal, code] of [
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const) {
    const waiting = procwatch(['wait', new Held(['exit', 0]).pid]);
    await until('it waits', () => hasDescriptor(waiting.pid));
    waiting.child.kill(signal);
    assert.equal(await waiting.code(), code, signal);
  }
});

kernelTest("nobody's wait for root's process has its status", [...NEEDS, 'root'], async () => {
  const held = new Held(['raise', 11]);
  const { code, stdout } = await waited(held.pid, () => held.go(), { uid: NOBODY, args: ['-v'] });
  assert.equal(code, 139);
  assert.match(stdout, /SIGSEGV/);
});

/** A shell in another namespace that waits, by procwatch, for a child of its own. */
const SCRIPT = '(sleep 0.5; exit 5) & exec 3>&1; "$0" "$1" wait --source connector -v $!; echo "code $?"';

for (const namespaces of [['--net'], ['--pid', '--fork'], ['--pid', '--fork', '--mount-proc'], ['--user']]) {
  kernelTest(
    `without the connector (unshare ${namespaces.join(' ')}) a descriptor is enough`,
    [...NEEDS, 'unshare'],
    async () => {
      const shell = new Running('unshare', [...namespaces, '/bin/sh', '-c', SCRIPT, process.execPath, BIN]);
      assert.equal(await shell.code(), 0);
      const code = Number(/code (\d+)/.exec(shell.stdout)?.[1]);
      assert.ok(code === 5 || code === UNKNOWN, shell.stdout + shell.stderr);
      assert.match(shell.stderr, /waiting without events: a status may stay unknown/);
      if (code === UNKNOWN) assert.match(shell.stderr, /its status cannot be known/);
    },
  );
}

kernelTest('--usage works in a network namespace of its own', ['root', 'unshare'], async () => {
  const resident = await Resident.start(['sleep']);
  // Then all programs are those of accounts.
  const wait = [process.execPath, BIN, 'wait', '--source', 'connector', '--json', '--usage', String(resident.pid)];
  const waiting = new Running('unshare', ['--net', ...wait]);
  await until('it waits', () => hasDescriptor(waiting.pid));
  await until('its account is, too', () => hasAccountPrograms(waiting.pid));
  await resident.kill();
  assert.equal(await waiting.code(), 137);
  assert.doesNotMatch(waiting.stderr, /--usage/);
  assert.ok(Number(JSON.parse(waiting.stdout).cpu_s) > 0, waiting.stdout);
});

kernelTest(
  'where no program may run, --usage in a network namespace of its own says that the kernel sends nothing there',
  ['root', 'unshare'],
  async () => {
    const rights = ['setpriv', '--bounding-set=-bpf,-perfmon,-sys_admin'];
    const stranger = String(new Held(['exit', 0]).pid);
    const wait = [process.execPath, BIN, 'wait', '--usage', '--timeout', '1ms', stranger];
    const shell = new Running('unshare', ['--net', ...rights, ...wait]);
    assert.equal(await shell.code(), 124);
    assert.equal(shell.stderr.match(/--usage: no usage.*host's network namespace only/g)?.length, 1, shell.stderr);
  },
);

kernelTest('what is to come cannot be waited for without events: 69', ['connector', 'unshare'], async () => {
  const wait = [process.execPath, BIN, 'wait', '--source', 'connector', '--next', 'x'];
  const { status } = spawnSync('unshare', ['--net', ...wait], { cwd: '/' });
  assert.equal(status, 69);
});

programTest(
  'waiting costs nothing: no wake-up but the heartbeat, whatever else happens',
  NEEDS,
  ['strace'],
  async () => {
    const waiting = procwatch(['wait', new Held(['exit', 0]).pid]);
    await until('it waits', () => hasDescriptor(waiting.pid));
    await sleep(500);
    // The main thread alone: the others are the garbage collector's.
    const tracing = ['-p', String(waiting.pid), '-e', 'trace=recvmmsg,sendto,read,poll,ioctl,openat'];
    const tracer = new Running('strace', tracing);
    await until('it is traced', () => tracer.stderr.includes('attached'));
    await run(fixture('storm'), ['forks', '500']);
    await until('a heartbeat', () => tracer.stderr.includes('sendto('), 20_000);
    tracer.child.kill('SIGINT');
    await until('the tracer ends', () => tracer.hasEnded);
    const calls = tracer.stderr.match(/^(?:\[.*\] )?\w+(?=\()/gm) ?? [];
    const count = (name: string) => calls.filter((call) => call.endsWith(name)).length;
    assert.ok(count('sendto') <= 2, tracer.stderr);
    // Each heartbeat drains both sockets; Node's own event loop reads its eventfd when the garbage collector is done.
    assert.ok(count('recvmmsg') <= 6 * count('sendto'), tracer.stderr);
    assert.deepEqual([count('poll'), count('ioctl'), count('openat')], [0, 0, 0], tracer.stderr);
    waiting.child.kill('SIGTERM');
    await waiting.code();
  },
);

/** The accounts of whole lives against wait4(2), and the dump of all tasks against /proc, on the real kernel. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AccountRecord } from '../../src/bpf/account-record.ts';
import { type KernelAccounts, type KernelAccountsOptions, openKernelAccounts } from '../../src/bpf/kernel-accounts.ts';
import { openTaskDump } from '../../src/bpf/task-dump.ts';
import type { TaskSelection } from '../../src/bpf/task-program.ts';
import { WalkedTask } from '../../src/bpf/task-record.ts';
import { procReader } from '../../src/host/proc-reader.ts';

const procfs = procReader({ args: true });

import { execs } from '../bpf/execs.ts';
import { kernelTest } from './support/requirements.ts';

const NEEDS = ['root', 'compiler'] as const;

interface Told {
  readonly pid: number;
  readonly status: number;
  readonly cpuMicros: number;
  readonly peakKb: number;
  readonly faults: readonly number[];
  readonly switches: readonly number[];
}

/** The lives that the fixture starts, each as wait4 told its parent. */
async function lives(count: number): Promise<Told[]> {
  const { output } = await execs('account', count);
  const rows = output
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number));
  return rows.map(([pid, status, cpuMicros, peakKb, minor, major, voluntary, involuntary]) => ({
    pid,
    status,
    cpuMicros,
    peakKb,
    faults: [minor, major],
    switches: [voluntary, involuntary],
  }));
}

function opened(options: KernelAccountsOptions) {
  const result = openKernelAccounts(options);
  if ('reason' in result) throw new Error(result.reason);
  return result.accounts;
}

/** Numbers are used again within seconds where others start thousands of processes: only those of the fixture count. */
function readInto(ends: Map<number, AccountRecord>, accounts: KernelAccounts): void {
  accounts.read((end) => {
    if (end.comm === 'execs') ends.set(end.pid, end);
  });
}

kernelTest(
  'CPU time, memory, faults and status of 200 lives are those of wait4, each once and at once',
  NEEDS,
  async () => {
    // Room for what the rest of the machine may end meanwhile.
    const accounts = opened({ ringBytes: 16 * 1024 * 1024 });
    try {
      const told = await lives(200);
      assert.equal(told.length, 200);
      const ends = new Map<number, AccountRecord>();
      // The last ones may still have some steps to run.
      for (let tries = 0; tries < 1000 && !told.every(({ pid }) => ends.has(pid)); tries++) {
        await sleep(10);
        readInto(ends, accounts);
      }
      const more: number[] = [];
      for (const { pid, status, cpuMicros, peakKb, faults, switches } of told) {
        const end = ends.get(pid) ?? assert.fail(`no account of ${pid}`);
        assert.deepEqual([end.waitStatus, end.minorFaults, end.majorFaults, end.comm], [status, ...faults, 'execs']);
        // wait4 also counts the memory of the parent, which the program was started from.
        assert.ok((end.maxRssKib ?? 0) > 0 && (end.maxRssKib ?? 0) <= peakKb, `${end.maxRssKib} of ${peakKb} KiB`);
        // The two halves of wait4 are each cut to a microsecond. What the process did while its parent already had the answer (the last
        // steps of its end, longer where it was interrupted just then) is in the account alone.
        const micros = (end.cpuNanos ?? 0) / 1000;
        more.push(micros - cpuMicros);
        assert.ok(micros - cpuMicros >= -1, `${micros} us, wait4 says ${cpuMicros}`);
        assert.ok((end.voluntarySwitches ?? 0) >= switches[0] && (end.involuntarySwitches ?? 0) >= switches[1]);
        assert.equal(end.cpuIsLowerBound, false);
      }
      more.sort((a, b) => a - b);
      assert.ok(more[100] < 5, `half of the accounts have ${more[100]} us more than wait4`);
    } finally {
      accounts.close();
    }
  },
);

kernelTest('a ring that is half full wakes its reader, and a full one takes no more', NEEDS, async () => {
  const accounts = opened({ ringBytes: 4096 });
  let woken = 0;
  const readiness = accounts.onReadable(() => {
    woken++;
    readiness.pause();
  });
  try {
    await sleep(50);
    await lives(100);
    await sleep(100);
    const kept = accounts.read(() => {});
    assert.ok(woken > 0);
    assert.ok(kept > 0 && kept <= 25, `${kept}`);
  } finally {
    readiness.close();
    accounts.close();
  }
});

kernelTest('where only failures are wanted, the kernel keeps the others to itself', NEEDS, async () => {
  const accounts = opened({ ringBytes: 16 * 1024 * 1024, onlyFailures: true });
  try {
    const told = await lives(50);
    await sleep(100);
    const ends = new Map<number, AccountRecord>();
    readInto(ends, accounts);
    const isFailure = told.map(({ status }) => status !== 0);
    assert.deepEqual(
      told.map(({ pid }) => ends.has(pid)),
      isFailure,
    );
    assert.ok(isFailure.includes(true) && isFailure.includes(false));
  } finally {
    accounts.close();
  }
});

function dumped(selection: TaskSelection): WalkedTask[] {
  const opened = openTaskDump(selection);
  if ('reason' in opened) throw new Error(opened.reason);
  const tasks = opened.dump.tasks().all(WalkedTask);
  opened.dump.close();
  return tasks;
}

/** What /proc/PID/stat and status tell, by the names of a task record. */
function fromProc(pid: number) {
  const stat = procfs.stat(pid) ?? assert.fail(`no ${pid}`);
  const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
  const [real, effective] = /^Uid:\t(\d+)\t(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.slice(1) ?? [];
  return {
    comm: stat.comm,
    ppid: stat.ppid,
    state: stat.state,
    threads: stat.threads,
    ticks: stat.startTicks,
    pgid: Number(fields[2]),
    sid: Number(fields[3]),
    ruid: Number(real),
    uid: Number(effective),
  };
}

function asProc(task: WalkedTask) {
  const { comm, ppid, state, threads, pgid, sid, ruid, uid, start } = task;
  const ticks = start.seconds * 100 + Math.floor(start.nanos / 10_000_000);
  return { comm, ppid, state, threads, ticks, pgid, sid, ruid, uid };
}

kernelTest('1,000 sleeping processes: each is in the dump as /proc tells it', NEEDS, async () => {
  const shell = spawn(
    '/bin/sh',
    ['-c', 'i=0; while [ $i -lt 1000 ]; do sleep 1000 & i=$((i+1)); done; echo ready; wait'],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
      uid: 65534,
    },
  );
  const { pid = 0 } = shell;
  try {
    await new Promise((resolve) => shell.stdout.once('data', resolve));
    // The last ones may still be on their way to sleep.
    let children = dumped({ tasks: 'leaders', ppid: pid });
    for (
      let tries = 0;
      tries < 600 && !children.every(({ comm, state }) => comm === 'sleep' && state === 'S');
      tries++
    ) {
      await sleep(100);
      children = dumped({ tasks: 'leaders', ppid: pid });
    }
    assert.equal(children.length, 1000);
    for (const task of children) assert.deepEqual(asProc(task), fromProc(task.pid));
    const whole = dumped({ tasks: 'leaders' });
    assert.deepEqual(new Set(whole.map((task) => task.pid)).size, whole.length);
    const byPid = new Map(whole.map((task) => [task.pid, task]));
    for (const child of children) assert.deepEqual(asProc(byPid.get(child.pid) ?? child), asProc(child));
    assert.deepEqual(
      dumped({ tasks: 'leaders', pid }).map((task) => [task.pid, task.comm]),
      [[pid, 'sh']],
    );
  } finally {
    process.kill(-pid, 'SIGKILL');
  }
});

kernelTest('every kernel thread and sleeper that /proc lists at both ends of the dump is in it', NEEDS, async () => {
  const listed = (): number[] =>
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0);
  const before = new Set(listed());
  const dump = new Set(dumped({ tasks: 'leaders' }).map(({ pid }) => pid));
  const missing = listed().filter((pid) => before.has(pid) && !dump.has(pid));
  // A machine's first process may be kept out of the iterators' sight by whoever runs the machine.
  assert.deepEqual(
    missing.filter((pid) => pid !== 1),
    [],
  );
});

kernelTest('threads are told one by one, when they are asked for', NEEDS, async () => {
  const own = dumped({ tasks: 'all', pid: process.pid });
  const listed = readdirSync('/proc/self/task').map(Number);
  assert.deepEqual(
    own.map(({ tid }) => tid).sort((a, b) => a - b),
    listed.sort((a, b) => a - b),
  );
  for (const { pid, threads } of own) assert.deepEqual([pid, threads], [process.pid, listed.length]);
});

kernelTest('a zombie has its letter and its status', NEEDS, async () => {
  const parent = spawn('/bin/sh', ['-c', '(exit 3) & exec sleep 1000'], { stdio: 'ignore' });
  const { pid = 0 } = parent;
  try {
    await sleep(300);
    const [zombie] = dumped({ tasks: 'leaders', ppid: pid });
    assert.deepEqual([zombie.state, zombie.waitStatus], ['Z', 3 << 8]);
  } finally {
    parent.kill('SIGKILL');
  }
});

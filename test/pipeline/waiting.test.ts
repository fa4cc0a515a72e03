/** The two witnesses of an end, events and descriptors, in the orders and on the kernels that the real one here cannot show. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Kernel } from '../../src/host/host.ts';
import { type Target, Waiting } from '../../src/pipeline/waiting.ts';
import type { NoPidfd, Pidfd } from '../../src/process/pidfd.ts';
import type { LostRecord, ProcessRecord } from '../../src/process/record.ts';
import { unheard } from '../../src/process/teller.ts';
import { ScriptedHost } from '../support/scripted-host.ts';
import { ticksAt } from '../support/scripted-reader.ts';

/** A descriptor as a kernel of some age has it. */
class ScriptedPidfd implements Pidfd {
  now: 'alive' | 'zombie' | 'reaped' = 'alive';
  number: number | undefined;
  status: number | undefined;
  closed = false;
  private listener: (() => void) | undefined;

  constructor(number: number) {
    this.number = number;
  }

  state() {
    return this.now;
  }
  waitStatus() {
    return this.status;
  }
  procPid() {
    return this.number;
  }
  send(): void {}
  onEnd(listener: () => void): void {
    this.listener = listener;
  }
  ignore(): void {
    this.listener = undefined;
  }
  close(): void {
    this.closed = true;
  }

  /** The process ends; `reaped` kernels before 6.15 keep its status to themselves. */
  end(now: 'zombie' | 'reaped', status?: number): void {
    this.now = now;
    this.status = status;
    if (now === 'reaped') this.number = undefined;
    this.listener?.();
  }
}

const PID = 500;

async function scene(found: (pid: number) => Pidfd | NoPidfd, hasEvents = true, numbers: 'ours' | 'foreign' = 'ours') {
  const host = new ScriptedHost();
  const kernel: Kernel = { ...(await host.kernel()), openPidfd: found };
  const told: { target: Target; record: ProcessRecord }[] = [];
  let atWake = (): void => {};
  const events = {
    wake: () => {
      atWake();
      return 0;
    },
    lookAgain: () => [],
  };
  const onEnd = (targets: readonly Target[], record: ProcessRecord): void => {
    for (const target of targets) told.push({ target, record });
  };
  const waiting = new Waiting(host, kernel, hasEvents ? events : undefined, onEnd, numbers);
  const onWake = (task: () => void): void => {
    atWake = task;
  };
  return { host, waiting, told, onWake, statuses: () => told.map(({ target }) => target.end?.waitStatus) };
}

const target = (): Target => ({ label: 'it', pid: PID, end: undefined });

function exitOf(host: ScriptedHost, waitStatus: number): ProcessRecord {
  const exit = { waitStatus, start: undefined, duration: undefined };
  return { ...unheard('exit', PID, { comm: 'it' }, host.now()), inferred: false, exit };
}

const lost = (host: ScriptedHost): LostRecord => {
  const at = host.now();
  return { event: 'lost', reason: 'overrun', count: 1, at, since: at };
};

/** Begins to wait for one process that has a descriptor. */
async function waitingFor(pidfd: ScriptedPidfd) {
  const all = await scene(() => pidfd);
  all.host.reader.set(PID, { comm: 'it', startTicks: ticksAt(0) });
  assert.equal(all.waiting.add(target(), PID), 'added');
  all.waiting.begin();
  return all;
}

test('an end of its number is not believed as long as the descriptor says that the process lives', async () => {
  const pidfd = new ScriptedPidfd(PID);
  const { host, waiting, statuses } = await waitingFor(pidfd);
  waiting.take([exitOf(host, 0)]);
  assert.deepEqual(statuses(), []);
  pidfd.end('reaped', 7 << 8);
  host.advance(1000);
  assert.deepEqual(statuses(), [7 << 8]);
});

test('an end that a descriptor tells waits a moment for its event, and takes its record', async () => {
  const pidfd = new ScriptedPidfd(PID);
  const { host, waiting, told, onWake } = await waitingFor(pidfd);
  pidfd.end('reaped', 3 << 8);
  assert.equal(told.length, 0);
  const record = exitOf(host, 3 << 8);
  onWake(() => waiting.take([record]));
  host.advance(1);
  assert.equal(told[0].record, record);
  assert.equal(pidfd.closed, true);
});

test('without an event the record is concluded from the descriptor', async () => {
  const pidfd = new ScriptedPidfd(PID);
  const { host, told } = await waitingFor(pidfd);
  pidfd.end('reaped', 9);
  host.advance(1000);
  const [{ record }] = told;
  assert.deepEqual(
    [record.inferred, record.exit?.waitStatus, record.image.comm, record.imageOf],
    [true, 9, 'it', 'earlier'],
  );
});

test('the end of the next process with its number is not its own', async () => {
  const pidfd = new ScriptedPidfd(PID);
  const { host, waiting, statuses, told } = await waitingFor(pidfd);
  pidfd.end('reaped', 3 << 8);
  waiting.take([exitOf(host, 77 << 8)]);
  host.advance(1000);
  assert.deepEqual(statuses(), [3 << 8]);
  assert.equal(told[0].record.inferred, true);
});

test('on a kernel that keeps no status, the event has it', async () => {
  const pidfd = new ScriptedPidfd(PID);
  const { host, waiting, statuses } = await waitingFor(pidfd);
  pidfd.end('reaped');
  waiting.take([exitOf(host, 5 << 8)]);
  assert.deepEqual(statuses(), [5 << 8]);
});

test('on a kernel that keeps no status, an event after a loss may be about the next holder: unknown', async () => {
  const pidfd = new ScriptedPidfd(PID);
  const { host, waiting, statuses } = await waitingFor(pidfd);
  pidfd.end('reaped');
  waiting.take([exitOf(host, 5 << 8), lost(host)]);
  host.advance(1000);
  assert.deepEqual(statuses(), [undefined]);
});

test('a loss while the process lives, or before it is reaped, puts nothing into doubt', async () => {
  const pidfd = new ScriptedPidfd(PID);
  const { host, waiting, statuses } = await waitingFor(pidfd);
  waiting.take([lost(host)]);
  pidfd.end('reaped');
  waiting.take([exitOf(host, 5 << 8)]);
  assert.deepEqual(statuses(), [5 << 8]);

  const unreaped = new ScriptedPidfd(PID);
  const other = await waitingFor(unreaped);
  unreaped.now = 'zombie';
  other.waiting.take([exitOf(host, 6 << 8), lost(host)]);
  assert.deepEqual(other.statuses(), [6 << 8]);
});

test('a zombie is told at once; one whose status is not for us, after some patience', async () => {
  const pidfd = new ScriptedPidfd(PID);
  pidfd.now = 'zombie';
  const { host, waiting, statuses } = await scene(() => pidfd);
  host.reader.set(PID, { state: 'Z', waitStatus: 4 << 8 });
  waiting.add(target(), PID);
  waiting.begin();
  assert.deepEqual(statuses(), [4 << 8]);

  const foreign = new ScriptedPidfd(PID);
  foreign.now = 'zombie';
  const other = await scene(() => foreign);
  other.host.reader.set(PID, { hidden: true });
  other.waiting.add(target(), PID);
  other.waiting.begin();
  assert.deepEqual(other.statuses(), []);
  other.host.advance(1000);
  assert.deepEqual(other.statuses(), [undefined]);
});

test("what /proc tells of the number is not asked where the descriptor has another one: another namespace's /proc", async () => {
  const pidfd = new ScriptedPidfd(PID);
  pidfd.number = undefined;
  pidfd.now = 'zombie';
  const { host, waiting, statuses } = await scene(() => pidfd, false);
  host.reader.set(PID, { state: 'Z', waitStatus: 99 << 8 });
  waiting.add(target(), PID);
  waiting.begin();
  host.advance(1000);
  assert.deepEqual(statuses(), [undefined]);
});

test('several names of one process end together', async () => {
  const pidfd = new ScriptedPidfd(PID);
  let opened = 0;
  const { host, waiting, statuses } = await scene(() => {
    opened++;
    return pidfd;
  });
  waiting.add(target(), PID);
  waiting.add(target(), PID);
  waiting.begin();
  pidfd.end('reaped', 2 << 8);
  host.advance(1000);
  assert.deepEqual([opened, statuses()], [1, [2 << 8, 2 << 8]]);
});

test('what is gone, and what is a thread, is not added', async () => {
  for (const why of ['gone', 'thread'] as const) {
    const { waiting } = await scene(() => why);
    assert.equal(waiting.add(target(), PID), why);
    assert.equal(waiting.pids.size, 0);
  }
});

test('without descriptors it looks from time to time, and knows another process by its start', async () => {
  const { host, waiting, statuses } = await scene(() => 'unsupported');
  host.reader.set(PID, { startTicks: ticksAt(0) });
  waiting.add(target(), PID);
  waiting.begin();
  host.advance(5000);
  assert.deepEqual(statuses(), []);
  host.reader.set(PID, { startTicks: ticksAt(3000), state: 'Z', waitStatus: 77 << 8 });
  host.advance(2000);
  assert.deepEqual(statuses(), [undefined]);
  assert.equal(host.timersLeft, 0);
});

test('a process that was heard to start and is gone already: its event tells, or nobody', async () => {
  const early = await scene(() => 'gone');
  const exec = { ...unheard('found', PID, { comm: 'it' }, early.host.now()), event: 'exec' as const };
  early.waiting.adopt(target(), exec);
  early.waiting.take([exitOf(early.host, 6 << 8)]);
  assert.deepEqual(early.statuses(), [6 << 8]);

  const late = await scene(() => 'gone');
  late.waiting.adopt(target(), { ...exec, at: late.host.now() });
  late.host.advance(1000);
  assert.deepEqual(late.statuses(), [undefined]);
});

test('an adopted number that somebody younger has by now is not waited for', async () => {
  const pidfd = new ScriptedPidfd(PID);
  const { host, waiting, statuses } = await scene(() => pidfd);
  host.reader.set(PID, { startTicks: ticksAt(60_000) });
  waiting.adopt(target(), { ...unheard('found', PID, { comm: 'it' }, host.now()), event: 'exec' });
  assert.equal(pidfd.closed, true);
  host.advance(1000);
  assert.deepEqual(statuses(), [undefined]);
});

test('when it is closed nothing stays open', async () => {
  const pidfd = new ScriptedPidfd(PID);
  const { host, waiting, told } = await waitingFor(pidfd);
  pidfd.end('zombie');
  waiting.close();
  host.advance(1000);
  assert.deepEqual([pidfd.closed, told.length, host.timersLeft], [true, 0, 0]);
});

test('where events have other numbers, they end who was adopted of them and never a process of ours of that number', async () => {
  const pidfd = new ScriptedPidfd(PID);
  const { host, waiting, statuses } = await scene(() => pidfd, true, 'foreign');
  host.reader.set(PID, { comm: 'it', startTicks: ticksAt(0) });
  assert.equal(waiting.add(target(), PID), 'added');
  waiting.begin();
  waiting.take([exitOf(host, 0x100)]);
  assert.deepEqual(statuses(), []);
  waiting.adopt(target(), { ...unheard('exec', PID, { comm: 'it' }, host.now()), inferred: false });
  host.advance(10_000);
  assert.deepEqual(statuses(), []);
  waiting.take([lost(host), exitOf(host, 0x200)]);
  assert.deepEqual(statuses(), [0x200]);
  pidfd.end('reaped', 0x300);
  host.advance(1000);
  assert.deepEqual(statuses(), [0x200, 0x300]);
});

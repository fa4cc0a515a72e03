/** What happens beside the events: the last look at the end, ends settled by looking, rescans, the heartbeat, a second Ctrl-C. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { main } from '../../src/main.ts';
import * as dg from '../support/datagrams.ts';
import { at } from '../support/datagrams.ts';
import { runProgram, ScriptedHost } from '../support/scripted-host.ts';
import { ticksAt } from '../support/scripted-reader.ts';

interface Line {
  readonly event: string;
  readonly pid?: number;
  readonly reason?: string;
  readonly count?: number;
  readonly wait_status?: number;
  readonly inferred?: boolean;
}

const lines = (host: ScriptedHost): Line[] =>
  host.stdout.text
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text) as Line);

function watching(...argv: string[]): ScriptedHost {
  const host = new ScriptedHost({ argv: ['--json', ...argv] });
  host.reader.set(1, { comm: 'init', ppid: 0 });
  return host;
}

const forks = (first: number, count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, i) => dg.fork(1, first + i, { time: at(i / 1000) }));

test('what is queued when the watch ends is told, however much it is', async () => {
  const host = watching('-e', 'fork');
  await runProgram(host, () => {
    host.connector.emit(...forks(100, 50_000));
    host.signal('SIGINT');
  });
  assert.equal(lines(host).length, 50_000);
});

test('a loss noticed only at the end is told too', async () => {
  const host = watching('--fail-on-loss');
  const code = await runProgram(host, () => {
    host.connector.drop(9);
    host.signal('SIGINT');
  });
  assert.deepEqual(
    lines(host).map(({ event, count }) => [event, count]),
    [['lost', 9]],
  );
  assert.equal(code, 3);
});

test('an end that no more events tell is found by looking again, soon', async () => {
  const host = watching();
  host.reader.set(10, { comm: 'app', threads: 2, startTicks: ticksAt(-500) });
  await runProgram(host, () => {
    host.reader.set(10, { state: 'Z' });
    host.connector.deliver(dg.exit(10, 0x300, 1, { time: at(0) }));
    assert.deepEqual(lines(host), []);
    host.reader.remove(10);
    host.advance(3000);
    assert.deepEqual(
      lines(host).map(({ event, pid, wait_status }) => [event, pid, wait_status]),
      [['exit', 10, 0x300]],
    );
    host.signal('SIGINT');
  });
});

test('after a loss /proc is scanned once it is quiet, and each loss is told when it is noticed', async () => {
  const host = watching();
  await runProgram(host, () => {
    host.reader.set(50, { comm: 'late', startTicks: ticksAt(0) });
    for (let i = 0; i < 3; i++) {
      host.connector.drop(10);
      host.connector.wake();
      host.advance(100);
    }
    assert.deepEqual(
      lines(host).map(({ event }) => event),
      ['lost', 'lost', 'lost'],
    );
    host.advance(300);
    assert.deepEqual(
      lines(host)
        .slice(3)
        .map(({ event, pid, inferred }) => [event, pid, inferred]),
      [['found', 50, true]],
    );
    host.advance(10_000);
    assert.equal(lines(host).length, 4);
    host.signal('SIGINT');
  });
});

test('a loss stands where the events are missing: behind all that was queued when it was noticed', async () => {
  const host = watching();
  await runProgram(host, () => {
    host.connector.emit(...forks(100, 1000));
    host.connector.drop(77);
    host.advance(4000);
    host.connector.emit(dg.fork(1, 5000, { time: at(4001) }), dg.fork(1, 5001, { time: at(4002) }));
    host.connector.wake();
    host.advance(1000);
    host.signal('SIGINT');
  });
  const told = lines(host);
  const place = told.findIndex(({ event }) => event === 'lost');
  assert.equal(place, 1000);
  assert.equal(told[place + 1].pid, 5000);
});

test('a number that comes again after a loss is another process: the one before has ended, nobody knows how', async () => {
  const host = watching('-e', 'fork,exec,exit');
  await runProgram(host, () => {
    host.connector.deliver(dg.fork(1, 300, { time: at(0) }), dg.fork(1, 301, { time: at(1) }));
    host.connector.drop(9);
    host.connector.wake();
    host.advance(22_000);
    host.connector.deliver(dg.fork(1, 300, { time: at(22_000) }), dg.exit(300, 0x300, 1, { time: at(22_001) }));
    host.signal('SIGINT');
  });
  const told = lines(host).filter(({ pid }) => pid === 300);
  assert.deepEqual(
    told.map(({ event, wait_status, inferred }) => [event, wait_status, inferred]),
    [
      ['fork', undefined, undefined],
      ['exit', undefined, true],
      ['fork', undefined, undefined],
      ['exit', 0x300, undefined],
    ],
  );
  assert.equal((told[3] as { duration_s?: number }).duration_s, 0.001);
});

test('when the clock is set, the birth of a process is still told as it was first heard', async () => {
  const host = watching();
  await runProgram(host, () => {
    host.connector.deliver(dg.fork(1, 300, { time: at(0) }));
    host.wallOffsetNs += 3_600_000_000_000n;
    host.connector.deliver(dg.exit(300, 0, 1, { time: at(1000) }));
    host.signal('SIGINT');
  });
  const [fork, exit] = lines(host) as {
    time?: string;
    mono_ns?: string;
    start_time?: string;
    start_mono_ns?: string;
  }[];
  assert.equal(exit.start_time, fork.time);
  assert.equal(exit.start_mono_ns, fork.mono_ns);
  assert.ok(String(exit.time) > '2001-09-09T02:46');
});

test('an idle watch wakes once in five seconds', async () => {
  const host = watching();
  await runProgram(host, () => {
    host.advance(1000);
    host.connector.calls.length = 0;
    host.advance(60_000);
    assert.equal(host.connector.calls.filter(({ call }) => call === 'listen').length, 12);
    host.signal('SIGINT');
  });
  assert.equal(host.stdout.text, '');
});

test('a stranger’s attack on the count of listeners is noticed within five seconds, and events come again', async () => {
  const host = watching();
  await runProgram(host, () => {
    host.connector.listeners = -5;
    host.connector.deliver(...forks(100, 3));
    assert.equal(host.stdout.text, '');
    host.advance(5000);
    host.connector.deliver(dg.fork(1, 200, { time: at(5001) }));
    host.signal('SIGINT');
  });
  const told = lines(host);
  assert.deepEqual([told[0].event, told[0].reason, told[0].count], ['lost', 'starved', undefined]);
  assert.ok(told.some(({ event, pid }) => event === 'fork' && pid === 200));
});

test('-n counts process events alone, and stops in the middle of a batch', async () => {
  const host = watching('-n', '3', '--meta', '-e', 'fork');
  await runProgram(host, () => {
    host.connector.drop(2);
    host.connector.wake();
    host.connector.deliver(...forks(100, 10));
  });
  assert.deepEqual(
    lines(host).map(({ event }) => event),
    ['start', 'lost', 'fork', 'fork', 'fork', 'end'],
  );
});

test('each wake-up is one write, so that a pipe has it at once', async () => {
  const host = watching('-e', 'fork');
  await runProgram(host, () => {
    host.connector.deliver(...forks(100, 50));
    assert.equal(host.stdout.writes, 1);
    host.advance(100);
    host.connector.deliver(...forks(200, 1));
    assert.equal(host.stdout.writes, 2);
    host.signal('SIGINT');
  });
});

test('a second Ctrl-C does not wait for a reader that does not read', async () => {
  const host = watching();
  let release: () => void = () => {};
  const read = new Promise<void>((resolve) => {
    release = resolve;
  });
  host.stdout.flushed = () => read;
  const code = await runProgram(host, async () => {
    host.signal('SIGINT');
    await new Promise((resolve) => setImmediate(resolve));
    assert.throws(() => host.signal('SIGINT'));
    release();
  });
  assert.equal(host.aborted, 130);
  assert.equal(code, 0);
  assert.equal(host.connector.listeners, 0);
});

test('a watch that breaks off while it is set up leaves no listener behind', async () => {
  const host = new ScriptedHost({ argv: ['--drop-privileges'], env: { SUDO_USER: 'ada' } });
  host.isRoot = true;
  host.becomeUser = async () => {
    throw new Error('no such luck');
  };
  await assert.rejects(main(host));
  assert.equal(host.connector.listeners, 0);
  for (const task of host.exitTasks) task();
  assert.equal(host.connector.listeners, 0);
});

test('an output file is written instead of stdout, and closed', async () => {
  const host = watching('-o', '/tmp/x', '-e', 'fork');
  await runProgram(host, () => {
    host.connector.deliver(...forks(100, 2));
    host.signal('SIGINT');
  });
  assert.equal(host.stdout.text, '');
  assert.equal(host.files.get('/tmp/x')?.text.trim().split('\n').length, 2);
  assert.equal(host.files.get('/tmp/x')?.closed, true);
});

/** Events that come after the subscription and before the first look at /proc. */
function betweenSubscriptionAndScan(host: ScriptedHost, happen: () => void): void {
  const { reader } = host;
  const pids = reader.pids.bind(reader);
  let first = true;
  reader.pids = () => {
    if (first) happen();
    first = false;
    return pids();
  };
}

interface Named extends Line {
  readonly args?: readonly string[];
  readonly duration_s?: number;
}

const named = (host: ScriptedHost) =>
  (lines(host) as readonly Named[]).map(({ event, pid, args }) => `${event} ${pid} ${args?.join(' ') ?? '?'}`);

test('a process born between subscription and scan is one process, and so is the next of its number', async () => {
  const host = watching();
  betweenSubscriptionAndScan(host, () => {
    host.connector.emit(dg.fork(1, 20, { time: at(1) }));
    host.reader.set(20, { comm: 'sh', args: ['sh'], startTicks: ticksAt(1) });
  });
  await runProgram(host, () => {
    host.advance(2);
    host.reader.set(20, { comm: 'cat', args: ['cat'] });
    host.connector.deliver(dg.exec(20, { time: at(2) }));
    host.advance(2);
    host.reader.remove(20);
    host.connector.deliver(dg.exit(20, 0, 1, { time: at(3) }));
    host.connector.deliver(dg.fork(1, 20, { time: at(4) }), dg.exit(20, 0x100, 1, { time: at(5) }));
    host.signal('SIGINT');
  });
  assert.deepEqual(named(host), ['fork 20 ?', 'exec 20 cat', 'exit 20 cat', 'fork 20 ?', 'exit 20 ?']);
  assert.deepEqual(
    (lines(host) as readonly Named[]).flatMap(({ duration_s }) => duration_s ?? []),
    [0.002, 0.001],
  );
});

test('a child born before its parent ran the program that the scan saw is not told with that program', async () => {
  const host = watching('-e', 'fork,exec,exit,uid');
  host.reader.set(10, { comm: 'sh', args: ['sh'], uid: 0, startTicks: ticksAt(-500) });
  betweenSubscriptionAndScan(host, () => {
    host.connector.emit(dg.fork(10, 20, { time: at(1) }), dg.uid(10, 7, 7, { time: at(2) }));
    host.connector.emit(dg.exec(10, { time: at(3) }), dg.fork(10, 21, { time: at(4) }));
    host.reader.set(10, { comm: 'cat', args: ['cat'], uid: 7 });
  });
  await runProgram(host, () => {
    host.advance(5);
    host.signal('SIGINT');
  });
  assert.deepEqual(named(host), ['fork 20 ?', 'uid 10 ?', 'exec 10 cat', 'fork 21 cat']);
  assert.ok(!host.stdout.text.split('\n')[0].includes('"uid"'));
});

test('--tree shows a process that is born after the start, and not a later one of its number', async () => {
  const host = watching('--tree', '20');
  await runProgram(host, () => {
    host.connector.deliver(dg.fork(1, 20, { time: at(1) }), dg.fork(20, 30, { time: at(2) }));
    host.connector.deliver(dg.exit(20, 0, 1, { time: at(3) }), dg.fork(1, 20, { time: at(4) }));
    host.signal('SIGINT');
  });
  assert.deepEqual(named(host), ['fork 20 ?', 'fork 30 ?', 'exit 20 ?']);
});

test('what is read long after an exec is not taken for it if another exec waits far back in the queue', async () => {
  const host = watching('-e', 'exec,fork,exit');
  host.reader.set(10, { comm: 'sh', args: ['sh'], startTicks: ticksAt(-500) });
  await runProgram(host, () => {
    host.advance(100);
    host.reader.set(10, { comm: 'cat', args: ['cat'] });
    host.connector.emit(dg.exec(10, { time: at(0.5) }), ...forks(100, 9000), dg.exec(10, { time: at(50) }));
    host.connector.wake();
    host.signal('SIGINT');
  });
  assert.deepEqual(
    named(host).filter((text) => text.startsWith('exec')),
    ['exec 10 ?', 'exec 10 cat'],
  );
});

test('a look long after the end of a main thread heeds the end of the last thread far back in the queue', async () => {
  const host = watching();
  host.reader.set(10, { comm: 'app', threads: 2, startTicks: ticksAt(-500) });
  await runProgram(host, () => {
    host.advance(100);
    host.reader.remove(10);
    const last = dg.exit({ tid: 11, tgid: 10 }, 0x700, 0, { time: at(50) });
    host.connector.emit(dg.exit(10, 0, 1, { time: at(0.5) }), ...forks(100, 9000), last);
    host.connector.wake();
    host.signal('SIGINT');
  });
  assert.deepEqual(
    lines(host).flatMap(({ event, pid, wait_status }) => (event === 'exit' ? [[pid, wait_status]] : [])),
    [[10, 0x700]],
  );
});

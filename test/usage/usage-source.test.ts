/** The whole program with --usage, in a scripted world: accounts join their exits, losses are told, and what is refused is one notice. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectorSocket, Readiness, Received } from '../../src/netlink/socket.ts';
import type { ExactWants } from '../../src/usage/doors.ts';
import * as dg from '../support/datagrams.ts';
import { at } from '../support/datagrams.ts';
import { runProgram, ScriptedHost } from '../support/scripted-host.ts';
import {
  attribute,
  errorMessage,
  exactEnd,
  FAMILY,
  genericMessage,
  ScriptedExact,
  type ThreadMessage,
  threadMessage,
} from '../support/usage.ts';

const SLOT_BYTES = 2048;

/** The kernel's side of generic netlink: knows one family, and takes a listener if it may. */
class ScriptedTaskstats implements ConnectorSocket {
  readonly received: Received = {
    words: new Uint32Array((4 * SLOT_BYTES) / 4),
    stride: SLOT_BYTES / 4,
    lengths: new Uint32Array(4),
    senders: new Uint32Array(4),
  };
  readonly queue: { readonly bytes: Uint8Array; readonly sender: number }[] = [];
  drops = 0;
  cpus = '';
  closed = false;
  private readonly registerErrno: number;

  constructor(registerErrno = 0) {
    this.registerErrno = registerErrno;
  }

  bind = (): number => 0;
  setOption = (): number => 0;
  attachFilter = (): number => 0;

  getOption(_level: number, _name: number, into: Uint32Array): number {
    into[8] = this.drops;
    return 0;
  }

  send(bytes: Uint8Array): number {
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    if (view.getUint16(4, true) === 0x10) {
      assert.equal(Buffer.from(bytes.subarray(24)).toString('latin1', 0, 10), 'TASKSTATS\0');
      this.push(genericMessage(0x10, 1, attribute(1, Uint8Array.of(FAMILY, 0))));
      this.push(errorMessage(0));
    } else {
      this.cpus = Buffer.from(bytes.subarray(24)).toString('latin1').replaceAll('\0', '');
      this.push(errorMessage(this.registerErrno));
    }
    return 0;
  }

  push(bytes: Uint8Array, sender = 0): void {
    this.queue.push({ bytes, sender });
  }

  account(message: ThreadMessage): void {
    this.push(threadMessage(message));
  }

  receive(): number {
    const batch = this.queue.splice(0, 4);
    const all = new Uint8Array(this.received.words.buffer);
    batch.forEach(({ bytes, sender }, i) => {
      all.set(bytes.subarray(0, SLOT_BYTES), i * SLOT_BYTES);
      this.received.lengths[i] = Math.min(bytes.length, SLOT_BYTES);
      this.received.senders[i] = sender;
    });
    return batch.length;
  }

  onReadable(): Readiness {
    return { pause: () => {}, resume: () => {}, close: () => {} };
  }

  close(): void {
    this.closed = true;
  }
}

interface Row {
  readonly event: string;
  readonly [field: string]: unknown;
}

async function watched(
  argv: readonly string[],
  socket: ScriptedTaskstats,
  act: (host: ScriptedHost) => void,
): Promise<{ rows: Row[]; stderr: string; code: number }> {
  const host = new ScriptedHost({ argv });
  host.accounts = { ...host.accounts, openTaskstats: () => socket };
  const code = await runProgram(host, () => {
    act(host);
    host.signal('SIGINT');
  });
  const rows = host.stdout.text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Row => JSON.parse(line));
  return { rows, stderr: host.stderr.text, code };
}

const STATS = {
  ac_flag: 0x20,
  ac_tgid: 200,
  ac_ppid: 100,
  ac_uid: 7,
  ac_comm: 'make',
  cpu_run_virtual_total: 1_500_000,
};

test('an exit gets the account that was queued before it, also of who it was', async () => {
  const socket = new ScriptedTaskstats();
  const { rows, stderr } = await watched(['--json', '--usage', '-e', 'exit'], socket, (host) => {
    socket.account({ tid: 200, stats: { ...STATS, hiwater_rss: 51_200, read_bytes: 1024, ac_exe_inode: 77 } });
    host.connector.deliver(dg.exit(200, 0, 100, { time: at(5) }));
  });
  const [row] = rows;
  assert.equal(socket.cpus, '0-1');
  assert.equal(row.comm, 'make');
  assert.equal(row.uid, 7);
  assert.equal(row.cpu_s, 0.0015);
  assert.equal(row.cpu_is_lower_bound, true);
  assert.equal(row.max_rss_kib, 51_200);
  assert.equal(row.read_bytes, 1024);
  assert.equal(row.exe_inode, 77);
  assert.equal('io_delay_s' in row, false);
  assert.match(stderr, /--usage: CPU times are lower bounds/);
  assert.ok(socket.closed);
});

test('accounts that were lost are counted in the stream, and for --fail-on-loss', async () => {
  const socket = new ScriptedTaskstats();
  const { rows, code } = await watched(['--json', '--usage', '-e', 'exit', '--fail-on-loss'], socket, (host) => {
    host.advance(1000);
    socket.drops = 3;
    host.connector.deliver(dg.exit(200, 0, 100, { time: at(5) }));
  });
  assert.equal(rows[0].event, 'exit');
  assert.equal('cpu_s' in rows[0], false);
  assert.deepEqual([rows[1].event, rows[1].reason, rows[1].count], ['lost', 'usage', 3]);
  assert.equal(code, 3);
});

/** The whole program where programs of ours run in the kernel. */
async function watchedExactly(
  act: (host: ScriptedHost, exact: ScriptedExact) => void,
  argv: readonly string[] = ['--json', '--usage', '-e', 'exit,fork'],
) {
  const exact = new ScriptedExact();
  const wants: ExactWants[] = [];
  const host = new ScriptedHost({ argv });
  host.accounts = {
    ...host.accounts,
    openTaskstats: () => assert.fail('taskstats are for where nothing better is to be had'),
    openExact: async (wanted) => {
      wants.push(wanted);
      return exact;
    },
  };
  const code = await runProgram(host, () => {
    act(host, exact);
    host.signal('SIGINT');
    host.advance(1000);
  });
  const lines = host.stdout.text.split('\n').filter((line) => line.startsWith('{'));
  const rows = lines.map((line): Row => JSON.parse(line));
  return { rows, code, wants, stderr: host.stderr.text, closed: exact.closed };
}

const LIFE = { start: at(5), startNanos: Number(at(5)) };

/** A process is born and ends. */
function lives(host: ScriptedHost, pid: number): void {
  host.connector.deliver(dg.fork(100, pid, { time: LIFE.start }));
  host.connector.deliver(dg.exit(pid, 0, 100, { time: at(6) }));
}

test('an exit gets its exact account, and nothing is said of lower bounds', async () => {
  const { rows, stderr, closed } = await watchedExactly((host, exact) => {
    exact.queue.push(exactEnd({ pid: 200, startNanos: LIFE.startNanos, cpuNanos: 1_234_567, maxRssKib: 900 }));
    lives(host, 200);
  });
  const [, row] = rows;
  assert.deepEqual([row.event, row.cpu_s, row.max_rss_kib], ['exit', 0.001235, 900]);
  assert.equal('cpu_is_lower_bound' in row, false);
  assert.equal(stderr, '');
  assert.ok(closed);
});

test('an account that comes after its exit was heard is waited for, and the order is kept', async () => {
  const { rows } = await watchedExactly((host, exact) => {
    lives(host, 200);
    lives(host, 201);
    exact.queue.push(exactEnd({ pid: 201, startNanos: LIFE.startNanos, cpuNanos: 2_000_000 }));
    host.advance(1);
    exact.queue.push(exactEnd({ pid: 200, startNanos: LIFE.startNanos, cpuNanos: 1_000_000 }));
    host.advance(10);
    lives(host, 202);
    exact.queue.push(exactEnd({ pid: 202, startNanos: LIFE.startNanos, cpuNanos: 3_000_000 }));
  });
  assert.deepEqual(
    rows.map(({ event, pid, cpu_s }) => [event, pid, cpu_s]),
    [
      ['fork', 200, undefined],
      ['exit', 200, 0.001],
      ['fork', 201, undefined],
      ['exit', 201, 0.002],
      ['fork', 202, undefined],
      ['exit', 202, 0.003],
    ],
  );
});

test('an exit whose account never comes is told without one, and as a loss', async () => {
  const { rows, code } = await watchedExactly(
    (host) => {
      lives(host, 200);
      host.advance(1000);
      lives(host, 201);
    },
    ['--json', '--usage', '-e', 'exit', '--fail-on-loss'],
  );
  const exits = rows.filter(({ event }) => event === 'exit').map(({ pid, cpu_s }) => [pid, cpu_s]);
  assert.deepEqual(exits, [
    [200, undefined],
    [201, undefined],
  ]);
  const losses = rows.filter(({ event }) => event === 'lost').map(({ reason, count }) => [reason, count]);
  assert.deepEqual(losses, [
    ['usage', 1],
    ['usage', 1],
  ]);
  assert.equal(code, 3);
});

test('what is missing when the watch ends is told as a loss as well', async () => {
  const { rows } = await watchedExactly((host) => lives(host, 200), ['--json', '--usage', '-e', 'exit']);
  assert.deepEqual(
    rows.map(({ event, reason, count }) => [event, reason, count]),
    [
      ['exit', undefined, undefined],
      ['lost', 'usage', 1],
    ],
  );
});

test('who watches failures alone has no accounts of the others made', async () => {
  const failures = await watchedExactly(() => {}, ['--json', '--usage', '-e', 'nonzero-exit']);
  assert.equal(failures.wants[0].onlyFailures, true);
  const all = await watchedExactly(() => {});
  assert.equal(all.wants[0].onlyFailures, false);
});

test('accounts that others forge are not believed', async () => {
  const socket = new ScriptedTaskstats();
  const { rows } = await watched(['--json', '--usage', '-e', 'exit'], socket, (host) => {
    socket.push(threadMessage({ tid: 200, stats: STATS }), 4711);
    host.connector.deliver(dg.exit(200, 0, 100, { time: at(5) }));
  });
  assert.equal('cpu_s' in rows[0], false);
});

test('without the right to accounts there is one notice, and the watch goes on', async () => {
  const socket = new ScriptedTaskstats(1);
  const { rows, stderr, code } = await watched(['--json', '--usage', '-e', 'exit'], socket, (host) => {
    host.connector.deliver(dg.exit(200, 0, 100, { time: at(5) }));
  });
  assert.equal(rows.length, 1);
  assert.equal(code, 0);
  const notices = stderr.split('\n').filter((line) => line.includes('--usage'));
  assert.equal(notices.length, 1);
  assert.match(notices[0], /^procwatch: --usage: .*CAP_NET_ADMIN/);
  assert.ok(socket.closed);
});

test('usage without exits to tell it is refused', async () => {
  const host = new ScriptedHost({ argv: ['--usage', '-e', 'fork'] });
  assert.equal(await runProgram(host), 2);
  assert.match(host.stderr.text, /add exit to --events/);
});

/** What `--usage` says on stderr where this is not as it should be. */
async function notices(accounts: Partial<ScriptedHost['accounts']>): Promise<string[]> {
  const host = new ScriptedHost({ argv: ['--usage', '-q'] });
  host.accounts = { ...host.accounts, openTaskstats: () => new ScriptedTaskstats(1), ...accounts };
  await runProgram(host, () => host.signal('SIGINT'));
  return host.stderr.text.split('\n').filter((line) => line.includes('--usage'));
}

test('what is refused is told once, and no more is promised than there is', async () => {
  const why = 'the kernel gives its accounts to CAP_NET_ADMIN only, in the initial user namespace';
  assert.deepEqual(await notices({}), [`procwatch: --usage: no usage: ${why}`]);
  assert.deepEqual(await notices({ openExact: async () => new ScriptedExact() }), []);
});

test('in a network namespace of its own, where the kernel agrees and sends nothing, it says so', async () => {
  const [notice, ...more] = await notices({
    openTaskstats: () => new ScriptedTaskstats(),
    isInitialNetwork: () => false,
  });
  assert.match(notice, /no usage: .* host's network namespace only \(--network=host\)/);
  assert.deepEqual(more, []);
});

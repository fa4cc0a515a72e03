/** Why processes end, each cause by a real process: the cause, who sent the signal, and nothing that is not so. */
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { causeIn, Death, exitOf, sending, sentBy, waiting } from './support/deaths.ts';
import { fixture, scratch } from './support/fixtures.ts';
import { register } from './support/leftovers.ts';
import { kernelTest } from './support/requirements.ts';
import { KEYS, Terminal } from './support/terminal.ts';
import { type Row, until, Watcher } from './support/watcher.ts';

const NEEDS = ['connector', 'compiler', 'root'] as const;
const NOBODY = 65534;
const { INT, USR1, KILL, TERM } = { INT: 2, USR1: 10, KILL: 9, TERM: 15 };

/** While something is watched; what is told of each process is looked up by its number. */
async function watched(
  task: (told: (pid: number) => Promise<Record<string, unknown>>, watcher: Watcher) => Promise<void>,
) {
  const watcher = await Watcher.start([]);
  try {
    await task(async (pid) => causeIn(await exitOf(watcher, pid)), watcher);
  } finally {
    await watcher.stop();
  }
  assert.deepEqual(
    watcher.rows.filter(({ event }) => event === 'lost'),
    [],
  );
}

/** Ways to end of one's own, and what is told. An address is told as what it looks like. */
const OWN: Readonly<Record<string, Record<string, unknown>>> = {
  aborts: { cause: 'abort', by: 'itself', signal_code: 'SI_TKILL' },
  raises: { cause: 'signal', by: 'itself', signal_code: 'SI_TKILL' },
  'kills-itself': { cause: 'signal', by: 'itself', signal_code: 'SI_USER' },
  'kills-its-thread': { cause: 'signal', by: 'itself', signal_code: 'SI_TKILL' },
  'writes-to-nobody': { cause: 'pipe', signal_code: 'SI_USER' },
  'writes-too-much': { cause: 'file-size-limit', signal_code: 'SI_USER' },
  'at-soft-cpu-limit': { cause: 'cpu-limit', signal_code: 'SI_KERNEL' },
  'at-hard-cpu-limit': { cause: 'cpu-limit', signal_code: 'SI_KERNEL' },
  'reads-nothing': { cause: 'fault', signal_code: 'SEGV_MAPERR', fault_address: '0x10' },
  'writes-null': { cause: 'fault', signal_code: 'SEGV_MAPERR', fault_address: '0x0' },
  'writes-read-only': { cause: 'fault', signal_code: 'SEGV_ACCERR', fault_address: 'some' },
  'runs-data': { cause: 'fault', signal_code: 'SEGV_ACCERR', fault_address: 'some' },
  recurses: { cause: 'fault', signal_code: 'SEGV_MAPERR', fault_address: 'some' },
  'reads-behind-the-end': { cause: 'fault', signal_code: 'BUS_ADRERR', fault_address: 'some' },
  'faults-in-a-thread': { cause: 'fault', signal_code: 'SEGV_MAPERR', fault_address: '0x10' },
  'faults-though-blocked': { cause: 'fault', signal_code: 'SEGV_MAPERR', fault_address: '0x10' },
  'faults-though-ignored': { cause: 'fault', signal_code: 'SEGV_MAPERR', fault_address: '0x10' },
  'is-trapped': { cause: 'seccomp', signal_code: 'SYS_SECCOMP', syscall: 'getppid' },
  'is-forbidden': { cause: 'seccomp', signal_code: 'SYS_SECCOMP', syscall: 'getppid' },
  'its-thread-is-forbidden': { cause: 'seccomp', signal_code: 'SYS_SECCOMP', syscall: 'getppid' },
  'sets-alarm': { cause: 'timer', signal_code: 'SI_KERNEL' },
  'sets-cpu-timer': { cause: 'timer', signal_code: 'SI_KERNEL' },
  'sets-user-timer': { cause: 'timer', signal_code: 'SI_TIMER' },
  'sets-killing-timer': { cause: 'timer', signal_code: 'SI_TIMER' },
  'is-told-by-io': { cause: 'io', signal_code: 'SI_KERNEL' },
  'is-told-by-term': { cause: 'io', signal_code: 'POLL_IN' },
  ...(process.arch === 'x64' && {
    'leaves-address-space': { cause: 'fault', signal_code: 'SI_KERNEL' },
    divides: { cause: 'fault', signal_code: 'FPE_INTDIV', fault_address: 'some' },
    'runs-nonsense': { cause: 'fault', signal_code: 'ILL_ILLOPN', fault_address: 'some' },
    breaks: { cause: 'fault', signal_code: 'SI_KERNEL' },
  }),
};

const GETPPID: Readonly<Record<string, number>> = { x64: 110, arm64: 173 };

function expected({ by, ...told }: Record<string, unknown>, death: Death): Record<string, unknown> {
  const itself = { sender_pid: death.pid, sender_comm: 'deaths', sender_uid: 0 };
  return {
    ...told,
    ...(by !== undefined && itself),
    ...(told.syscall !== undefined && { syscall: GETPPID[process.arch] }),
  };
}

/** Addresses that the test cannot know. */
function withoutAddress(told: Record<string, unknown>): Record<string, unknown> {
  const isSome = /^0x[0-9a-f]{6,}$/.test(String(told.fault_address));
  return isSome ? { ...told, fault_address: 'some' } : told;
}

kernelTest(
  `${Object.keys(OWN).length} ways to end of one's own, each with its cause and nobody else`,
  NEEDS,
  async () => {
    await watched(async (told) => {
      const ways = Object.keys(OWN);
      const deaths = ways.map((way) => new Death([way, join(scratch(), way)]));
      await Promise.all(deaths.map((death) => death.end()));
      for (const [i, way] of ways.entries()) {
        assert.deepEqual(withoutAddress(await told(deaths[i].pid)), expected(OWN[way], deaths[i]), way);
      }
    });
  },
);

kernelTest('an end by a code is an end by itself, and a stop ends nobody', NEEDS, async () => {
  await watched(async (told) => {
    const death = new Death(['no such way']);
    await death.end();
    assert.deepEqual(await told(death.pid), { cause: 'exit' });
    const stopped = await waiting();
    process.kill(stopped.pid, 'SIGSTOP');
    process.kill(stopped.pid, 'SIGCONT');
    const sender = await sending('sends', stopped.pid, KILL);
    assert.deepEqual(await told(stopped.pid), sentBy(sender));
  });
});

/** Ways to send, and the code that comes with it. */
const SENDERS: readonly (readonly [string, number, string])[] = [
  ['sends', TERM, 'SI_USER'],
  ['sends', KILL, 'SI_USER'],
  ['sends', 64, 'SI_USER'],
  ['sends', 11, 'SI_USER'],
  ['sends', 14, 'SI_USER'],
  ['sends', 24, 'SI_USER'],
  ['sends-to-thread', TERM, 'SI_TKILL'],
  ['sends-by-descriptor', KILL, 'SI_USER'],
  ['queues', TERM, 'SI_QUEUE'],
  ['queues', KILL, 'SI_QUEUE'],
  ['queues-as-init', TERM, 'SI_QUEUE'],
  ['queues-as-timer', TERM, 'SI_TIMER'],
];

kernelTest('whoever sends a signal is told, by whatever call, and whatever it pretends to be', NEEDS, async () => {
  await watched(async (told) => {
    for (const [way, signal, code] of SENDERS) {
      const target = await waiting();
      const sender = await sending(way, target.pid, signal);
      assert.deepEqual(await told(target.pid), sentBy(sender, code), `${way} ${signal}`);
    }
    const group = await waiting('waits', { detached: true });
    const sender = await sending('sends-to-group', group.pid, TERM);
    assert.deepEqual(await told(group.pid), sentBy(sender), 'to a group');
  });
});

kernelTest('another user, and processes of several threads, one of them without its first', NEEDS, async () => {
  await watched(async (told) => {
    const target = await waiting('waits', { uid: NOBODY });
    const sender = await sending('sends', target.pid, KILL, { uid: NOBODY });
    assert.deepEqual(await told(target.pid), sentBy(sender, 'SI_USER', NOBODY));
    for (const way of ['with-threads', 'without-leader', 'runs-itself']) {
      for (const signal of [TERM, KILL]) {
        const many = await waiting(way);
        const killer = await sending('sends', many.pid, signal);
        assert.deepEqual(await told(many.pid), sentBy(killer), `${way} ${signal}`);
      }
    }
  });
});

kernelTest(
  'a signal that was ignored before, one that was blocked, and two of which the first counts',
  NEEDS,
  async () => {
    await watched(async (told) => {
      const deaf = await waiting('ignores-int');
      await sending('sends', deaf.pid, INT);
      const sender = await sending('sends', deaf.pid, KILL);
      assert.deepEqual(await told(deaf.pid), sentBy(sender));
      const blocked = await waiting('blocks-term');
      const asker = await sending('sends', blocked.pid, TERM);
      assert.deepEqual(await told(blocked.pid), sentBy(asker));
      // A blocked signal that only a few programs use leaves no trace, and then nothing is told.
      const quiet = await waiting('blocks-user');
      await sending('sends', quiet.pid, USR1);
      assert.deepEqual(await told(quiet.pid), {});
      const stopped = await waiting();
      process.kill(stopped.pid, 'SIGSTOP');
      await sending('sends', stopped.pid, TERM);
      await sending('sends', stopped.pid, INT);
      const last = await sending('sends', stopped.pid, KILL);
      assert.deepEqual(await told(stopped.pid), sentBy(last));
    });
  },
);

kernelTest(
  'who asked a process to end that then ended by itself, and a signal that was raised again',
  NEEDS,
  async () => {
    await watched(async (told) => {
      const asked = await waiting('leaves-when-asked');
      const asker = await sending('sends', asked.pid, TERM);
      const { asked_before_s: before, ...rest } = await told(asked.pid);
      assert.deepEqual(rest, {
        cause: 'exit',
        asked_by: 'signal',
        asked_signal: 'SIGTERM',
        asked_by_pid: asker.pid,
        asked_by_comm: 'deaths',
        asked_by_uid: 0,
        asked_by_args: asker.args,
      });
      assert.ok(typeof before === 'number' && before >= 0 && before < 30);
      const passing = await waiting('passes-on');
      const sender = await sending('sends', passing.pid, TERM);
      assert.deepEqual(await told(passing.pid), { ...sentBy(sender), raised_again: true });
      const node = register(
        spawn(process.execPath, ['-e', 'console.log(1); setTimeout(() => {}, 1e5)'], { stdio: 'pipe' }),
      );
      await once(node.stdout, 'data');
      const killer = await sending('sends', node.pid ?? 0, TERM);
      assert.deepEqual(await told(node.pid ?? 0), { ...sentBy(killer), raised_again: true });
    });
  },
);

/** The exit of a child that the fixture names, and the fixture itself. */
async function childOf(way: string): Promise<{ parent: Death; child: number }> {
  const parent = new Death([way]);
  return { parent, child: Number(await parent.line()) };
}

const byTheEndOf = (cause: string, { pid, args }: Death, code: string, extra: object = {}) => ({
  cause,
  sender_pid: pid,
  sender_comm: 'deaths',
  sender_uid: 0,
  sender_args: args,
  signal_code: code,
  ...extra,
});

kernelTest('the end of a parent, of a tracer and of a job: whose end it was', NEEDS, async () => {
  await watched(async (told) => {
    const orphan = await childOf('leaves-child-that-wants-term');
    assert.deepEqual(await told(orphan.child), byTheEndOf('parent-death', orphan.parent, 'SI_USER'));
    const traced = await childOf('traces-to-the-end');
    assert.deepEqual(await told(traced.child), byTheEndOf('tracer', traced.parent, 'SI_KERNEL'));
    const job = await childOf('orphans-stopped-group');
    const { sender_pid: shell, ...rest } = await told(job.child);
    assert.ok(Number(shell) > 0 && shell !== job.parent.pid && shell !== job.child);
    assert.deepEqual(rest, {
      cause: 'hangup',
      sender_comm: 'deaths',
      sender_uid: 0,
      sender_args: job.parent.args,
      signal_code: 'SI_KERNEL',
    });
  });
});

kernelTest('a tracer that kills, lets through, makes up or changes a signal', NEEDS, async () => {
  await watched(async (told, watcher) => {
    const killed = await childOf('tracer-kills');
    assert.deepEqual(await told(killed.child), byTheEndOf('tracer', killed.parent, 'SI_USER'));
    const invented = await childOf('tracer-makes-it-up');
    assert.deepEqual(await told(invented.child), {});
    const passed = await childOf('tracer-lets-through');
    const sender = await sending('sends', passed.child, TERM);
    assert.deepEqual(await told(passed.child), sentBy(sender));
    const changed = await childOf('tracer-changes');
    await sending('sends', changed.child, TERM);
    assert.deepEqual(await told(changed.child), {});
    assert.equal((await exitOf(watcher, changed.child)).signal, 'SIGINT');
  });
});

/** Where control groups of the unified kind are. */
const UNIFIED = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) => existsSync(join(path, 'cgroup.procs')));

kernelTest('a control group that is killed as one, with threads in it: who wrote to cgroup.kill', NEEDS, async (t) => {
  const group = join(UNIFIED ?? assert.fail('no unified control groups'), 'procwatch-causes');
  mkdirSync(group);
  t.after(() => rmdirSync(group));
  await watched(async (told) => {
    const members = await Promise.all([waiting(), waiting('with-threads')]);
    for (const { pid } of members) writeFileSync(join(group, 'cgroup.procs'), String(pid));
    const args = ['sh', '-c', `echo 1 > ${group}/cgroup.kill; true`];
    const killer = register(spawn('sh', args.slice(1), { stdio: 'inherit' }));
    await Promise.all(members.map((member) => member.end()));
    for (const { pid } of members) {
      assert.deepEqual(await told(pid), {
        cause: 'cgroup-kill',
        sender_pid: killer.pid,
        sender_comm: 'sh',
        sender_uid: 0,
        sender_args: args,
        signal_code: 'SI_USER',
      });
    }
  });
});

/** A group with little memory, by whichever kind of control groups this machine has. */
function smallGroup(): { readonly path: string; readonly isUnified: boolean } {
  const old = '/sys/fs/cgroup/memory';
  const isUnified = !existsSync(join(old, 'memory.limit_in_bytes'));
  const path = join(isUnified ? (UNIFIED ?? '') : old, 'procwatch-memory');
  if (isUnified) writeFileSync(join(UNIFIED ?? '', 'cgroup.subtree_control'), '+memory');
  mkdirSync(path);
  writeFileSync(join(path, isUnified ? 'memory.max' : 'memory.limit_in_bytes'), String(32 << 20));
  return { path, isUnified };
}

kernelTest('want of memory in a control group: the victim, what it held, and who wanted more', NEEDS, async (t) => {
  const { path, isUnified } = smallGroup();
  t.after(() => rmdirSync(path));
  const eater = ['-c', `echo $$ > ${path}/cgroup.procs; exec "$0" eats`, fixture('deaths')];
  const oomOf = async (told: (pid: number) => Promise<Record<string, unknown>>, trigger?: number) => {
    const victim = register(spawn('sh', eater, { stdio: 'inherit' }));
    await once(victim, 'close');
    const { oom_resident_kib: held, ...rest } = await told(victim.pid ?? 0);
    assert.deepEqual(rest, {
      cause: 'out-of-memory',
      signal_code: 'SI_KERNEL',
      oom_trigger_pid: trigger ?? victim.pid,
      oom_trigger_comm: 'deaths',
    });
    assert.ok(Number(held) > 8 << 10 && Number(held) < 64 << 10, `${held}`);
  };
  await watched(async (told) => {
    await oomOf(told);
    if (!isUnified) return;
    writeFileSync(join(path, 'memory.oom.group'), '1');
    const bystander = await waiting();
    writeFileSync(join(path, 'cgroup.procs'), String(bystander.pid));
    await oomOf(told);
    assert.equal((await told(bystander.pid)).cause, 'out-of-memory');
  });
});

const unshared = (script: string) =>
  register(spawn('unshare', ['--fork', '--pid', 'sh', '-c', script], { stdio: ['ignore', 'pipe', 'inherit'] }));

kernelTest('the end of a pid namespace takes its processes along', [...NEEDS, 'unshare'], async () => {
  await watched(async (_, watcher) => {
    const outer = unshared(`"${fixture('deaths')}" waits & sleep 0.2; exit 3`);
    await once(outer, 'close');
    const row = await watcher.row('the member', ({ event, args }) => event === 'exit' && isWaiting(args));
    const init = await watcher.row(
      'the first',
      ({ event, pid, exit_code: code }) => event === 'exit' && pid === row.sender_pid && code === 3,
    );
    const { cause, sender_comm: comm, signal_code: code } = causeIn(row);
    assert.deepEqual([cause, comm, code], ['namespace-end', 'sh', 'SI_KERNEL']);
    assert.equal(init.comm, 'sh');
    const killed = unshared(`"${fixture('deaths')}" waits & k=$!; sleep 0.2; kill -9 $k; wait $k; exit 0`);
    await once(killed, 'close');
    const rows = () => watcher.rows.filter(({ event, args }) => event === 'exit' && isWaiting(args));
    const inside = (await until('the one killed inside', () => rows()[1])) as Row;
    assert.deepEqual([inside.cause, inside.sender_comm, inside.signal_code], ['signal', 'sh', 'SI_USER']);
  });
});

const isWaiting = (args: unknown): boolean => Array.isArray(args) && args.join(' ') === `${fixture('deaths')} waits`;

kernelTest('the keys of a terminal, its end, and the end of who holds it', NEEDS, async () => {
  await watched(async (_, watcher) => {
    let seen = 0;
    const next = async (way = 'waits'): Promise<Record<string, unknown>> => {
      const ends = () =>
        watcher.rows.filter(
          ({ event, args }) =>
            event === 'exit' && Array.isArray(args) && args[0] === fixture('deaths') && args[1] === way,
        );
      await until('the process at the terminal', () => ends().length > seen);
      return causeIn(ends()[seen++]);
    };
    for (const key of [KEYS.interrupt, KEYS.quit]) {
      const terminal = new Terminal(`exec ${fixture('deaths')} waits`);
      await terminal.shows(/ready/);
      terminal.type(key);
      assert.deepEqual(await next(), { cause: 'terminal', signal_code: 'SI_KERNEL' });
      await terminal.code();
    }
    const terminal = new Terminal(`exec ${fixture('deaths')} leaves-when-asked`);
    await terminal.shows(/ready/);
    terminal.type(KEYS.interrupt);
    seen = 0;
    const { asked_before_s: _before, ...asked } = await next('leaves-when-asked');
    assert.deepEqual(asked, { cause: 'exit', asked_by: 'terminal', asked_signal: 'SIGINT' });
    await terminal.code();
  });
});

kernelTest('a terminal that is given up, one whose session ends, and one whose holder is killed', NEEDS, async () => {
  await watched(async (told) => {
    for (const [way, code] of [
      ['gives-terminal-up', 'SI_USER'],
      ['session-leader-ends', 'SI_KERNEL'],
    ]) {
      const terminal = new Terminal(`exec ${fixture('deaths')} ${way}`);
      const [, child] = await terminal.shows(/child (\d+)\./);
      const { sender_comm: comm, cause, signal_code: of } = await told(Number(child));
      assert.deepEqual([cause, comm, of], ['hangup', 'deaths', code], way);
      await terminal.code();
    }
    const held = register(spawn('script', ['--quiet', '--command', 'echo shell $$.; exec sleep 1000', '/dev/null']));
    let screen = '';
    held.stdout.on('data', (text) => {
      screen += text;
    });
    const [, pid] = await until('the shell', () => /shell (\d+)\./.exec(screen) ?? undefined);
    held.kill('SIGKILL');
    const { cause, sender_pid: sender, signal_code: code } = await told(Number(pid));
    assert.deepEqual([cause, sender, code], ['hangup', held.pid, 'SI_KERNEL']);
  });
});

kernelTest('a program that is broken beyond the point of return ends inside its exec', NEEDS, async () => {
  const broken = join(scratch(), 'broken');
  // An ELF file whose first segment would lie where no program may.
  execFileSync('cp', [fixture('deaths'), broken]);
  execFileSync(process.execPath, ['-e', BREAK, broken]);
  await watched(async (told) => {
    const child = register(spawn(broken, [], { stdio: 'ignore' }));
    child.on('error', () => {});
    await sleep(100);
    const pid = child.pid ?? 0;
    assert.deepEqual(await told(pid), { cause: 'exec', signal_code: 'SI_KERNEL' });
  });
});

const BREAK = `
const fs = require('node:fs');
const bytes = fs.readFileSync(process.argv[1]);
const at = Number(bytes.readBigUInt64LE(32));
for (let i = 0; i < bytes.readUInt16LE(56); i++) {
  const segment = at + i * bytes.readUInt16LE(54);
  if (bytes.readUInt32LE(segment) === 1) bytes.writeBigUInt64LE(0x7fffffffffff0000n, segment + 16);
}
bytes.writeUInt16LE(2, 16);
fs.writeFileSync(process.argv[1], bytes);
`;

const KILLS = Number(process.env.PROCWATCH_KILLS ?? 20_000);

kernelTest(
  `${KILLS.toLocaleString('en-US')} processes killed by two at once: the sender of each, or a loss that is counted`,
  NEEDS,
  async () => {
    const watcher = await Watcher.start(['-e', 'exit', '--buffer', '256M']);
    const storm = new Death(['storm', KILLS]);
    await storm.line();
    storm.go();
    await storm.end();
    await sleep(200);
    await watcher.stop();
    const orders = storm.output
      .split('\n')
      .slice(1, -1)
      .map((line) => line.split(' ').map(Number));
    assert.equal(orders.length, KILLS);
    const exits = new Map<number, Row[]>();
    for (const row of watcher.rows) {
      // Numbers are used again, by the storm and by whoever else runs here.
      if (row.event === 'exit' && row.comm === 'deaths') exits.set(row.pid, [...(exits.get(row.pid) ?? []), row]);
    }
    let untold = 0;
    for (const [pid, signal, sender, status] of orders) {
      const row = exits.get(pid)?.shift();
      if (row?.wait_status !== status || status !== signal) {
        untold++;
        continue;
      }
      if (row.cause === undefined) untold++;
      else
        assert.deepEqual(
          [row.cause, row.sender_pid, row.sender_comm],
          ['signal', sender, 'deaths'],
          `${pid} ${signal}`,
        );
    }
    const counted = watcher.rows
      .filter(({ event }) => event === 'lost')
      .reduce((sum, { count }) => sum + Number(count), 0);
    assert.ok(untold <= counted, `${untold} without a sender, ${counted} counted as lost`);
  },
);

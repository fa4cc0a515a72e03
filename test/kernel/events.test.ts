/** Every kind of event, produced by a real process, in all three formats. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fixture, scratch } from './support/fixtures.ts';
import { Held, live, of, run, story } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { type Row, until, Watcher, watching } from './support/watcher.ts';

const NOBODY = 65534;

/** The whole lines of a text that name a pid in their third column, as pretty and the table's default columns do. */
function linesOf(text: string, pid: number): string[] {
  return text.split('\n').filter((line) => line.split(/\s+/)[2] === String(pid));
}

interface Told {
  readonly rows: readonly Row[];
  readonly pretty: (pid: number) => string[];
  readonly table: (pid: number) => string[];
}

interface All {
  /** Waits until each of them has told so many events of a kind. */
  have(count: number, event: string, pid: number): Promise<boolean>;
}

/** What the three formats tell of the same happening. */
async function inAllFormats(args: readonly string[], task: (all: All) => Promise<void>): Promise<Told> {
  const [json, pretty, table] = await Promise.all([
    Watcher.start(args),
    Watcher.start([...args, '--format', 'pretty']),
    Watcher.start([...args, '--format', 'table', '--columns', TABLE]),
  ]);
  try {
    await task({
      have: (count, event, pid) =>
        until(`${count} ${event} of ${pid} in all formats`, () => {
          const rows = of(json.rows, pid).filter((row) => row.event === event);
          const lines = [pretty, table].map(({ text }) =>
            linesOf(text, pid).filter((line) => line.includes(` ${event} `)),
          );
          return [rows, ...lines].every(({ length }) => length >= count);
        }),
    });
  } finally {
    await Promise.all([json.stop(), pretty.stop(), table.stop()]);
  }
  return {
    rows: json.rows,
    pretty: (pid) => linesOf(pretty.text, pid),
    table: (pid) => linesOf(table.text, pid),
  };
}

const TABLE =
  'time,event,pid,tid,ppid,comm,exit_code,signal,core_dumped,ruid,euid,rgid,egid,attached,tracer_pid,image,args';

/** The cells of a table row that are not empty, without the time. */
const cells = (line: string): string => line.split(/\s+/).slice(1).join(' ');

kernelTest(
  'fork, exec and exit of a process are told with who it was and how it ended',
  ['connector', 'compiler'],
  async () => {
    const directory = mkdtempSync(join(scratch(), 'cwd-'));
    const life = fixture('life');
    let pid = 0;
    const before = process.hrtime.bigint();
    const told = await inAllFormats([], async (all) => {
      const held = new Held(['exit', 3], { cwd: directory });
      pid = held.pid;
      await all.have(1, 'exec', pid);
      held.go();
      await held.done;
    });
    const after = process.hrtime.bigint();
    const [fork, exec, exit, ...more] = of(told.rows, pid);
    assert.deepEqual(more, []);

    assert.equal(fork.event, 'fork');
    assert.equal(fork.ppid, process.pid);
    assert.equal(fork.image, 'inherited');
    assert.equal((fork.args as string[])[0], process.argv0);

    assert.equal(exec.event, 'exec');
    assert.equal(exec.tid, pid);
    assert.equal(exec.ppid, process.pid);
    assert.equal(exec.comm, 'life');
    assert.equal(exec.exe, life);
    assert.deepEqual(exec.args, [life, 'exit', '3']);
    assert.equal(exec.cwd, directory);
    assert.equal(exec.uid, process.getuid?.());
    assert.equal(exec.image, undefined);

    assert.equal(exit.event, 'exit');
    assert.equal(exit.exit_code, 3);
    assert.equal(exit.wait_status, 3 << 8);
    assert.equal(exit.signal, undefined);
    assert.equal(exit.core_dumped, undefined);
    assert.deepEqual(exit.args, exec.args);
    const livedNs = Number(BigInt(exit.mono_ns) - BigInt(fork.mono_ns));
    assert.equal(exit.duration_s, Math.round(livedNs / 1000) / 1e6, 'the duration is from fork to exit');
    for (const { mono_ns } of [fork, exec, exit]) {
      assert.ok(BigInt(mono_ns) > before && BigInt(mono_ns) < after, 'stamps are of the monotonic clock');
    }

    const [prettyFork, prettyExec, prettyExit] = told.pretty(pid);
    assert.match(prettyFork, new RegExp(`^\\d\\d:\\d\\d:\\d\\d\\.\\d{3} +fork +${pid} +${process.pid} `));
    assert.match(prettyExec, new RegExp(` exec +${pid} .* ${life} exit 3$`));
    assert.match(prettyExit, new RegExp(` exit +${pid} .* exit 3 after .* · ${life} exit 3$`));
    const parent = process.pid;
    assert.deepEqual(told.table(pid).map(cells).slice(1), [
      `exec ${pid} ${pid} ${parent} life ${life} exit 3`,
      `exit ${pid} ${pid} ${parent} life 3 ${life} exit 3`,
    ]);
    assert.match(told.table(pid)[0], new RegExp(` fork +${pid} +${pid} +${parent} .* inherited `));
  },
);

kernelTest('a success, a signal and core dumps are told apart', ['connector', 'compiler'], async () => {
  const directory = mkdtempSync(join(scratch(), 'cores-'));
  const pids: Record<string, number> = {};
  const told = await inAllFormats(['-e', 'exit,coredump,fork,exec'], async ({ have }) => {
    pids.success = (await live(['exit', 0])).pid;
    pids.killed = (await live(['raise', 9])).pid;
    pids.core = (await live(['core', 1], { cwd: directory })).pid;
    pids.noCore = (await live(['core', 0], { cwd: directory })).pid;
    for (const pid of Object.values(pids)) await have(1, 'exit', pid);
  });
  const end = (name: string): Row => of(told.rows, pids[name]).filter(({ event }) => event === 'exit')[0];
  const hasFile = readdirSync(directory).some((name) => name.startsWith('core'));
  rmSync(directory, { recursive: true });

  assert.deepEqual(story(told.rows, pids.success), { A: ['fork', 'exec', 'exit 0'] });
  assert.deepEqual(story(told.rows, pids.killed), { A: ['fork', 'exec', 'exit SIGKILL'] });
  assert.equal(end('killed').core_dumped, false);
  assert.deepEqual(story(told.rows, pids.noCore), { A: ['fork', 'exec', 'coredump', 'exit SIGSEGV'] });
  assert.equal(end('noCore').core_dumped, false);
  assert.match(told.pretty(pids.killed).at(-1) ?? '', / SIGKILL (?:by itself )?after /);
  assert.match(told.pretty(pids.noCore).at(-2) ?? '', / coredump +\d+ .* dumps core · /);
  assert.match(told.pretty(pids.noCore).at(-1) ?? '', / SIGSEGV (?:by itself )?after /);
  assert.match(cells(told.table(pids.killed).at(-1) ?? ''), / SIGKILL false( |$)/);
  assert.equal(of(told.rows, pids.noCore).find(({ event }) => event === 'coredump')?.ppid, process.pid);
  if (!hasFile) return;
  assert.deepEqual(story(told.rows, pids.core), { A: ['fork', 'exec', 'coredump', 'exit SIGSEGV with core'] });
  assert.equal(end('core').core_dumped, true);
  assert.equal(end('core').wait_status, 11 | 0x80);
  assert.match(told.pretty(pids.core).at(-1) ?? '', / SIGSEGV \(core dumped\) (?:by itself )?after /);
  assert.match(cells(told.table(pids.core).at(-1) ?? ''), / SIGSEGV true( |$)/);
});

kernelTest(
  'changes of user, group, session and name are told with what is new',
  ['connector', 'compiler', 'root'],
  async () => {
    const pids: Record<string, number> = {};
    const told = await inAllFormats(['-e', 'uid,gid,sid,comm,exit'], async () => {
      pids.uid = (await live(['uid', 1, 2])).pid;
      pids.gid = (await live(['gid', 3, 4])).pid;
      pids.sid = (await live(['sid'])).pid;
      pids.prctl = (await live(['comm', Buffer.from('first name').toString('hex')])).pid;
      pids.proc = (await live(['proc-comm', Buffer.from('sixteen bytes or more').toString('hex')])).pid;
    });
    const short = (name: string): string[] =>
      of(told.rows, pids[name]).map((row) =>
        [row.event, row.ruid, row.euid, row.rgid, row.egid, row.event === 'comm' ? row.comm : undefined]
          .filter((part) => part !== undefined)
          .join(' '),
      );
    assert.deepEqual(short('uid'), ['uid 1 2', 'exit']);
    assert.deepEqual(short('gid'), ['gid 3 4', 'exit']);
    assert.deepEqual(short('sid'), ['sid', 'exit']);
    assert.deepEqual(short('prctl'), ['comm first name', 'exit']);
    assert.deepEqual(short('proc'), ['comm sixteen bytes o', 'exit']);
    assert.match(told.pretty(pids.uid)[0], / user (1|\w+), acting as (2|\w+) · /);
    assert.match(told.pretty(pids.gid)[0], / group 3, acting as 4 · /);
    assert.match(told.pretty(pids.sid)[0], / new session · /);
    assert.match(told.pretty(pids.prctl)[0], / now named first name · /);
    assert.match(cells(told.table(pids.uid)[0]), / 1 2$/);
    assert.match(cells(told.table(pids.gid)[0]), / 3 4$/);
    assert.equal(told.table(pids.sid).length, 2);
    assert.match(cells(told.table(pids.prctl)[0]), / first name( |$)/);
  },
);

kernelTest('a tracer that attaches and detaches is told', ['connector', 'compiler'], async () => {
  let tracer = 0;
  const told = await inAllFormats(['-e', 'ptrace,fork'], async () => {
    tracer = (await live(['ptrace'])).pid;
  });
  const { pid } = told.rows.find((row) => row.event === 'fork' && row.ppid === tracer) ?? assert.fail('no fork');
  const [attach, detach, ...more] = of(told.rows, pid).filter(({ event }) => event === 'ptrace');
  assert.deepEqual(more, []);
  assert.deepEqual([attach.attached, attach.tracer_pid, attach.tracer_tid], [true, tracer, tracer]);
  assert.deepEqual([detach.attached, detach.tracer_pid, detach.tracer_tid], [false, undefined, undefined]);
  assert.match(told.pretty(pid)[1], new RegExp(` traced by ${tracer} · `));
  assert.match(told.pretty(pid)[2], / let go by its tracer · /);
  assert.match(cells(told.table(pid)[1]), new RegExp(` true ${tracer}( |$)`));
  assert.match(cells(told.table(pid)[2]), / false( |$)/);
});

kernelTest('threads are told only where they are asked for', ['connector', 'compiler'], async () => {
  const life = fixture('life');
  const [byDefault, all, threads, clones] = await Promise.all([
    Watcher.start([]),
    Watcher.start(['-e', 'all']),
    Watcher.start(['--threads']),
    Watcher.start(['-e', 'clone', '--format', 'pretty']),
  ]);
  const { pid } = await run(life, ['threads', '3']);
  await Promise.all([byDefault, all, threads, clones].map((watcher) => watcher.stop()));
  assert.deepEqual(story(byDefault.rows, pid), { A: ['fork', 'exec', 'exit 0'] });
  assert.deepEqual(story(all.rows, pid), { A: ['fork', 'exec', 'exit 0'] });
  const rows = of(threads.rows, pid);
  assert.deepEqual(
    rows.filter(({ tid }) => tid === pid).map(({ event, thread }) => [event, thread]),
    [
      ['fork', undefined],
      ['exec', undefined],
      ['exit', undefined],
    ],
  );
  const tids = rows.flatMap(({ event, tid }) => (event === 'clone' ? [tid] : []));
  assert.equal(new Set(tids).size, 3);
  for (const tid of tids) {
    const [birth, end, ...more] = rows.filter((row) => row.tid === tid);
    assert.deepEqual(more, []);
    assert.equal(birth.event, 'clone');
    assert.deepEqual([end.event, end.thread, end.exit_code], ['exit', true, 0]);
  }
  assert.deepEqual(
    linesOf(clones.text, pid).map((line) => /thread (\d+) of /.exec(line)?.[1]),
    tids.map(String),
  );
});

kernelTest('the events asked for are a union, whatever their order', ['connector', 'compiler'], async () => {
  const asked = ['exit,nonzero-exit', 'nonzero-exit', 'fork,nonzero-exit', 'exec', 'nonzero-exit,exit'];
  const watchers = await Promise.all(asked.map((events) => Watcher.start(['-e', events])));
  const pids = [(await live(['exit', 0])).pid, (await live(['exit', 3])).pid, (await live(['raise', 15])).pid];
  await Promise.all(watchers.map((watcher) => watcher.stop()));
  const told = watchers.map(({ rows }) =>
    pids.map((pid) =>
      of(rows, pid)
        .map(({ event }) => event)
        .join(' '),
    ),
  );
  assert.deepEqual(told, [
    ['exit', 'exit', 'exit'],
    ['', 'exit', 'exit'],
    ['fork', 'fork exit', 'fork exit'],
    ['exec', 'exec', 'exec'],
    ['exit', 'exit', 'exit'],
  ]);
});

kernelTest(
  'arguments and names with control characters never reach a terminal raw, and JSON keeps every byte',
  ['connector', 'compiler'],
  async () => {
    const hostile = [
      Buffer.from('\x1b]0;x\x07\n'),
      Buffer.from('\u202egnp.exe'),
      Buffer.from([0xff, 0xfe, 0x41, 0x80]),
      Buffer.from('\u009b31m\x7f\r'),
      Buffer.from('back\\slash'),
    ];
    const name = Buffer.from([0x1b, 0x5d, 0x30, 0x3b, 0x78, 0x07, 0x0a, 0xff]);
    let pid = 0;
    let named = 0;
    const told = await inAllFormats(['-e', 'exec,exit,comm,fork'], async (all) => {
      const held = new Held(['exec-hex', ...hostile.map((bytes) => bytes.toString('hex'))]);
      pid = held.pid;
      held.go();
      await all.have(2, 'exec', pid);
      held.go();
      await held.done;
      named = (await live(['comm', name.toString('hex')])).pid;
    });
    const second = of(told.rows, pid).filter(({ event }) => event === 'exec')[1];
    const twins = (second.args_base64 as string[]).map((text) => Buffer.from(text, 'base64'));
    assert.deepEqual(twins.slice(3), hostile);
    assert.equal((second.args as string[]).length, twins.length);
    assert.equal((second.args as string[])[5], '\ufffd\ufffdA\ufffd');
    const comm = of(told.rows, named).find(({ event }) => event === 'comm');
    assert.deepEqual(Buffer.from(String(comm?.comm_base64), 'base64'), name);
    // Each event is one line, although there are line feeds in what it tells.
    assert.equal(told.pretty(pid).length, of(told.rows, pid).length);
    assert.equal(told.table(named).length, of(told.rows, named).length);
    for (const line of [...told.pretty(pid), ...told.table(pid), ...told.pretty(named), ...told.table(named)]) {
      assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\ufffd]/u);
    }
    const exec = told.pretty(pid).filter((line) => / exec /.test(line))[1];
    assert.match(exec, /\$'\\x1b\]0;x\\x07\\n' \$'\\u202egnp\.exe' \$'\\xff\\xfeA\\x80' \$'\\u009b31m\\x7f\\r'/);
  },
);

kernelTest('an ordinary user sees the events of everybody', ['connector', 'compiler', 'root'], async () => {
  const watcher = await Watcher.start([], { uid: NOBODY });
  const held = new Held(['exit', 4]);
  const { pid } = held;
  await watcher.row('the exec', (row) => row.pid === pid && row.event === 'exec');
  held.go();
  await held.done;
  const ended = await watcher.stop();
  assert.equal(ended.code, 143);
  assert.deepEqual(story(watcher.rows, pid), { A: ['fork', 'exec', 'exit 4'] });
  const exec = of(watcher.rows, pid)[1];
  assert.deepEqual(exec.args, [fixture('life'), 'exit', '4']);
});

kernelTest('200,000 events of 100,000 threads arrive and none is lost', ['connector', 'compiler'], async () => {
  const THREADS = 100_000;
  let pid = 0;
  const rows = await watching(['--threads', '--events', 'all'], async (watcher) => {
    const storm = await run(fixture('storm'), ['threads', String(THREADS)]);
    assert.equal(storm.code, 0);
    pid = storm.pid;
    await watcher.row('the exit of the storm', (row) => row.pid === pid && row.event === 'exit' && row.thread !== true);
  });
  const mine = of(rows, pid);
  const births = mine.filter(({ event }) => event === 'clone');
  const ends = mine.filter(({ event, thread }) => event === 'exit' && thread === true);
  assert.equal(births.length, THREADS);
  assert.equal(ends.length, THREADS);
  assert.equal(rows.filter(({ event }) => event === 'lost').length, 0);
  const end = rows.at(-1);
  assert.deepEqual([end?.event, end?.lost, end?.refused], ['end', 0, 0]);
});

kernelTest('forks are told with the image they inherit, marked as such', ['connector', 'compiler'], async () => {
  let pid = 0;
  const rows = await watching([], async (watcher) => {
    const held = new Held(['vfork', 6]);
    pid = held.pid;
    await watcher.row('the exec', (row) => row.pid === pid && row.event === 'exec');
    held.go();
    await held.done;
  });
  const child = rows.find((row) => row.event === 'fork' && row.ppid === pid);
  assert.equal(child?.image, 'inherited');
  assert.deepEqual(child?.args, [fixture('life'), 'vfork', '6']);
});

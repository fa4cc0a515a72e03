/**
 * A recording shows what the live watch showed, to the byte: one world is watched with the flags, watched again and recorded, and the
 * recording is read with the same flags. Nothing else of the world is there while it is read.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import * as dg from '../support/datagrams.ts';
import { at } from '../support/datagrams.ts';
import { runProgram, ScriptedHost } from '../support/scripted-host.ts';
import { ticksAt } from '../support/scripted-reader.ts';

process.env.TZ = 'UTC';

const NASTY = '\x1b]0;x\x07\n\u202e';

/** A shell of ada's below init, with a daemon of root's beside it. */
function people(host: ScriptedHost): void {
  host.reader
    .set(1, { comm: 'init', args: ['/sbin/init'], ppid: 0, uid: 0, startTicks: 0 })
    .set(50, { comm: 'cron', args: ['cron', '-f'], ppid: 1, uid: 0, startTicks: ticksAt(-70_000) })
    .set(100, {
      comm: 'bash',
      args: ['-bash'],
      exe: '/bin/bash',
      cwd: '/home/ada',
      ppid: 1,
      uid: 1000,
      startTicks: ticksAt(-60_000),
    });
}

/** One program that fails, one that is killed, and one of root's that changes its name and user. */
function story(host: ScriptedHost): void {
  const { connector, reader } = host;
  const time = (ms: number) => ({ time: at(ms), cpu: ms % 2 });
  const group = { cgroup: '/user.slice/user-1000.slice/session-1.scope' };
  connector.deliver(dg.fork(100, 200, time(1)));
  host.advance(2);
  reader.set(200, {
    comm: 'cat',
    args: ['cat', 'a file', NASTY],
    exe: '/bin/cat',
    cwd: '/home/ada',
    uid: 1000,
    ppid: 100,
    startTicks: ticksAt(0),
    ...group,
  });
  connector.deliver(dg.exec(200, time(2)));
  host.advance(10);
  connector.deliver(dg.fork(200, 201, time(12)), dg.fork(200, { tid: 202, tgid: 200 }, time(13)));
  host.advance(3);
  connector.deliver(dg.exit(201, 9, 200, time(15)));
  host.advance(1);
  reader.remove(200);
  connector.deliver(dg.exit({ tid: 202, tgid: 200 }, 0, 0, time(16)), dg.exit(200, 0x100, 100, time(17)));
  host.advance(5);
  connector.deliver(dg.fork(50, 300, time(22)));
  host.advance(1);
  reader.set(300, {
    comm: 'job',
    args: ['/etc/job', '--token=hunter2'],
    exe: '/etc/job',
    cwd: '/',
    uid: 0,
    ppid: 50,
    startTicks: ticksAt(20),
  });
  connector.deliver(dg.exec(300, time(23)), dg.comm(300, 'renamed', time(24)), dg.uid(300, 1000, 1000, time(25)));
  connector.deliver(dg.sid(300, time(26)), dg.ptrace(300, 100, time(27)), dg.gid(300, 5, 6, time(28)));
  host.advance(10);
  reader.remove(300);
  connector.deliver(dg.coredump(300, 50, time(33)), dg.exit(300, 139, 50, time(33)));
  host.advance(1);
}

async function live(...argv: string[]) {
  const host = new ScriptedHost({ argv });
  people(host);
  const code = await runProgram(host, () => {
    story(host);
    host.signal('SIGINT');
  });
  return { code, out: host.stdout.text, said: host.stderr.text.replace(NOT_YET, '') };
}

/** Who is not there when a watch begins is told to who watches. */
const NOT_YET = /^procwatch: --(?:pid|tree) \d+: there is no such process; .*\n/gm;

/** Reads it where there is nothing but the recording. */
async function replay(recording: string | Uint8Array, ...argv: string[]) {
  const host = new ScriptedHost({ argv: [...argv, '-r', 'night.jsonl'] });
  host.userNames.clear();
  host.kernel = () => Promise.reject(new Error('a recording asks nothing of a kernel'));
  host.snapshotKernel = () => Promise.reject(new Error('a recording asks nothing of a kernel'));
  host.openFile('night.jsonl').write(recording as Uint8Array);
  const code = await runProgram(host);
  return { code, out: host.stdout.text, said: host.stderr.text };
}

const WHOLE = ['--json', '--meta', '--state', '--full', '-e', 'all,clone', '--threads'];
const { out: NIGHT } = await live(...WHOLE);

const FLAGS: readonly (readonly string[])[] = [
  [],
  ['-e', 'all,clone', '--threads'],
  ['--color', 'always'],
  ['-f', 'table'],
  ['-f', 'table', '-e', 'all', '--columns', 'time,event,pid,comm,exit_code,unit,ancestry,start_time,tracer_pid,euid'],
  ['--json'],
  ['--json', '--full', '--ancestry', '-e', 'all'],
  ['--json', '--state'],
  ['--json', '-e', 'exec,exit'],
  ['--lives'],
  ['--lives', '--json'],
  ['-S'],
  ['-qS'],
  ['-n', '3'],
  ['--pid', '200'],
  ['--not-pid', '300'],
  ['--tree', '100', '--json'],
  ['--tree', '50'],
  ['--tree', '300'],
  ['--not-tree', '100'],
  ['--user', 'ada', '--not-pid', '300'],
  ['--not-user', 'ada', '--json', '-e', 'fork,exec'],
  ['--user', '0'],
  ['--name', 'c*'],
  ['--not-name', 'cat'],
  ['--grep', 'a file'],
  ['--cgroup', '/user*'],
  ['--code', '1'],
  ['--not-code', '1'],
  ['--signal', 'KILL,SEGV'],
  ['--not-signal', 'KILL'],
];

for (const flags of FLAGS) {
  test(`with ${flags.join(' ') || 'no flags'} a recording shows what the live watch showed`, async () => {
    assert.deepEqual(await replay(NIGHT, ...flags), await live(...flags));
  });
}

test('with all that was recorded a recording gives itself', async () => {
  const { out } = await replay(NIGHT, ...WHOLE);
  assert.equal(out, NIGHT);
});

test('a compressed recording shows the same', async () => {
  assert.deepEqual(await replay(gzipSync(NIGHT)), await live());
});

test('members that nobody knows are passed on in JSON', async () => {
  const { out } = await replay(
    NIGHT.replaceAll('"event":"exec"', '"novel":{"a":[1.0]},"event":"exec"'),
    '--json',
    '-e',
    'exec',
  );
  assert.equal(out.match(/,"novel":\{"a":\[1\.0\]\}\}\n/g)?.length, 2);
});

test('what comes before --since and after --until is not shown', async () => {
  const shown = async (...argv: string[]) =>
    (await replay(NIGHT, ...argv)).out.split('\n').map((line) => line.slice(0, 12));
  const all = await shown();
  const some = await shown('--since', '2001-09-09T01:46:40.015Z', '--until', '2001-09-09T01:46:40.0225Z');
  assert.deepEqual(some, [
    ...all.filter((time) => time >= '01:46:40.015' && time <= '01:46:40.022' && time !== ''),
    '',
  ]);
  assert.deepEqual(await shown('--since', '-12ms'), await shown('--since', '2001-09-09T01:46:40.022Z'));
  assert.deepEqual(await shown('--since', '01:46:40'), all);
  assert.deepEqual(await shown('--since', '01:46:00', '--until', '01:46:40'), ['']);
});

test('several recordings are one, in the order of time', async () => {
  const lines = NIGHT.split('\n').slice(0, -1);
  const odd = lines.filter((_, i) => i % 2 === 1).join('\n');
  const even = lines.filter((_, i) => i % 2 === 0).join('\n');
  const host = new ScriptedHost({ argv: ['-r', 'odd', '-r', 'even'] });
  host.openFile('odd').write(odd);
  host.openFile('even').write(even);
  assert.equal(await runProgram(host), 0);
  assert.equal(host.stdout.text, (await live()).out);
});

test('a pattern is all files of that name', async () => {
  const lines = NIGHT.split('\n').slice(0, -1);
  const host = new ScriptedHost({ argv: ['-r', 'a/night*.jsonl'] });
  host.openFile('a/night.jsonl').write(lines.slice(9).join('\n'));
  host.openFile('a/night.000001.jsonl').write(lines.slice(0, 9).join('\n'));
  host.openFile('a/other.jsonl').write(NIGHT);
  assert.equal(await runProgram(host), 0);
  assert.equal(host.stdout.text, (await live()).out);
  const none = new ScriptedHost({ argv: ['-r', 'a/x*'] });
  assert.equal(await runProgram(none), 2);
  assert.equal(none.stderr.text, 'procwatch: no recording is called a/x*\n');
});

test('what means nothing for a recording is refused by its name, and the other way round', async () => {
  for (const flag of [
    ['-d', '1s'],
    ['--buffer', '1M'],
    ['--argv-source', 'bpf'],
    ['--keep-privileges'],
    ['--no-order'],
    ['--append'],
  ]) {
    const { code, said } = await replay(NIGHT, ...flag);
    assert.equal(code, 2, flag.join(' '));
    assert.match(said, /^procwatch: --[a-z-]+ is for watching live: it means nothing for a recording\n/);
  }
  const host = new ScriptedHost({ argv: ['--since', '03:00'] });
  assert.equal(await runProgram(host), 2);
  assert.match(host.stderr.text, /^procwatch: --since is for a recording\nhint: say which with --read FILE\n/);
});

test('what is no record is told on stderr, and with --strict the end says so too', async () => {
  const bad = NIGHT.replace('\n', '\nwhat is \x1b[2Jthis\n');
  const { code, out, said } = await replay(bad);
  assert.equal(code, 0);
  assert.equal(out, (await live()).out);
  assert.equal(said, 'procwatch: night.jsonl: line 2 is no record, and was passed over\n');
  assert.equal((await replay(bad, '--strict')).code, 1);
  assert.equal((await replay(NIGHT, '--strict')).code, 0);
});

test('a recording that is not there, or has times that contradict, is told', async () => {
  const host = new ScriptedHost({ argv: ['-r', 'no\nwhere'] });
  assert.equal(await runProgram(host), 2);
  assert.match(host.stderr.text, /^procwatch: cannot read no\\nwhere: ENOENT/);
  const { code, said } = await replay(NIGHT, '--since', '2020-01-01T00:00Z', '--until', '2019-01-01T00:00Z');
  assert.equal(code, 2);
  assert.equal(said, 'procwatch: --until is before --since\n');
});

test('arguments, or what a pattern finds in them, are taken out before anything sees them', async () => {
  assert.match((await replay(NIGHT, '--redact', 'hunter[0-9]')).out, /--token=\*\*\*/);
  assert.ok(!(await replay(NIGHT, '--no-args')).out.includes('token'));
  assert.ok(!(await replay(NIGHT, '--no-args', '--grep', 'token')).out.includes('job'));
});

const psAt = (...argv: string[]) =>
  replay(NIGHT, 'ps', '--columns', 'pid,ppid,user,comm,args,start_time,rss_kib', ...argv);

test('ps shows who was there at a moment, and leaves out what no recording tells', async () => {
  const { code, out } = await psAt('--at', '2001-09-09T01:46:40.014Z');
  assert.equal(code, 0);
  assert.deepEqual(
    out.split('\n').map((line) => line.replace(/ +/g, ' ').trim()),
    [
      'PID PPID USER COMM ARGS START_TIME RSS_KIB',
      '1 0 root init /sbin/init 2001-09-09T01:30:00.000000000Z',
      '50 1 root cron cron -f 2001-09-09T01:45:30.000000000Z',
      '100 1 ada bash -bash 2001-09-09T01:45:40.000000000Z',
      "200 100 ada cat cat 'a file' $'\\x1b]0;x\\x07\\n\\u202e' 2001-09-09T01:46:40.000000000Z",
      "201 200 ada cat cat 'a file' $'\\x1b]0;x\\x07\\n\\u202e' 2001-09-09T01:46:40.010000000Z",
      '',
    ],
  );
});

test('ps selects as it does live, and says who was not there', async () => {
  const pids = (text: string) =>
    text
      .split('\n')
      .slice(1, -1)
      .map((line) => Number.parseInt(line, 10));
  assert.deepEqual(pids((await psAt('--at', '2001-09-09T01:46:40.014Z', '--tree', '100')).out), [100, 200, 201]);
  assert.deepEqual(pids((await psAt('--user', 'root')).out), [1, 50]);
  const missing = await psAt('--pid', '200');
  assert.equal(missing.code, 127);
  assert.equal(missing.said, 'procwatch: there was no process 200\n');
  const early = await psAt('--at', '2001-09-09T01:00:00Z');
  assert.equal(early.code, 2);
  assert.match(early.said, /^procwatch: the recording begins later, at 2001-09-09T01:46:40\.\d+Z\n/);
});

test('the tree of a recording is drawn as run draws it', async () => {
  const { code, out } = await replay(NIGHT, 'tree', '--tree', '100');
  assert.equal(code, 0);
  assert.deepEqual(
    out.split('\n').map((line) => line.replace(/ {2,}/g, '  ').trimEnd()),
    [
      '-bash  +0µs  still running',
      "└─ cat 'a file' $'\\x1b]0;x\\x07\\n\\u202e'  +1m00s  16.0ms  exit 1",
      "  └─ (cat 'a file' $'\\x1b]0;x\\x07\\n\\u202e')  +1m00s  3.00ms  SIGKILL",
      '',
    ],
  );
});

test('stat counts a recording', async () => {
  const { code, out } = await replay(NIGHT, 'stat', '--json');
  assert.equal(code, 0);
  const rows = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual(
    rows.map(({ command: name, forks, execs, exits, failures }) => [name, forks, execs, exits, failures]).sort(),
    [
      ['bash', 1, 0, 0, 0],
      ['cat', 1, 1, 2, 2],
      ['cron', 1, 0, 0, 0],
      ['job', 0, 1, 0, 0],
      ['renamed', 0, 0, 1, 1],
    ],
  );
});

test('the processes of two machines are not mixed, whatever their numbers are', async () => {
  const other = NIGHT.replaceAll('00000000-0000-4000-8000-000000000001', 'another').replaceAll(
    '"pid":100,',
    '"pid":101,',
  );
  const host = new ScriptedHost({ argv: ['-r', 'a', '-r', 'b', '--tree', '101', '--json', '-e', 'fork'] });
  host.openFile('a').write(NIGHT);
  host.openFile('b').write(other.replaceAll('"ppid":100,', '"ppid":101,'));
  assert.equal(await runProgram(host), 0);
  assert.equal(host.stdout.text.split('\n').length - 1, 2);
});

test('a user is chosen by the name that a record has, and not by what has its number elsewhere', async () => {
  const host = new ScriptedHost({ argv: ['-r', 'a', '-r', 'b', '--user', 'ada', '-e', 'exec', '--json'] });
  host.openFile('a').write(NIGHT);
  host.openFile('b').write(NIGHT.replaceAll('"user":"ada"', '"user":"bob"'));
  assert.equal(await runProgram(host), 0);
  assert.doesNotMatch(host.stdout.text, /bob/);
  assert.match(host.stdout.text, /"user":"ada"/);
});

test('a recording that still grows is followed, also where another file takes its name', async () => {
  const [first, ...rest] = NIGHT.split('\n').map((line) => `${line}\n`);
  const host = new ScriptedHost({ argv: ['-r', 'night.jsonl', '--follow', '-f', 'pretty'] });
  const file = host.openFile('night.jsonl');
  file.write(first);
  const done = runProgram(host);
  const turn = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      host.advance(100);
    }
  };
  // What follows a file is loaded when it is first needed, which takes its time.
  const until = async (isSo: () => boolean): Promise<void> => {
    for (let turns = 0; !isSo(); turns++) {
      assert.ok(turns < 2000, host.stdout.text);
      await turn();
    }
  };
  // As far as the third that is shown.
  const third = rest.findIndex((line) => /"event":"(?:fork|exec|exit)"/.test(line)) + 3;
  const begun = rest.slice(0, third).join('');
  const lines = (): number => host.stdout.text.split('\n').length - 1;
  const { out } = await live();
  file.write(begun.slice(0, -20));
  await until(() => lines() > 0);
  const before = lines();
  file.write(begun.slice(-20));
  await until(() => lines() > before);
  host.fileSystem.rename('night.jsonl', 'night.000001.jsonl');
  host.openFile('night.jsonl').write(rest.slice(third, -1).join(''));
  await until(() => host.stdout.text.length >= out.length);
  host.signal('SIGINT');
  let code: number | undefined;
  done.then((ended) => {
    code = ended;
  });
  await until(() => code !== undefined);
  assert.equal(code, 0);
  assert.equal(host.stdout.text, (await live()).out);
});

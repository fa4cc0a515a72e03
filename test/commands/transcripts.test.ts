/**
 * The program as a person meets it: the real `main`, in a scripted world, compared line by line with transcripts in test/golden
 * (command, stdout, stderr, exit code). `UPDATE_GOLDEN=1 node --import=tsx --test test/commands/transcripts.test.ts` writes them anew;
 * then read the difference as a reviewer would.
 */
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import * as dg from '../support/datagrams.ts';
import { at } from '../support/datagrams.ts';
import { runProgram, ScriptedHost, type World } from '../support/scripted-host.ts';
import { ticksAt } from '../support/scripted-reader.ts';

process.env.TZ = 'UTC';

const FOLDER = fileURLToPath(new URL('../golden/', import.meta.url));

interface Scene extends World {
  /** What it shows; also the name of its file. */
  readonly name: string;
  readonly argv: readonly string[];
  readonly act?: (host: ScriptedHost) => void | Promise<void>;
  /** After a recovery the host's count of listeners is left as it is. */
  readonly keepsCount?: true;
}

/** A shell of ada's, and init. */
function people(host: ScriptedHost): void {
  host.reader.set(1, { comm: 'init', args: ['/sbin/init'], ppid: 0, uid: 0, startTicks: 0 }).set(100, {
    comm: 'bash',
    args: ['-bash'],
    exe: '/bin/bash',
    cwd: '/home/ada',
    uid: 1000,
    startTicks: ticksAt(-60_000),
  });
}

const CAT = {
  comm: 'cat',
  args: ['cat', 'a file'],
  exe: '/bin/cat',
  cwd: '/home/ada',
  uid: 1000,
  ppid: 100,
  startTicks: ticksAt(0),
  cgroup: '/user.slice/user-1000.slice/session-1.scope',
};

/** bash runs `cat 'a file'`, which fails; time passes as it would. */
function life(host: ScriptedHost, pid = 200, status = 0x100): void {
  const now = (host.nowNs - at(0)) / 1_000_000n;
  const time = (ms: number) => ({ time: at(Number(now) + ms) });
  host.connector.deliver(dg.fork(100, pid, { ...time(1), cpu: 1 }));
  host.advance(2);
  host.reader.set(pid, { ...CAT, startTicks: ticksAt(Number(now)) });
  host.connector.deliver(dg.exec(pid, { ...time(2), cpu: 1 }));
  host.advance(10);
  host.reader.remove(pid);
  host.connector.deliver(dg.exit(pid, status, 100, { ...time(11.25), cpu: 0 }));
  host.advance(1);
}

/** One event of every kind, and a thread. */
function everyKind(host: ScriptedHost): void {
  const time = (ms: number) => ({ time: at(ms) });
  const { connector } = host;
  connector.deliver(dg.fork(100, 200, time(1)));
  host.advance(2);
  host.reader.set(200, CAT);
  connector.deliver(dg.exec(200, time(2)));
  host.advance(8);
  connector.deliver(
    dg.comm(200, 'renamed', time(3)),
    dg.uid(200, 1000, 0, time(4)),
    dg.gid(200, 100, 100, time(5)),
    dg.sid(200, time(6)),
    dg.ptrace(200, 100, time(7)),
    dg.ptrace(200, 0, time(8)),
    dg.fork(100, { tid: 201, tgid: 200 }, time(8.25)),
    dg.exit({ tid: 201, tgid: 200 }, 0, 0, time(8.5)),
    dg.coredump(200, 100, time(9)),
  );
  host.reader.remove(200);
  connector.deliver(dg.exit(200, 139, 100, time(9.75)));
}

const stop = (host: ScriptedHost): void => host.signal('SIGINT');
const play =
  (...acts: ((host: ScriptedHost) => void)[]) =>
  (host: ScriptedHost): void => {
    for (const act of acts) act(host);
  };
const ALL = ['-e', 'all,clone', '--threads'];
const NASTY = '\x1b]0;x\x07\n\u202e';

const SCENES: readonly Scene[] = [
  { name: 'default', argv: [], act: play((host) => life(host), stop) },
  {
    name: 'default on a terminal',
    argv: [],
    terminal: { width: 90, height: 24 },
    act: play((host) => life(host), stop),
  },
  { name: 'every kind, pretty', argv: ALL, act: play(everyKind, stop) },
  { name: 'every kind, pretty in colour', argv: [...ALL, '--color', 'always'], act: play(everyKind, stop) },
  { name: 'every kind, json', argv: [...ALL, '--json'], act: play(everyKind, stop) },
  { name: 'every kind, table', argv: [...ALL, '--format', 'table'], act: play(everyKind, stop) },
  {
    name: 'table with chosen columns',
    argv: ['-f', 'table', '--columns', 'event,pid,comm,exit_code,unit'],
    act: play((host) => life(host), stop),
  },
  {
    name: 'json with full and ancestry',
    argv: ['--json', '--full', '--ancestry'],
    act: play((host) => life(host), stop),
  },
  {
    name: 'lives',
    argv: ['--lives'],
    act: play(
      (host) => life(host),
      (host) => life(host, 300, 9),
      stop,
    ),
  },
  {
    name: 'failures only',
    argv: ['-e', 'nonzero-exit'],
    act: play(
      (host) => life(host),
      (host) => life(host, 300, 0),
      stop,
    ),
  },
  {
    name: 'one pid',
    argv: ['--pid', '300'],
    act: play(
      (host) => life(host),
      (host) => life(host, 300),
      stop,
    ),
  },
  { name: 'not one user', argv: ['--not-user', 'ada'], act: play((host) => life(host), stop) },
  { name: 'a name', argv: ['--name', 'c?t', '-e', 'exec,exit'], act: play((host) => life(host), stop) },
  {
    name: 'a signal',
    argv: ['--signal', 'kill'],
    act: play(
      (host) => life(host),
      (host) => life(host, 300, 9),
      stop,
    ),
  },
  {
    name: 'meta, json',
    argv: ['--json', '--meta', '-e', 'exit'],
    act: play((host) => host.connector.deliver(dg.exit(7, 0x300, 1, { time: at(1) })), stop),
  },
  { name: 'a count', argv: ['-n', '2'], act: (host) => life(host) },
  {
    name: 'a duration',
    argv: ['-d', '500ms'],
    act: play(
      (host) => life(host),
      (host) => host.advance(500),
    ),
  },
  { name: 'summary', argv: ['-S'], act: play((host) => life(host), stop) },
  {
    name: 'quiet with summary',
    argv: ['-qS'],
    act: play(
      (host) => life(host),
      (host) => host.connector.drop(5),
      (host) => host.connector.wake(),
      stop,
    ),
  },
  { name: 'quiet', argv: ['-q'], act: play((host) => life(host), stop) },
  ...(['pretty', 'json', 'table'] as const).map((format) => ({
    name: `lost records, ${format}`,
    argv: ['-f', format],
    act: play(
      (host) => host.advance(500),
      (host) => {
        host.connector.emit(dg.fork(100, 200, { time: at(499) }));
        host.connector.drop(1234);
        host.connector.wake();
      },
      (host) => {
        host.reader.set(400, { ...CAT, comm: 'new', startTicks: ticksAt(400) });
        host.advance(300);
      },
      stop,
    ),
  })),
  {
    name: 'fail on loss',
    argv: ['--fail-on-loss'],
    act: play(
      (host) => host.connector.drop(1),
      (host) => host.connector.wake(),
      stop,
    ),
  },
  { name: 'fail on loss, without any', argv: ['--fail-on-loss'], act: play((host) => life(host), stop) },
  {
    name: 'starved and recovered',
    keepsCount: true,
    argv: ['--json', '--fail-on-loss'],
    act: play(
      (host) => {
        host.connector.listeners = 0;
      },
      (host) => life(host),
      (host) => host.advance(5000),
      (host) => life(host, 300),
      stop,
    ),
  },
  {
    name: 'forged and malformed datagrams',
    argv: ['--json', '--meta'],
    act: play(
      (host) => host.connector.forge(4711, dg.fork(1, 2), dg.exit(100, 9)),
      (host) => host.connector.inject(new Uint8Array(20), dg.datagram(0x400, [1, 1])),
      (host) => host.connector.wake(),
      stop,
    ),
  },
  {
    name: 'slow reader',
    argv: ['--json', '--queue', '1k', '--meta'],
    act: play(
      (host) => life(host),
      (host) => {
        host.stdout.waiting = 4096;
      },
      (host) => life(host, 300),
      (host) => {
        host.stdout.waiting = 0;
      },
      (host) => life(host, 400),
      stop,
    ),
  },
  ...(['pretty', 'json', 'table'] as const).map((format) => ({
    name: `names that attack the terminal, ${format}`,
    argv: ['-f', format, '-e', 'exec'],
    act: play((host) => {
      const args = ['evil', NASTY, { text: 'a\ufffd', bytes: new Uint8Array([0x61, 0xff]) }];
      host.reader.set(200, { ...CAT, comm: NASTY, args, exe: NASTY, cwd: NASTY, uid: 7 });
      host.userNames.set(7, NASTY);
      host.connector.deliver(dg.exec(200, { time: at(2) }));
    }, stop),
  })),
  {
    name: 'SIGTERM',
    argv: [],
    act: play(
      (host) => life(host),
      (host) => host.signal('SIGTERM'),
    ),
  },
  { name: 'SIGHUP', argv: [], act: (host) => host.signal('SIGHUP') },
  {
    name: 'the reader is gone',
    argv: ['--json'],
    act: play(
      (host) => life(host),
      (host) => host.stdout.fail('EPIPE'),
    ),
  },
  { name: 'the disk is full', argv: ['--json'], act: (host) => host.stdout.fail('ENOSPC') },
  { name: 'an output file that cannot be', argv: ['-o', '/nowhere/x'] },
  {
    name: 'a small queue granted',
    argv: ['--buffer', '1G', '-n', '1'],
    connector: { rmemMax: 4096 },
    act: (host) => life(host),
  },
  {
    name: 'an old kernel',
    argv: ['--json', '--meta', '-n', '1'],
    connector: { kind: 'old' },
    act: (host) => life(host),
  },
  { name: 'an old kernel without privilege', argv: [], connector: { kind: 'old', joinErrno: 1 } },
  { name: 'an old kernel that answers EPERM', argv: [], connector: { kind: 'old-unprivileged' } },
  { name: 'a pid namespace', argv: [], connector: { kind: 'silent' }, circumstances: { initialPidNamespace: false } },
  { name: 'a user namespace', argv: [], connector: { kind: 'silent' }, circumstances: { initialUserNamespace: false } },
  { name: 'a network namespace', argv: [], connector: { kind: 'refusing' }, circumstances: { connectorListed: false } },
  { name: 'a kernel without connector', argv: [], connector: { openErrno: 93 } },
  { name: 'silence without a reason', argv: [], connector: { kind: 'silent' } },
  { name: 'an unknown event', argv: ['-e', 'exti'] },
  { name: 'an unknown flag', argv: ['--evnts', 'exit'] },
  { name: 'an unknown command', argv: ['wach'] },
  { name: 'a word that no command takes', argv: ['-q', '\x1b[2Jx'] },
  { name: 'a word after a command that takes none', argv: ['watch', 'make'] },
  { name: 'help about an unknown command', argv: ['help', 'stta'] },
  { name: 'a word too many', argv: ['events', 'fork'] },
  { name: 'a flag with a line break', argv: [`--${NASTY}`] },
  { name: 'a user id too large', argv: ['--user', '4294967295'] },
  { name: 'a missing value', argv: ['-n'] },
  { name: 'a wrong count', argv: ['-n', '0'] },
  { name: 'a wrong time', argv: ['-d', 'soon'] },
  { name: 'a wrong column', argv: ['-f', 'table', '--columns', 'pdi'] },
  { name: 'formats that contradict', argv: ['--json', '-f', 'table'] },
  { name: 'a user who is not there', argv: ['--user', 'nobody-here'] },
  { name: 'a broken pattern', argv: ['--grep', '('] },
  { name: 'a flag with an escape sequence', argv: ['-f', NASTY] },
];

/** Escape characters made visible, so that a transcript can be read and compared by people. */
const visible = (text: string): string => text.replaceAll('\x1b', '␛');

function section(title: string, text: string): string {
  return `--- ${title}\n${visible(text)}${text === '' || text.endsWith('\n') ? '' : '\n(no newline)\n'}`;
}

const fileOf = ({ name }: Scene): string => `${name.replaceAll(/[ ,]+/g, '-')}.txt`;

async function transcript(scene: Scene): Promise<string> {
  const host = new ScriptedHost(scene);
  people(host);
  const code = await runProgram(host, () => scene.act?.(host));
  assert.equal(host.timersLeft, 0, 'no timer is left');
  assert.ok(
    host.connector.sockets.every(({ closed }) => closed),
    'every socket is closed',
  );
  if (!scene.keepsCount) assert.equal(host.connector.listeners, 0, 'the kernel is told that nobody listens any more');
  const command = ['procwatch', ...scene.argv.map((word) => (/^[\w/.,=-]+$/.test(word) ? word : JSON.stringify(word)))];
  return `$ ${command.join(' ')}\n${section('stdout', host.stdout.text)}${section('stderr', host.stderr.text)}--- exit code ${code}\n`;
}

for (const scene of SCENES) {
  test(`transcript: ${scene.name}`, async () => {
    const file = `${FOLDER}${fileOf(scene)}`;
    const found = await transcript(scene);
    if (process.env.UPDATE_GOLDEN || !existsSync(file)) {
      assert.ok(process.env.UPDATE_GOLDEN, `${fileOf(scene)} is not there: write it with UPDATE_GOLDEN=1`);
      writeFileSync(file, found);
    }
    assert.equal(found, readFileSync(file, 'utf8'));
  });
}

test('each transcript belongs to a scene', () => {
  assert.deepEqual(readdirSync(FOLDER).sort(), SCENES.map(fileOf).sort());
});

/** What run does about what its command has left, and about time that is over, told second by second. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TimeLimit } from '../../src/commands/run-limit.ts';
import { Rest, type RestOptions } from '../../src/commands/run-rest.ts';
import { Signals } from '../../src/commands/run-signals.ts';
import { CommandTree } from '../../src/commands/run-tree.ts';
import { StatusLine } from '../../src/commands/status-line.ts';
import { LifeTree } from '../../src/format/life-tree.ts';
import type { Child } from '../../src/host/host.ts';
import { unheard } from '../../src/process/teller.ts';
import { ScriptedHost } from '../support/scripted-host.ts';

const COMMAND = 500;
const LEFT = 501;
const [SIGINT, SIGTERM, SIGCONT, SIGKILL, SIGUSR1] = [2, 15, 18, 9, 10];
const WAITS: RestOptions = { all: false, allTimeout: undefined, killLeft: false, killAfter: undefined };

async function stage(limits: { timeout?: number; signal?: number; killAfter?: number } = {}) {
  const host = new ScriptedHost();
  const kernel = await host.kernel();
  const lives = new LifeTree(['job']);
  const events = { wake() {}, settled: async () => {}, isCertain: true };
  const tree = new CommandTree(host, kernel, events, lives);
  const signals = new Signals(host, kernel);
  const toCommand: (string | number)[] = [];
  let end: (status: number) => void = () => {};
  const command: Child = {
    pid: COMMAND,
    ended: new Promise((resolve) => {
      end = resolve;
    }),
    kill: (signal) => void toCommand.push(signal),
  };
  const tell = (event: 'fork' | 'exec' | 'exit', pid: number, rest = {}) => {
    lives.add({ ...unheard('exit', pid, {}, host.now()), event, inferred: false, ...rest });
  };
  tell('fork', COMMAND, { ppid: host.pid });
  tell('fork', LEFT, { ppid: COMMAND });
  tell('exec', LEFT, { image: { comm: 'daemon', args: ['daemon', '--it'] } });
  tree.begin(command);
  signals.give(command);
  const limit = new TimeLimit(host, tree, { timeout: undefined, signal: SIGTERM, killAfter: undefined, ...limits });
  const rest = new Rest(host, tree, limit, signals, new StatusLine(host.stderr));
  let isOver = false;
  return {
    host,
    toCommand,
    limit,
    signals,
    begin(options: Partial<RestOptions>) {
      tell('exit', COMMAND, { exit: { waitStatus: 0 } });
      end(0);
      void rest.end({ ...WAITS, ...options }).then(() => {
        isOver = true;
      });
    },
    ends(pid: number) {
      tell('exit', pid, { exit: { waitStatus: 0 } });
      rest.news();
    },
    async isOver() {
      for (let i = 0; i < 10; i++) await Promise.resolve();
      return isOver;
    },
    /** To what the command has left. */
    get sent() {
      return host.killed.map(([pid, signal]) => (pid === LEFT ? signal : `to ${pid}`));
    },
  };
}

test('without --all nobody is waited for, and nothing is said', async () => {
  const { begin, isOver, host } = await stage();
  begin({});
  assert.equal(await isOver(), true);
  assert.deepEqual([host.stderr.text, host.timersLeft], ['', 0]);
});

test('--all waits for all, and says after two seconds for whom, once where there is no terminal', async () => {
  const { begin, isOver, ends, host } = await stage();
  begin({ all: true });
  host.advance(1999);
  assert.equal(host.stderr.text, '');
  host.advance(60_000);
  assert.equal(await isOver(), false);
  assert.equal(host.stderr.text, `procwatch: waiting for a process that the command has left: ${LEFT} daemon --it\n`);
  ends(LEFT);
  assert.equal(await isOver(), true);
});

test('--all-timeout gives up, --kill-left asks first and kills then', async () => {
  const patient = await stage();
  patient.begin({ allTimeout: 1000 });
  patient.host.advance(999);
  assert.equal(await patient.isOver(), false);
  patient.host.advance(1);
  assert.deepEqual([await patient.isOver(), patient.sent], [true, []]);

  const killing = await stage();
  killing.begin({ allTimeout: 1000, killLeft: true });
  killing.host.advance(1000);
  assert.equal(await killing.isOver(), false);
  assert.deepEqual(killing.sent, [SIGTERM, SIGCONT]);
  killing.host.advance(5000);
  assert.deepEqual(killing.sent, [SIGTERM, SIGCONT, SIGKILL]);
  killing.ends(LEFT);
  assert.equal(await killing.isOver(), true);
  assert.equal(killing.host.timersLeft, 0);
});

test('a signal after the end of the command ends the waiting; with --kill-left the next one ends the killing', async () => {
  const waiting = await stage();
  waiting.begin({ all: true });
  assert.equal(await waiting.isOver(), false);
  waiting.host.signal('SIGINT');
  assert.deepEqual([await waiting.isOver(), waiting.toCommand, waiting.signals.cut], [true, [], SIGINT]);

  const killing = await stage();
  killing.begin({ allTimeout: 9000, killLeft: true });
  await killing.isOver();
  killing.host.signal('SIGINT');
  assert.deepEqual([await killing.isOver(), killing.sent], [false, [SIGTERM, SIGCONT]]);
  killing.host.signal('SIGTERM');
  assert.equal(await killing.isOver(), true);
  assert.equal(killing.host.timersLeft, 0);
});

test('--timeout sends its signal to all, then KILL again and again until nothing is left', async () => {
  const {
    host,
    limit,
    toCommand,
    sent: _,
    ...stageRest
  } = await stage({ timeout: 3000, signal: SIGUSR1, killAfter: 500 });
  host.advance(2999);
  assert.deepEqual([limit.isOver, toCommand], [false, []]);
  host.advance(1);
  assert.equal(limit.isOver, true);
  assert.deepEqual(toCommand, [SIGUSR1, SIGCONT]);
  host.advance(500);
  assert.deepEqual(toCommand, [SIGUSR1, SIGCONT, SIGKILL]);
  stageRest.begin({});
  assert.equal(await stageRest.isOver(), false, 'what the command has left is still there');
  host.advance(200);
  assert.ok(host.killed.filter(([, signal]) => signal === SIGKILL).length > 2);
  stageRest.ends(LEFT);
  assert.equal(await stageRest.isOver(), true);
  limit.cancel();
  assert.equal(host.timersLeft, 0);
});

test('what is not ours to end is told, and not killed for ever', async () => {
  const { host, begin, isOver, sent } = await stage();
  begin({ killLeft: true, killAfter: 100 });
  host.advance(100);
  assert.equal(await isOver(), false);
  host.advance(60_000);
  assert.equal(await isOver(), true);
  assert.match(host.stderr.text, /procwatch: could not end a process that the command has left: 501 daemon --it\n$/);
  assert.deepEqual([sent.at(-1) ?? SIGKILL, host.timersLeft], [SIGKILL, 0]);
});

test('a time of 0 is no limit', async () => {
  const { host, limit } = await stage({ timeout: 0 });
  host.advance(1e9);
  assert.equal(limit.isOver, false);
});

/** `procwatch stat` on a scripted terminal: its pace, its keys, its ways out, and what it leaves behind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ENTER, LEAVE } from '../../src/stat/screen.ts';
import * as dg from '../support/datagrams.ts';
import { runProgram, ScriptedHost } from '../support/scripted-host.ts';

const WINDOW = { width: 90, height: 10 };
const CLEAR = '\x1b[2J';

function terminal(...argv: string[]): ScriptedHost {
  return new ScriptedHost({ argv: ['stat', ...argv], terminal: WINDOW });
}

const count = (text: string, part: string): number => text.split(part).length - 1;
const frames = (host: ScriptedHost): number => count(host.stdout.text, '\x1b[H');

/** What was entered was left, and nothing comes after. */
function isRestored(host: ScriptedHost): void {
  assert.equal(count(host.stdout.text, ENTER), count(host.stdout.text, LEAVE));
  assert.ok(host.stdout.text.endsWith(LEAVE));
  assert.equal(host.keyListener, undefined);
  assert.equal(host.exitTasks.size, 0);
  assert.equal(host.timersLeft, 0);
}

for (const key of ['q', '\x03', '\x03\x03', 'eq', '\x1b[Aq']) {
  test(`the key ${JSON.stringify(key)} ends it with 0, and the terminal is as before`, async () => {
    const host = terminal();
    const code = await runProgram(host, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      host.keyListener?.(key);
    });
    assert.equal(code, 0);
    isRestored(host);
  });
}

for (const [signal, code] of [
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGINT', 0],
] as const) {
  test(`${signal} gives the terminal back`, async () => {
    const host = terminal();
    assert.equal(await runProgram(host, () => host.signal(signal)), code);
    isRestored(host);
  });
}

test('an exit by an exception that nobody caught gives the terminal back', async () => {
  const host = terminal();
  await runProgram(host, async () => {
    await new Promise((resolve) => setImmediate(resolve));
    for (const task of host.exitTasks) task();
    assert.ok(host.stdout.text.endsWith(LEAVE));
    assert.equal(host.keyListener, undefined);
    host.signal('SIGTERM');
  });
  isRestored(host);
});

test('it is drawn at most five times a second, whatever is typed and however the window changes', async () => {
  const host = terminal();
  await runProgram(host, async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const before = frames(host);
    for (let i = 0; i < 500; i++) {
      host.keyListener?.(i % 2 ? 'e' : 'f');
      host.signal('SIGWINCH');
      host.advance(4);
    }
    assert.ok(frames(host) - before <= 10, `${frames(host) - before}`);
    assert.ok(frames(host) - before >= 2);
    host.keyListener?.('q');
  });
});

test('a window of another size is cleared once, and drawn in its own size', async () => {
  const host = terminal();
  await runProgram(host, async () => {
    await new Promise((resolve) => setImmediate(resolve));
    host.advance(2000);
    assert.equal(count(host.stdout.text, CLEAR), 1);
    host.stdout.window = { width: 30, height: 4 };
    host.signal('SIGWINCH');
    host.advance(2000);
    assert.equal(count(host.stdout.text, CLEAR), 2);
    const last = host.stdout.text.split('\x1b[H').at(-1) ?? '';
    assert.equal(last.split('\r\n').length, 4);
    host.keyListener?.('q');
  });
});

test('Ctrl-Z gives the terminal to the shell, and a continued picture is drawn whole', async () => {
  const host = terminal();
  let stopped = 0;
  host.stopSelf = () => {
    stopped++;
    assert.ok(host.stdout.text.endsWith(LEAVE));
    assert.equal(host.keyListener, undefined);
  };
  await runProgram(host, async () => {
    await new Promise((resolve) => setImmediate(resolve));
    host.keyListener?.('\x1a');
    assert.equal(stopped, 1);
    host.signal('SIGCONT');
    host.advance(1);
    assert.equal(count(host.stdout.text, ENTER), 2);
    host.signal('SIGTSTP');
    assert.equal(stopped, 2);
    host.advance(1);
    assert.equal(count(host.stdout.text, ENTER), 3);
    host.keyListener?.('q');
  });
  isRestored(host);
});

test('a terminal that takes nothing is sent nothing more', async () => {
  const host = terminal();
  await runProgram(host, async () => {
    await new Promise((resolve) => setImmediate(resolve));
    const before = frames(host);
    host.stdout.waiting = 1000;
    host.advance(5000);
    assert.equal(frames(host), before);
    host.keyListener?.('q');
  });
});

for (const argv of [['--once'], ['-d', '10s'], ['--json'], ['--once', '-d', '10']]) {
  test(`stat ${argv.join(' ')} on a terminal is one report after ten seconds, without any escape sequence`, async () => {
    const host = terminal(...argv);
    const code = await runProgram(host, async () => {
      await new Promise((resolve) => setImmediate(resolve));
      host.connector.deliver(dg.fork(1, 200));
      host.advance(9999);
      assert.equal(host.stdout.text, '');
      host.advance(1);
    });
    assert.equal(code, 0);
    assert.match(host.stdout.text, argv.includes('--json') ? /"forks":1,"forks_per_s":0\.1/ : /^COMMAND +FORKS/);
    assert.equal(host.stdout.text.includes('\x1b'), false);
  });
}

test('Ctrl-C before the time is over tells what there was so far', async () => {
  const host = new ScriptedHost({ argv: ['stat', '--fail-on-loss'] });
  const code = await runProgram(host, async () => {
    await new Promise((resolve) => setImmediate(resolve));
    host.connector.events.drops = 4;
    host.connector.deliver(dg.fork(1, 200));
    host.signal('SIGINT');
  });
  assert.match(host.stdout.text, /^lost: 4 \(4 overrun\)$/m);
  assert.equal(code, 3);
});

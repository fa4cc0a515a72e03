/** How `procwatch run` and its command stop and go on together, told in the order in which Node hands signals over. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Signals } from '../../src/commands/run-signals.ts';
import type { Child, Signal } from '../../src/host/host.ts';
import { ScriptedHost } from '../support/scripted-host.ts';

const PID = 4242;

async function stage() {
  const host = new ScriptedHost({ argv: [] });
  let stops = 0;
  host.stopSelf = () => {
    stops++;
  };
  const sent: (Signal | number)[] = [];
  let end: (status: number) => void = () => {};
  const child: Child = {
    pid: PID,
    ended: new Promise((resolve) => {
      end = resolve;
    }),
    kill(signal) {
      sent.push(signal);
      if (signal === 'SIGCONT') host.reader.set(PID, { state: 'S' });
    },
  };
  return {
    host,
    child,
    end,
    sent,
    signals: new Signals(host, await host.kernel()),
    stopsItself: () => host.reader.set(PID, { state: 'T' }),
    stops: () => stops,
  };
}

test('a command that stops before anybody looked stops procwatch once, and whoever continues procwatch continues it', async () => {
  const { host, child, sent, signals, stopsItself, stops } = await stage();
  stopsItself();
  signals.give(child);
  assert.equal(stops(), 1);
  // What was waiting when procwatch stopped comes before what continued it.
  host.signal('SIGCHLD');
  host.signal('SIGCONT');
  assert.deepEqual([stops(), sent], [1, ['SIGCONT']]);
});

test('each stop of the command stops procwatch again', async () => {
  const { host, child, signals, stopsItself, stops } = await stage();
  host.reader.set(PID, { state: 'S' });
  signals.give(child);
  for (const round of [1, 2, 3]) {
    stopsItself();
    host.signal('SIGCHLD');
    assert.equal(stops(), round);
    host.signal('SIGCONT');
    host.signal('SIGCHLD');
    assert.equal(stops(), round);
  }
});

test('while only what the command has left is waited for, Ctrl-Z stops procwatch, and Ctrl-C ends the waiting', async () => {
  const { host, child, end, sent, signals, stops } = await stage();
  host.reader.set(PID, { state: 'S' });
  signals.give(child);
  host.signal('SIGTSTP');
  host.signal('SIGINT');
  assert.deepEqual([stops(), signals.cut, sent], [0, undefined, []], 'the keyboard reaches the command by itself');
  end(0);
  await child.ended;
  host.signal('SIGTSTP');
  host.signal('SIGUSR1');
  assert.deepEqual([stops(), signals.cut], [1, undefined]);
  host.signal('SIGINT');
  assert.deepEqual([signals.cut, sent], [2, []]);
});

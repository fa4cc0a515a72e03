/** `--pid` and `--tree` mean processes, and not numbers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as dg from '../support/datagrams.ts';
import { at } from '../support/datagrams.ts';
import { runProgram, ScriptedHost } from '../support/scripted-host.ts';

function watching(...argv: string[]): ScriptedHost {
  const host = new ScriptedHost({ argv: ['--json', ...argv] });
  host.reader.set(1, { comm: 'init', ppid: 0 }).set(7, { comm: 'sh', ppid: 1 });
  return host;
}

const told = (host: ScriptedHost): string[] =>
  host.stdout.text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line))
    .map(({ event, pid }) => `${event} ${pid}`);

test('a watch of a process ends with it, and does not tell of who gets its number', async () => {
  const host = watching('--pid', '7');
  const code = await runProgram(host, () => {
    host.connector.deliver(
      dg.exit(7, 0, 1, { time: at(1) }),
      dg.fork(1, 7, { time: at(2) }),
      dg.exit(7, 0, 1, { time: at(3) }),
    );
  });
  assert.equal(code, 0);
  assert.deepEqual(told(host), ['exit 7']);
});

test('with --follow-reuse the next holder is meant too, and the watch goes on', async () => {
  const host = watching('--pid', '7', '--follow-reuse');
  await runProgram(host, () => {
    host.connector.deliver(dg.exit(7, 0, 1, { time: at(1) }), dg.fork(1, 7, { time: at(2) }));
    host.signal('SIGINT');
  });
  assert.deepEqual(told(host), ['exit 7', 'fork 7']);
});

test('a watch of a tree ends with the last of it', async () => {
  const host = watching('--tree', '7');
  const code = await runProgram(host, () => {
    host.reader.remove(7);
    host.connector.deliver(dg.fork(7, 8, { time: at(1) }), dg.exit(7, 0, 1, { time: at(2) }));
    assert.equal(told(host).length, 2);
    host.connector.deliver(dg.exit(8, 0, 1, { time: at(3) }));
  });
  assert.equal(code, 0);
  assert.deepEqual(told(host), ['fork 8', 'exit 7', 'exit 8']);
});

test('a number that nobody has is told, and means its next holder', async () => {
  const host = watching('--tree', '99');
  await runProgram(host, () => {
    host.connector.deliver(dg.fork(1, 99, { time: at(1) }), dg.exit(99, 0, 1, { time: at(2) }));
  });
  assert.match(host.stderr.text, /--tree 99: there is no such process; the next that gets the number is meant/);
  assert.deepEqual(told(host), ['fork 99', 'exit 99']);
});

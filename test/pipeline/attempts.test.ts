/** Failed execs beside the events: in their order, with what an end has to do with them, and without what nobody may see. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt, AttemptSource } from '../../src/attempts/attempt.ts';
import type { EventOf, WireEvent } from '../../src/netlink/events.ts';
import { Attempts } from '../../src/pipeline/attempts.ts';
import { seconds } from '../support/sent-signals.ts';

const attempt = (path: string, at: number): Attempt => ({
  at: seconds(at),
  pid: 7,
  tid: 7,
  ppid: 1,
  start: seconds(50),
  uid: 0,
  comm: 'sh',
  errno: 2,
  path,
  args: ['shop', '--token=secret'],
  hasAllArgs: true,
});

function scripted(...drains: (readonly Attempt[])[]): AttemptSource {
  return {
    hook: 'fexit',
    drain: (take) => drains.shift()?.forEach(take),
    takeLost: () => 3,
    onReadable: () => ({ pause() {}, resume() {}, close() {} }),
    close() {},
  };
}

const stamp = (at: number) => ({ cpu: 0, sequence: 0, ...seconds(at) });
const exec = (at: number): WireEvent => ({ kind: 'exec', stamp: stamp(at), tid: 7, tgid: 7 });
const exit = (at: number): EventOf<'exit'> => ({
  kind: 'exit',
  stamp: stamp(at),
  tid: 7,
  tgid: 7,
  status: 127 << 8,
  exitSignal: 17,
  parentTid: 1,
  parentTgid: 1,
});

test('an end tells the walk before it, and has it', () => {
  const attempts = new Attempts(scripted([attempt('/b/shop', 100.002), attempt('/a/shop', 100.001)]), 'walks');
  const end = exit(100.1);
  const over = attempts.attend([end]);
  assert.deepEqual(
    over.map(({ attempt: { path }, tried }) => [path, tried]),
    [['/b/shop', 2]],
  );
  assert.equal(attempts.before(end)?.attempt.path, '/b/shop');
  assert.equal(attempts.before(exit(100.1)), undefined);
});

test('an exec between attempts and end makes them none, also where they come with an earlier batch', () => {
  const attempts = new Attempts(scripted([attempt('/a/shop', 100.001)], []), 'walks');
  assert.deepEqual(attempts.attend([]), []);
  assert.equal(attempts.isOpen, true);
  const end = exit(100.1);
  assert.deepEqual(attempts.attend([exec(100.01), end]), []);
  assert.equal(attempts.before(end), undefined);
});

test('what was tried after an exec of the same batch is another matter', () => {
  const attempts = new Attempts(scripted([attempt('/a/shop', 100.02)]), 'walks');
  const end = exit(100.1);
  assert.equal(attempts.attend([exec(100.01), end]).length, 1);
  assert.equal(attempts.before(end)?.tried, 1);
});

test('arguments are redacted before anybody sees them', () => {
  const text = (of: string) => of.replace('secret', '***');
  const redact = { text, args: (all: readonly string[]) => all.map(text) };
  const attempts = new Attempts(scripted([attempt('/a/shop', 100)]), 'every try', redact);
  assert.deepEqual(attempts.attend([])[0].attempt.args, ['shop', '--token=***']);
});

test('what was lost is asked of the programs', () => {
  assert.equal(new Attempts(scripted(), 'walks').takeLost(), 3);
});

/** Attempts put together: which are one walk along PATH, when it is over, what is told of it, and what an end has to do with it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Attempt } from '../../src/attempts/attempt.ts';
import { type FailedExec, QUIET_SECONDS, Walks } from '../../src/attempts/walks.ts';
import { seconds } from '../support/sent-signals.ts';

const [ENOENT, EACCES] = [2, 13];

const attempt = (path: string | undefined, at = 100, over: Partial<Attempt> = {}): Attempt => ({
  at: seconds(at),
  pid: 7,
  tid: 7,
  ppid: 1,
  start: seconds(50),
  uid: 0,
  comm: 'sh',
  errno: ENOENT,
  path,
  args: ['shop', '--port', '80'],
  hasAllArgs: true,
  ...over,
});

const told = (failed: readonly FailedExec[]): string[] =>
  failed.map(({ attempt: { path, errno }, tried }) => `${path} ${errno} ${tried}`);

/** One walk: a step every millisecond. */
function walk(walks: Walks, folders: readonly string[], errnos: readonly number[] = []): FailedExec[] {
  return folders.flatMap((folder, i) =>
    walks.tried(attempt(`${folder}/shop`, 100 + i / 1000, { errno: errnos[i] ?? ENOENT })),
  );
}

test('a walk along PATH is one, told when the process ends, with the last place', () => {
  const walks = new Walks('walks');
  assert.deepEqual(walk(walks, ['/a', '/b', '/c']), []);
  assert.equal(walks.isOpen, true);
  assert.deepEqual(told(walks.ended(7)), ['/c/shop 2 3']);
  assert.equal(walks.isOpen, false);
});

test('a place that refused is told rather than those where there was nothing', () => {
  const walks = new Walks('walks');
  walk(walks, ['/a', '/b', '/c', '/d'], [ENOENT, EACCES, EACCES, ENOENT]);
  assert.deepEqual(told(walks.ended(7)), ['/b/shop 13 4']);
});

test('a walk that finds its program is none', () => {
  const walks = new Walks('walks');
  walk(walks, ['/a', '/b']);
  walks.executed(7, seconds(100.01));
  assert.deepEqual(told(walks.ended(7)), []);
  assert.equal(walks.lastOf(7, seconds(100.1)), undefined);
});

test('another name, other arguments, or a while between them, begin another walk', () => {
  for (const next of [
    attempt('/a/other', 100.1),
    attempt('/b/shop', 100.1, { args: ['shop', '--port', '81'] }),
    attempt('/b/shop', 100.1, { args: ['shop'] }),
    attempt('/b/shop', 100 + QUIET_SECONDS),
    attempt('/b/shop', 100.1, { pid: 8 }),
  ]) {
    const walks = new Walks('walks');
    walks.tried(attempt('/a/shop'));
    assert.deepEqual(told(walks.tried(next)), ['/a/shop 2 1'], JSON.stringify(next));
  }
});

test('the name that a program is given may differ from place to place', () => {
  const walks = new Walks('walks');
  walks.tried(attempt('/a/shop', 100, { args: ['/a/shop', '--port', '80'] }));
  assert.deepEqual(walks.tried(attempt('/b/shop', 100.001, { args: ['/b/shop', '--port', '80'] })), []);
});

test('threads walk each for itself', () => {
  const walks = new Walks('walks');
  walks.tried(attempt('/a/shop'));
  assert.deepEqual(walks.tried(attempt('/a/shop', 100.001, { tid: 8 })), []);
  assert.deepEqual(told(walks.ended(8)), ['/a/shop 2 1']);
  assert.deepEqual(told(walks.ended(7)), ['/a/shop 2 1']);
});

test('what nothing follows is told after a moment', () => {
  const walks = new Walks('walks');
  walks.tried(attempt('/a/shop'));
  assert.deepEqual(told(walks.quiet(seconds(100.1))), []);
  assert.deepEqual(told(walks.quiet(seconds(100 + QUIET_SECONDS))), ['/a/shop 2 1']);
  walks.tried(attempt('/a/shop'));
  assert.deepEqual(told(walks.quiet('all')), ['/a/shop 2 1']);
});

test('every try, where that is asked for', () => {
  const walks = new Walks('every try');
  assert.deepEqual(told(walk(walks, ['/a', '/b'])), ['/a/shop 2 1', '/b/shop 2 1']);
  assert.equal(walks.isOpen, false);
});

test('an end right after it has what was tried last; one long after it has not', () => {
  const walks = new Walks('walks');
  walk(walks, ['/a', '/b']);
  assert.equal(walks.lastOf(7, seconds(100.5))?.tried, 2);
  assert.equal(walks.lastOf(7, seconds(100.5)), undefined);
  walk(walks, ['/a']);
  assert.equal(walks.lastOf(7, seconds(102)), undefined);
});

test('however many try, memory is bounded, and nothing is dropped untold', () => {
  const walks = new Walks('walks');
  let count = 0;
  for (let tid = 1; tid <= 10_000; tid++) count += walks.tried(attempt('/a/shop', 100, { tid, pid: tid })).length;
  assert.equal(count + walks.quiet('all').length, 10_000);
});

test('an exec whose event is read late takes nothing from what was tried after it', () => {
  const walks = new Walks('walks');
  walk(walks, ['/a', '/b']);
  walks.executed(7, seconds(99.9));
  assert.equal(walks.lastOf(7, seconds(100.1))?.tried, 2);
  assert.deepEqual(told(walks.ended(7)), ['/b/shop 2 2']);
});

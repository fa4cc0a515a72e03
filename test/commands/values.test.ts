/** Values of options: what is taken, and what a person is told about the rest. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../../src/commands/nearest.ts';
import {
  readCount,
  readCounts,
  readName,
  readNames,
  readSize,
  readTime,
  splitList,
} from '../../src/commands/values.ts';
import { Failure } from '../../src/errors.ts';

const usage =
  (message: RegExp) =>
  (error: unknown): boolean =>
    error instanceof Failure && error.exit === 'usage' && message.test(`${error.message} (${error.hint})`);

test('a time has a unit, and seconds without one', () => {
  const times = {
    '10': 10_000,
    '10s': 10_000,
    '2m': 120_000,
    '500ms': 500,
    '1.5s': 1500,
    '1h': 3_600_000,
    '1d': 86_400_000,
  };
  for (const [text, milliseconds] of Object.entries(times)) assert.equal(readTime('-d', text), milliseconds, text);
  for (const text of ['', 's', '-1', '1 s', '1e3', '10x', '1.', '.5', 'Infinity', '0x10']) {
    assert.throws(() => readTime('--duration', text), usage(/--duration.*500ms/), text);
  }
});

test('a size has a unit of powers of 1024, and stays within what the kernel counts in', () => {
  const sizes = { '65536': 65_536, '64k': 65_536, '64M': 2 ** 26, '64MiB': 2 ** 26, '1g': 2 ** 30, '5b': 5 };
  for (const [text, bytes] of Object.entries(sizes)) assert.equal(readSize('--buffer', text), bytes, text);
  for (const text of ['', '0', '2G', '1025M', '-1', '1.5M', 'M', '64T']) {
    assert.throws(() => readSize('--buffer', text), usage(/--buffer.*64M/), text);
  }
});

test('a count is a whole number within its range', () => {
  assert.equal(readCount('-n', '1'), 1);
  assert.equal(readCount('--code', '0', 0, 255), 0);
  for (const text of ['0', '-1', '1.5', '', 'x', '1e3', '99999999999999999999']) {
    assert.throws(() => readCount('--count', text), usage(/1 or more/), text);
  }
  assert.throws(() => readCounts('--code', ['1,256'], 0, 255), usage(/"256".*0 to 255/));
});

test('a list is comma separated and repeatable', () => {
  assert.deepEqual(splitList(['a,b', 'c', ' d , e']), ['a', 'b', 'c', 'd', 'e']);
  assert.deepEqual(splitList([]), []);
});

test('an unknown name is told with the nearest one and the whole list', () => {
  assert.equal(readName('-f', 'json', ['pretty', 'json']), 'json');
  assert.throws(
    () => readName('--format', 'jsn', ['pretty', 'json']),
    usage(/unknown name "jsn"; did you mean "json"\?.*pretty, json/),
  );
  assert.throws(() => readNames('-e', ['fork,'], ['fork']), usage(/unknown name ""/));
});

test('the nearest name is the one with the fewest typing mistakes, and none if all are far', () => {
  const names = ['fork', 'exec', 'exit', 'nonzero-exit', 'coredump'];
  const near = {
    frok: 'fork',
    exce: 'exec',
    EXEC: 'exec',
    'nonzero-exi': 'nonzero-exit',
    core: 'coredump',
    exot: 'exit',
  };
  for (const [typed, meant] of Object.entries(near)) assert.equal(nearest(typed, names), meant, typed);
  for (const typed of ['', 'zzzz', 'memory']) assert.equal(nearest(typed, names), undefined, typed);
});

test('two letters in the wrong order are one mistake', () => {
  assert.equal(nearest('exti', ['fork', 'exec', 'exit']), 'exit');
});

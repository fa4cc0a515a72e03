/** The benchmark's arithmetic and how it writes figures. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { figure, median, percentile, ratio, spread, times, written } from '../../bench/statistics.ts';

test('medians and percentiles of a few values', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 2.5);
  assert.equal(median([7]), 7);
  const hundred = Array.from({ length: 100 }, (_, index) => 100 - index);
  assert.deepEqual(
    [0, 0.5, 0.99, 1].map((share) => percentile(hundred, share)),
    [1, 50, 99, 100],
  );
});

test('a spread has the median and the range, or is nothing where a round gave no figure', () => {
  assert.deepEqual(spread([3, 1, 2]), { median: 2, least: 1, most: 3, rounds: 3 });
  for (const values of [[], [1, undefined], [1, Number.NaN], [Number.POSITIVE_INFINITY]]) {
    assert.equal(spread(values), undefined);
  }
});

test('a ratio needs both sides, and a divisor', () => {
  assert.equal(ratio(1, 4), 0.25);
  assert.equal(ratio(1, 0), undefined);
  assert.equal(ratio(undefined, 1), undefined);
  assert.equal(ratio(1, undefined), undefined);
});

test('a factor is written with two digits, or is not measured', () => {
  assert.deepEqual([times(0.5234), times(0.0123, 3), times(undefined)], ['0.52 ×', '0.012 ×', 'not measured']);
});

test('figures have three digits that mean something', () => {
  const written = [0, 0.00001, 0.0123456, 1.23456, 12.3456, 123.456, 12345.6, 40_000, 5, -2.5];
  assert.deepEqual(written.map(figure), [
    '0',
    '1.0e-5',
    '0.0123',
    '1.23',
    '12.3',
    '123',
    '12,346',
    '40,000',
    '5',
    '-2.50',
  ]);
});

test('a spread is written with its range only where it has one', () => {
  assert.equal(written(spread([1, 2, 3])), '2 (1–3)');
  assert.equal(written(spread([1.5])), '1.50');
  assert.equal(written(spread([0, 0])), '0');
  assert.equal(written(undefined), '–');
});

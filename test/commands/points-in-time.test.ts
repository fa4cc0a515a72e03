/** Times of a recording as people type them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWithin, needsEnd, readPointInTime, windowOf } from '../../src/commands/points-in-time.ts';
import { Failure } from '../../src/errors.ts';
import { utcTime } from '../../src/format/times.ts';

process.env.TZ = 'UTC';

const read = (text: string) => readPointInTime('--since', text);
/** 2026-11-27T04:00:00.5Z */
const END = { seconds: Date.UTC(2026, 10, 27, 4) / 1000, nanos: 500_000_000 };
const since = (text: string): string | undefined => {
  const { since: at } = windowOf(read(text), undefined, END);
  return at && utcTime(at);
};

test('a time of day is the last one before the end of the recording', () => {
  assert.equal(since('03:00'), '2026-11-27T03:00:00.000000000Z');
  assert.equal(since('4:00:00'), '2026-11-27T04:00:00.000000000Z');
  assert.equal(since('04:00:01'), '2026-11-26T04:00:01.000000000Z');
  assert.equal(since('22:30'), '2026-11-26T22:30:00.000000000Z');
});

test('a date may have a zone, a fraction, or be as short as a minute', () => {
  assert.equal(since('2026-11-27T03:00:00.123456789Z'), '2026-11-27T03:00:00.123456789Z');
  assert.equal(since('2026-11-27 03:00+02:00'), '2026-11-27T01:00:00.000000000Z');
  assert.equal(since('2026-11-27T03:00'), '2026-11-27T03:00:00.000000000Z');
});

test('a minus sign counts from the end of the recording', () => {
  assert.equal(since('-2h'), '2026-11-27T02:00:00.500000000Z');
  assert.equal(since('-700ms'), '2026-11-27T03:59:59.800000000Z');
});

test('what ends after a beginning is the next time of day', () => {
  const { since: from, until } = windowOf(read('23:00'), read('02:00'), END);
  assert.equal(from && utcTime(from), '2026-11-26T23:00:00.000000000Z');
  assert.equal(until && utcTime(until), '2026-11-27T02:00:00.000000000Z');
  assert.throws(() => windowOf(read('-1h'), read('-2h'), END), { message: '--until is before --since' });
});

test('both ends of a window belong to it', () => {
  const window = windowOf(read('03:00'), read('03:00:01'), END);
  const at = (milliseconds: number) => ({
    seconds: END.seconds - 3600 + Math.floor(milliseconds / 1000),
    nanos: (milliseconds % 1000) * 1e6,
  });
  assert.deepEqual(
    [0, 1, 1000, 1001].map((milliseconds) => isWithin(window, at(milliseconds))),
    [true, true, true, false],
  );
});

test('a recording whose end nobody knows wants a date', () => {
  assert.equal(needsEnd(read('2026-11-27T03:00'), undefined), false);
  assert.equal(needsEnd(undefined, read('03:00')), true);
  assert.throws(() => windowOf(read('03:00'), undefined, undefined), Failure);
});

test('what is no time is refused', () => {
  for (const text of ['', '25:00', '3:60', 'soon', '2026-13-01T00:00Z', '-', '-2x', '2026-11-27'])
    assert.throws(() => read(text), Failure, text);
});

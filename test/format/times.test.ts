/** Moments and durations as text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration, localTime, monotonicNanos, utcTime } from '../../src/format/times.ts';

process.env.TZ = 'UTC';

test('a wall time is RFC 3339 with nine decimals', () => {
  assert.equal(utcTime({ seconds: 0, nanos: 1 }), '1970-01-01T00:00:00.000000001Z');
  assert.equal(utcTime({ seconds: 4_102_444_799, nanos: 999_999_999 }), '2099-12-31T23:59:59.999999999Z');
  assert.equal(utcTime({ seconds: 0, nanos: 0 }), '1970-01-01T00:00:00.000000000Z');
});

test('a local time has milliseconds, cut and not rounded into the next second', () => {
  assert.equal(localTime({ seconds: 3661, nanos: 999_999_999 }), '01:01:01.999');
});

test('monotonic nanoseconds are plain digits, without zeros in front', () => {
  assert.equal(monotonicNanos({ seconds: 0, nanos: 5 }), '5');
  assert.equal(monotonicNanos({ seconds: 12, nanos: 5 }), '12000000005');
  assert.equal(monotonicNanos({ seconds: 18_446_744_073, nanos: 709_551_615 }), '18446744073709551615');
});

const DURATIONS: [number, string][] = [
  [0, '0µs'],
  [0.00084, '840µs'],
  [0.0071, '7.10ms'],
  [0.0456, '45.6ms'],
  [0.999, '999ms'],
  [3.42, '3.42s'],
  [59.9, '59.9s'],
  [60, '1m00s'],
  [725, '12m05s'],
  [3600, '1h00m'],
  [11_220, '3h07m'],
  [86_400, '1d00h'],
  [793_000, '9d04h'],
];
for (const [seconds, text] of DURATIONS) {
  test(`${seconds} seconds are ${text}`, () => assert.equal(humanDuration(seconds), text));
}

test('rounding never makes a unit overflow, nor a fourth figure', () => {
  assert.equal(humanDuration(0.000_999_7), '1.00ms');
  assert.equal(humanDuration(0.999_7), '1.00s');
  assert.equal(humanDuration(0.009_996), '10.0ms');
  assert.equal(humanDuration(0.099_96), '100ms');
  assert.equal(humanDuration(59.96), '1m00s');
});

test('births of long ago and events of now, told in turns, each keep their own second', () => {
  const seconds = [1_000_000_000, 999_999_936, 1_000_000_064, 1_000_000_001, 0];
  const told = [...seconds, ...seconds].map((second) => utcTime({ seconds: second, nanos: 5 }));
  const texts = ['2001-09-09T01:46:40', '2001-09-09T01:45:36', '2001-09-09T01:47:44', '2001-09-09T01:46:41'];
  const expected = [...texts, '1970-01-01T00:00:00'].map((text) => `${text}.000000005Z`);
  assert.deepEqual(told, [...expected, ...expected]);
});

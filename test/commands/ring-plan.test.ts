/** What programs in the kernel are to tell in the connector's place, by what was typed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions, type Typed, WATCH_OPTIONS } from '../../src/commands/options.ts';
import { planWatch } from '../../src/commands/plan.ts';
import { ringBytesFor } from '../../src/commands/ring-plan.ts';

const ring = (typed: Typed = {}) => planWatch(readOptions(WATCH_OPTIONS, typed), { env: {}, isTerminal: false }).ring;
const wishes = (typed: Typed = {}) => ring(typed).plans.map((plan) => plan.wishes);
const NOTHING = { births: false, execs: false, ends: 'none', onlyFailures: false } as const;

test('whole lives are births, execs and ends', () => {
  assert.deepEqual(wishes(), [{ ...NOTHING, births: true, execs: true, ends: 'status' }]);
  assert.deepEqual(wishes({ threads: [''] }), [
    { ...NOTHING, births: true, execs: true, ends: 'status', threads: true },
  ]);
});

test('a narrow selection loads no program that it does without', () => {
  assert.deepEqual(wishes({ events: ['exec'] }), [{ ...NOTHING, execs: true }]);
  assert.deepEqual(wishes({ events: ['clone'] }), [{ ...NOTHING, births: true, threads: true }]);
  const [failures, lives] = wishes({ events: ['nonzero-exit'] });
  assert.deepEqual(failures, { ...NOTHING, ends: 'whole', onlyFailures: true });
  // Where the memory of a process is gone at its end.
  assert.deepEqual(lives, { ...NOTHING, births: true, execs: true, ends: 'status' });
});

test('what programs cannot tell is named, and arguments that nobody wants are not copied', () => {
  assert.deepEqual(ring({ events: ['fork,uid,coredump'] }).untold, ['uid', 'coredump']);
  assert.equal(ring({ noArgs: [''] }).args, 'without');
});

test('a ring is a power of two, within what a machine can spare', () => {
  assert.deepEqual([1, 65_537, 2 ** 40].map(ringBytesFor), [65_536, 131_072, 2 ** 29]);
  assert.equal(ringBytesFor(undefined), 2 ** 23);
});

/** The real host: what of it can be asked without a kernel. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { realHost } from '../../src/host/real-host.ts';

const DAY_MS = 86_400_000;

test('a timer of more than the 24 days Node can wait waits all the same', () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  let fired = 0;
  realHost().after(60 * DAY_MS, () => fired++);
  const cancelled = realHost().after(60 * DAY_MS, () => fired++);
  const pass = (days: number): void => {
    for (let hour = 0; hour < days * 24; hour++) mock.timers.tick(DAY_MS / 24);
  };
  pass(59);
  cancelled.cancel();
  assert.equal(fired, 0);
  pass(2);
  assert.equal(fired, 1);
  mock.timers.reset();
});

test('a file that cannot be opened is an error with its code', () => {
  assert.throws(() => realHost().openFile('/nowhere/at/all'), { code: 'ENOENT' });
});

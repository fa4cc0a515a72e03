/** The command among our children, where its number is not known to us. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HeldBirth } from '../../src/commands/run-birth.ts';
import type { ProcessRecord } from '../../src/process/record.ts';
import { unheard } from '../../src/process/teller.ts';

const SELF = 700;
const fork = (pid: number, ppid: number): ProcessRecord => ({
  ...unheard('exit', pid, {}, { seconds: 1, nanos: 0 }),
  event: 'fork',
  ppid,
});

test('the last child of ours is the command, and what was held comes once it is known', () => {
  const birth = new HeldBirth(SELF);
  const records = [fork(701, SELF), fork(702, SELF), fork(703, 702)];
  assert.ok(birth.holds(records.slice(0, 1)));
  assert.ok(birth.holds(records.slice(1)));
  assert.deepEqual(birth.end(), { pid: 702, records });
  assert.equal(birth.holds([fork(704, SELF)]), false);
});

test('a command whose birth was lost has no number', () => {
  const birth = new HeldBirth(SELF);
  birth.holds([fork(703, 5)]);
  assert.equal(birth.end().pid, undefined);
});

/** A picture of a recording shows who did something, and those above them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Idle } from '../../src/recording/idle.ts';
import { jsonOf, readAll } from '../support/recordings.ts';
import { record } from '../support/records.ts';

test('who was there already is told when something is told of it or of a child', async () => {
  const alive = (pid: number, ppid: number) => record({ event: 'alive', pid, tid: pid, ppid });
  const state = [alive(1, 0), alive(2, 0), alive(50, 1), alive(60, 50), alive(70, 1)];
  const rest = [
    record({ event: 'fork', pid: 80, tid: 80, ppid: 60 }),
    record({ event: 'exit', pid: 70, tid: 70, ppid: 1 }),
  ];
  const { records } = await readAll(jsonOf([...state, ...rest]));
  const told = [...new Idle().stir(records)].map((one) => ('pid' in one ? `${one.event} ${one.pid}` : one.event));
  assert.deepEqual(told, ['alive 1', 'alive 50', 'alive 60', 'fork 80', 'alive 70', 'exit 70']);
});

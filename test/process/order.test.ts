/** Records that are put among others by their time: none of the others changes its place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { putInTime } from '../../src/process/order.ts';

const at = (seconds: number, name: string) => ({ at: { seconds, nanos: 0 }, name });

test('each comes before the first that is later, and nobody else is moved', () => {
  const records = [at(1, 'a'), at(9, 'lost'), at(3, 'b'), at(5, 'c')];
  putInTime(records, [at(2, 'x'), at(4, 'y'), at(12, 'z')]);
  assert.deepEqual(
    records.map(({ name }) => name),
    ['a', 'x', 'y', 'lost', 'b', 'c', 'z'],
  );
});

/** `procwatch causes`: every cause, with its sentences. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CAUSES } from '../../src/cause/causes.ts';
import { listCauses } from '../../src/commands/causes.ts';

test('every cause of the table is listed, in its order, with what it means', () => {
  const blocks = listCauses().split('\n\n');
  assert.deepEqual(
    blocks.map((block) => block.split('\n')[0]),
    Object.keys(CAUSES),
  );
  for (const [i, { meaning }] of Object.values(CAUSES).entries()) assert.ok(blocks[i].includes(meaning), meaning);
  assert.ok(listCauses().endsWith('\n'));
});

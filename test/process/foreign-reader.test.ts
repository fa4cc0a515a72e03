/** Where /proc has other numbers than events, nobody is read under them but ourselves. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foreignReader } from '../../src/process/foreign-reader.ts';
import { whyUnread } from '../../src/process/subjects.ts';
import { ScriptedReader } from '../support/scripted-reader.ts';

const proc = new ScriptedReader().set(1, { comm: 'us', args: ['us'] }).set(700, { comm: 'other', args: ['other'] });
const reader = foreignReader(proc, { inEvents: 700, inProc: 1 });

test('we are found under the number that events have for us', () => {
  assert.equal(reader.facts(700)?.image.comm, 'us');
  assert.equal(reader.stat(700)?.comm, 'us');
  assert.deepEqual(reader.pids(), [700]);
});

test('whoever else has a number in events is hidden, and not gone', () => {
  assert.deepEqual(
    [reader.facts(1), reader.stat(1), reader.image(1), reader.cgroup(1)],
    [undefined, undefined, {}, undefined],
  );
  assert.equal(whyUnread(reader, 1), 'hidden');
  assert.equal(reader.hasEnded(1), false);
});

/** The counts at the end of a watch. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Summary } from '../../src/format/summary.ts';
import { ended, lost, rawHazards, record } from '../support/records.ts';

const rows = (summary: Summary): string[][] =>
  summary
    .render()
    .split('\n')
    .map((line) => line.trim().split(/ {2,}/));

test('events are counted by command, the busiest first, with sums', () => {
  const summary = new Summary();
  summary.count(record({ image: { comm: 'one' } }));
  for (let i = 0; i < 3; i++) summary.count(ended(0, { image: { comm: 'three' } }));
  summary.count(record({ image: {} }));
  summary.count(lost({ count: 7 }));
  assert.deepEqual(rows(summary).slice(0, 6), [
    ['COMMAND', 'EXEC', 'EXIT', 'TOTAL'],
    ['three', '0', '3', '3'],
    ['one', '1', '0', '1'],
    ['(unknown)', '1', '0', '1'],
    ['all', '2', '3', '5'],
    ['lost: 7'],
  ]);
});

test('however many commands there are, the summary stays short and its sums right', () => {
  const summary = new Summary();
  for (let i = 0; i < 30_000; i++) summary.count(record({ image: { comm: `c${i}` } }));
  const lines = rows(summary);
  assert.ok(lines.length < 25);
  assert.deepEqual(
    lines.find(([name]) => name === 'all'),
    ['all', '30000', '30000'],
  );
  const listed = lines
    .slice(
      1,
      lines.findIndex(([name]) => name === 'all'),
    )
    .map((row) => Number(row.at(-1)));
  assert.equal(
    listed.reduce((a, b) => a + b, 0),
    30_000,
  );
});

test('a name with control characters is escaped here too', () => {
  const summary = new Summary();
  summary.count(record({ image: { comm: '\x1b[2J\n\u202e' } }));
  assert.deepEqual(rawHazards(summary.render()), []);
});

test('a watch without any event has a summary too', () => {
  assert.match(new Summary().render(), /all.*0[\s\S]*lost: 0/);
});

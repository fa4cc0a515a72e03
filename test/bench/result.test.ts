/** The benchmark's report: verdicts and Markdown. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Aim, aimTable, document, isMet, type Result, section, table, verdict } from '../../bench/result.ts';

const aim = (measured: number | undefined, limit = 2): Aim => ({ aim: 3, text: 'start', limit, unit: ' ×', measured });

test('an aim is met up to its limit, and a miss says by how much', () => {
  assert.deepEqual([isMet(aim(2)), isMet(aim(2.01)), isMet(aim(undefined))], [true, false, undefined]);
  assert.equal(verdict(aim(1)), 'met');
  assert.equal(verdict(aim(3)), 'missed: 1.50 times the aim');
  assert.equal(verdict(aim(3, 0)), 'missed by 3 ×');
  assert.equal(verdict(aim(0, 0)), 'met');
  assert.equal(verdict(aim(undefined)), 'not measured');
});

test('what is missed is followed by the reason, what is met is not', () => {
  const because = (one: Aim): Aim => ({ ...one, why: 'it is so.' });
  const report = document([], [{ ...RESULT, aims: [because(aim(1)), because(aim(3))] }]);
  assert.equal(report.split('it is so.').length, 2);
  assert.match(report, /^- 3\. start: it is so\.$/m);
});

test('a table has a rule, and a bar in a cell does not end it', () => {
  assert.equal(table(['tool', 'ms'], [['a|b', '1']]), '| tool | ms |\n| --- | ---: |\n| a\\|b | 1 |');
  assert.match(aimTable([aim(1)]), /^\| 3\. start \| ≤ 2 × \| 1 × \| met \|$/m);
});

const RESULT: Result = {
  name: 'start',
  title: 'Start',
  what: 'How long it takes.',
  columns: ['tool', 'ms'],
  rows: [['procwatch', '5']],
  figures: {},
  aims: [aim(1)],
  notes: ['forkstat: not installed', 'extrace: not installed'],
};

test('a section has title, meaning, table and notes', () => {
  assert.equal(
    section(RESULT),
    `## Start

How long it takes.

| tool | ms |
| --- | ---: |
| procwatch | 5 |

- forkstat: not installed
- extrace: not installed`,
  );
});

test('the aims stand in the order of their numbers, whichever measurement they are of', () => {
  const later: Result = { ...RESULT, aims: [{ ...aim(1), aim: 5 }] };
  const report = document([], [later, RESULT]);
  assert.ok(report.indexOf('| 3. start |') < report.indexOf('| 5. start |'));
});

test('the document has the machine and every aim before the sections', () => {
  const lines = document([['node', 'v20']], [RESULT]).split('\n');
  assert.equal(lines[0], '# Results of the benchmark');
  const order = ['| node | v20 |', '## Aims', '| 3. start | ≤ 2 × | 1 × | met |', '## Start'];
  const found = order.map((line) => lines.indexOf(line));
  assert.ok(!found.includes(-1));
  assert.deepEqual(
    found,
    found.toSorted((a, b) => a - b),
  );
});

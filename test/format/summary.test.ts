/** The counts at the end of a watch. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Summary } from '../../src/format/summary.ts';
import type { ProcessRecord } from '../../src/process/record.ts';
import { ended, lost, rawHazards, record } from '../support/records.ts';
import { usage } from '../support/usage.ts';

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
  assert.deepEqual(rows(summary).slice(0, 5), [
    ['COMMAND', 'EXEC', 'EXIT', 'TOTAL'],
    ['three', '0', '3', '3'],
    ['one', '1', '0', '1'],
    ['(unknown)', '1', '0', '1'],
    ['all', '2', '3', '5'],
  ]);
  assert.match(summary.render(), /^lost: 7$/m);
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

/** The lines of the section that begins with this head. */
function section(summary: Summary, head: string): string[][] {
  const lines = rows(summary);
  const begin = lines.findIndex(([first]) => first === head);
  const length = lines.slice(begin).findIndex(([first]) => first === '' || first.startsWith('lost:'));
  return begin < 0 ? [] : lines.slice(begin + 1, begin + length);
}

test('failures are counted by status, the most frequent first', () => {
  const summary = new Summary();
  for (const status of [0x100, 9, 0x100, 0, 139]) summary.count(ended(status));
  summary.count(ended(0x300, { thread: true }));
  assert.deepEqual(section(summary, 'FAILURE'), [
    ['exit 1', '2'],
    ['SIGKILL', '1'],
    ['SIGSEGV (core dumped)', '1'],
  ]);
});

/** An end after this time, at this cost. */
function life(pid: number, seconds: number, cpuNanos?: number): ProcessRecord {
  const base = ended(0, { pid, image: { comm: `c${pid}` } });
  const exit = { waitStatus: 0, start: undefined, duration: { seconds, exact: true } };
  return { ...base, exit: cpuNanos === undefined ? exit : { ...exit, usage: usage({ cpuNanos, maxRssKib: 2048 }) } };
}

test('the longest lives and the most expensive ones are listed, a few of each', () => {
  const summary = new Summary();
  for (let pid = 1; pid <= 100; pid++) summary.count(life(pid, pid, (101 - pid) * 1e6));
  assert.deepEqual(
    section(summary, 'LONGEST').map(([, pid]) => pid),
    ['100', '99', '98', '97', '96'],
  );
  assert.deepEqual(section(summary, 'MOST CPU')[0], ['100ms', '2.0M', '1', '[c1]']);
  assert.equal(section(summary, 'MOST CPU').length, 5);
});

test('without usage there is no list of the most expensive lives', () => {
  const summary = new Summary();
  summary.count(life(1, 1));
  assert.deepEqual(section(summary, 'MOST CPU'), []);
  assert.deepEqual(section(summary, 'LONGEST'), [['1.00s', '1', '[c1]']]);
});

test('losses of several kinds are told apart', () => {
  const summary = new Summary();
  summary.count(lost({ count: 7 }));
  summary.count(lost({ reason: 'usage', count: 3 }));
  summary.count(lost({ reason: 'starved', count: undefined }));
  assert.match(summary.render(), /^lost: 10 \(7 overrun, 3 usage, an unknown number while the kernel sent nothing\)$/m);
});

test('a watch without any event has a summary too', () => {
  assert.match(new Summary().render(), /all.*0[\s\S]*lost: 0/);
});

/** What is said in words, against sums that are made here in a few plain lines. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { humanDuration } from '../../src/format/times.ts';
import { kibInWords } from '../../src/format/usage-in-words.ts';
import type { ProcessRecord } from '../../src/process/record.ts';
import { type Findings, findingsOf } from '../../src/timeline/findings.ts';
import { findingsText } from '../../src/timeline/findings-text.ts';
import { manyLives } from '../support/many-lives.ts';
import { rawHazards } from '../support/records.ts';
import { BUILD, DEATHS, exec, exit, fork, hole, life, timelineOf } from './story.ts';

const figures = (findings: Findings): Record<string, string> =>
  Object.fromEntries(findings.figures.map(({ label, value }) => [label, value]));
const rows = (findings: Findings, key: string): (readonly string[])[] =>
  findings.sections.find((section) => section.key === key)?.rows.map(({ cells }) => cells) ?? [];

const exits = (records: readonly ProcessRecord[]): ProcessRecord[] => records.filter(({ event }) => event === 'exit');
const sum = (values: readonly number[]): number => values.reduce((all, value) => all + value, 0);
const seconds = ({ at, exit: end }: ProcessRecord): number => {
  const start = end?.start ?? at;
  return at.seconds - start.seconds + (at.nanos - start.nanos) / 1e9;
};

for (const [title, records] of [
  ['a small build', BUILD],
  ['a large one', manyLives(4000)],
] as const) {
  test(`the figures of ${title} are the sums of its records`, () => {
    const findings = findingsOf(timelineOf(records));
    const ends = exits(records);
    const cpu = sum(ends.map(({ exit: end }) => end?.usage?.cpuNanos ?? 0)) / 1e9;
    const wall = Math.max(...ends.map(seconds));
    assert.deepEqual(
      { ...figures(findings), 'average parallelism': '' },
      {
        'wall time': humanDuration(wall),
        'CPU time': humanDuration(cpu),
        'CPUs used on average': (cpu / wall).toFixed(2),
        'average parallelism': '',
        processes: ends.length.toLocaleString('en-US'),
        'peak memory': kibInWords(Math.max(...ends.map(({ exit: end }) => end?.usage?.maxRssKib ?? 0))),
        failures: String(ends.filter(({ exit: end }) => (end?.waitStatus ?? 0) !== 0).length),
      },
    );
  });

  test(`the totals by command of ${title} are the sums of its records`, () => {
    const names = new Map(records.filter(({ event }) => event === 'exec').map(({ pid, image }) => [pid, image.comm]));
    for (const [name, count, wall, cpu, memory, failed] of rows(findingsOf(timelineOf(records)), 'commands')) {
      const of = exits(records).filter(({ pid }) => names.get(pid) === name);
      assert.equal(count, of.length.toLocaleString('en-US'), name);
      assert.equal(wall, humanDuration(sum(of.map(seconds))), name);
      assert.equal(cpu, humanDuration(sum(of.map(({ exit: end }) => end?.usage?.cpuNanos ?? 0)) / 1e9), name);
      assert.equal(memory, kibInWords(Math.max(...of.map(({ exit: end }) => end?.usage?.maxRssKib ?? 0))), name);
      const failures = of.filter(({ exit: end }) => end?.waitStatus !== 0).length;
      assert.equal(failed, failures === 0 ? '' : String(failures), name);
    }
  });
}

test('average parallelism is the time all processes ran, by the time it took', () => {
  const records = [...life(1, 9, [0, 100], 'sh'), ...life(2, 1, [0, 100], 'a'), ...life(3, 1, [50, 100], 'b')];
  assert.equal(figures(findingsOf(timelineOf(records)))['average parallelism'], '1.50');
});

test('failures stand in the order of time, the first one first, alike ones together', () => {
  assert.deepEqual(rows(findingsOf(timelineOf(BUILD)), 'failures'), [
    ['+20.0ms', 'exit 1', '1', 'cc1 b.c'],
    ['+21.0ms', 'exit 1', '1', 'cc -c b.c'],
    ['+100ms', 'exit 2', '1', 'make -j2'],
  ]);
  const killed = findingsOf(
    timelineOf([
      ...life(1, 9, [0, 10], 'sh'),
      ...life(2, 1, [1, 2], 'a', { status: 139 }),
      ...life(3, 1, [3, 4], 'a', { status: 139 }),
    ]),
  );
  assert.deepEqual(rows(killed, 'failures'), [['+2.00ms', 'SIGSEGV (core dumped)', '2', 'a']]);
});

test('the chain of last finishers says how long it goes through whom, and what it is not', () => {
  const findings = findingsOf(timelineOf(BUILD));
  assert.deepEqual(rows(findings, 'chain'), [
    ['0', '4.00ms', 'make -j2'],
    ['+1.00ms', '2.00ms', 'cc -c a.c'],
    ['+2.00ms', '38.0ms', 'cc1 a.c'],
    ['+42.0ms', '2.00ms', 'cc -c c.c'],
    ['+43.0ms', '18.0ms', 'cc1 c.c'],
    ['+63.0ms', '36.0ms', 'sleep 0.036'],
  ]);
  assert.match(findings.sections.find(({ key }) => key === 'chain')?.about ?? '', /no proven critical path/);
});

test('several roots have no chain in common', () => {
  assert.deepEqual(rows(findingsOf(timelineOf([...life(1, 8, [0, 5], 'a'), ...life(2, 9, [1, 6], 'b')])), 'chain'), []);
});

test('the same command line again and again is counted', () => {
  const probes = Array.from({ length: 5 }, (_, i) =>
    life(i + 2, 1, [i, i + 0.8], 'cc -E probe.c', { cpu: 0.5 }),
  ).flat();
  const findings = findingsOf(timelineOf([...life(1, 9, [0, 10], 'configure', { cpu: 1 }), ...probes]));
  assert.deepEqual(rows(findings, 'repeats'), [['5', '4.00ms', '2.50ms', '', '', 'cc -E probe.c']]);
});

test('a row leads to the life it is about', () => {
  const timeline = timelineOf(BUILD);
  const { sections } = findingsOf(timeline);
  for (const key of ['chain', 'failures', 'longest']) {
    for (const { life: place, cells } of sections.find((section) => section.key === key)?.rows ?? []) {
      assert.ok(place !== undefined, key);
      assert.equal(timeline.lives[place].programs.at(-1)?.text.command, cells.at(-1));
    }
  }
});

test('without accounts the processes that ran tell what was in use', () => {
  const records = [...life(1, 9, [0, 1000], 'make'), ...life(2, 1, [10, 500], 'a'), ...life(3, 1, [10, 980], 'b big')];
  const { sections } = findingsOf(timelineOf(records));
  const idle = sections.find(({ key }) => key === 'idle');
  assert.equal(idle?.title, 'At most half of the 2 CPUs in use');
  assert.match(idle?.about ?? '', /by the processes that ran/);
  assert.deepEqual(idle?.rows.at(-1)?.cells.slice(1), ['500ms', '1.00', 'b big (96 %), make (4 %)']);
});

test('of one CPU, or of an unknown number, nobody can say that it is half idle', () => {
  for (const cpus of [1, 'unknown'] as const)
    assert.deepEqual(rows(findingsOf(timelineOf(BUILD, {}, cpus)), 'idle'), []);
});

test('what is missing is said', () => {
  const records = [
    ...BUILD,
    fork(50, 200, 100),
    hole(70, 80, { reason: 'usage', count: 3 }),
    hole(80, 90, { reason: 'starved', count: undefined }),
  ];
  assert.deepEqual(findingsOf(timelineOf(records)).missing, [
    '3 accounts of what processes used were lost (usage), where it is hatched.',
    'The kernel told nothing for a while: events of unknown number are missing, where it is hatched.',
  ]);
});

test('as text: figures, sections and what is missing, within the width, and safe to look at', () => {
  const hostile = [...BUILD, ...life(300, 100, [64, 65], `evil\u001b[31m\u202e ${'x'.repeat(300)}`, { status: 256 })];
  const text = findingsText(findingsOf(timelineOf([...hostile, exec(66, 999, 'late'), exit(67, 999)])), 90);
  assert.match(text, /^wall time 100ms, CPU time 74\.5ms, .*, failures 4\n\n/);
  assert.match(text, /\n {2}WALL {5}CPU {2}PEAK MEMORY {2}PID {2}COMMAND\n/);
  assert.match(text, /\n1 process began before, unknown when\.\n/);
  assert.deepEqual(rawHazards(text), []);
  for (const line of text.split('\n')) {
    if (/^ {0,9}[+\d]/.test(line)) assert.ok(line.length <= 90, line);
  }
});

test('failures are told with their cause, and those of one command line together where only the cause differs', () => {
  const failures = findingsOf(timelineOf(DEATHS)).sections.find(({ key }) => key === 'failures');
  assert.deepEqual(
    failures?.rows.map(({ cells: [, end, times, command] }) => [end, times, command]),
    [
      ['SIGKILL', '3', 'worker'],
      ['exit 143, asked by kubelet[8] (SIGTERM)', '1', 'server'],
      ['SIGSEGV at 0x18 (not mapped)', '1', 'shop'],
      ['exit 127 · /usr/bin/sh\\u202eop: not found, or its interpreter (4 tried)', '1', 'sh -c work'],
    ],
  );
});

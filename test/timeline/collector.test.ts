/** From records to lives: who was born when and to whom, what it ran and how it ended. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commandOf } from '../../src/timeline/life.ts';
import { missing } from '../../src/timeline/missing.ts';
import { endOf, outcomeOf } from '../../src/timeline/outcome.ts';
import { broken, record } from '../support/records.ts';
import { BUILD, briefs, DEATHS, exec, exit, fork, hole, image, life, ms, names, timelineOf } from './story.ts';

test('each process is a life below its parent, named by the program it ran last', () => {
  assert.deepEqual(briefs(timelineOf(BUILD)).slice(0, 3), [
    '100 make -j2 0–100 told',
    '101 cc -c a.c < 100 1–41 told',
    '103 cc -c b.c < 100 1.5–21 told',
  ]);
});

test('a life has all its programs, and until the first of its own that of its parent', () => {
  const records = [
    ...life(1, 9, [0, 90], 'sh build'),
    fork(10, 2, 1),
    exec(11, 2, 'sh', '-c', 'exec cc'),
    exec(20, 2, 'cc'),
    exit(30, 2),
  ];
  const [, child] = timelineOf(records).lives;
  assert.deepEqual(
    child.programs.map(({ at, text, own }) => [ms(at), text.command, own]),
    [
      [10, 'sh build', false],
      [11, "sh -c 'exec cc'", true],
      [20, 'cc', true],
    ],
  );
});

test('a child that ran nothing of its own shows the command of its parent in parentheses', () => {
  const [, child] = timelineOf([...life(1, 9, [0, 90], 'sh build'), fork(10, 2, 1), exit(12, 2)]).lives;
  assert.equal(commandOf(child), '(sh build)');
});

test('two processes of one number are two lives', () => {
  const records = [...life(1, 9, [0, 90], 'sh'), ...life(2, 1, [10, 20], 'first'), ...life(2, 1, [30, 40], 'second')];
  assert.deepEqual(briefs(timelineOf(records)), [
    '1 sh 0–90 told',
    '2 first < 1 10–20 told',
    '2 second < 1 30–40 told',
  ]);
});

test('an end that is told after its number was given away belongs to the process that had it before', () => {
  const records = [
    ...life(1, 9, [0, 90], 'sh'),
    fork(10, 2, 1),
    exec(11, 2, 'first'),
    fork(30, 2, 1),
    exit(30.1, 2, { start: 10, status: 256 }),
    exec(31, 2, 'second'),
    exit(40, 2, { start: 30 }),
  ];
  assert.deepEqual(briefs(timelineOf(records)), [
    '1 sh 0–90 told',
    '2 first < 1 10–30.1 told',
    '2 second < 1 30–40 told',
  ]);
});

test('a number that is used again without an end in between: the first was gone by then', () => {
  const records = [
    ...life(1, 9, [0, 90], 'sh'),
    fork(10, 2, 1),
    exec(11, 2, 'first'),
    ...life(2, 1, [30, 40], 'second'),
  ];
  const timeline = timelineOf(records);
  assert.equal(briefs(timeline)[1], '2 first < 1 10–30 inferred');
  assert.deepEqual(missing(timeline), ['The end of 1 process was not heard: gone by the time drawn.']);
});

test('what has not ended lasts to the end of the recording', () => {
  const timeline = timelineOf([fork(0, 1, 9), exec(1, 1, 'server'), ...life(2, 1, [10, 50], 'worker')]);
  assert.deepEqual(briefs(timeline), ['1 server 0–50 running', '2 worker < 1 10–50 told']);
});

test('a birth that was not heard is told by the end, also where it lies before the recording', () => {
  const timeline = timelineOf([exec(5, 7, 'late'), exit(9, 7, { start: -20 })]);
  assert.deepEqual(briefs(timeline), ['7 late -25–4 told']);
});

test('a recording of ends alone is enough: births, parents and names are in them', () => {
  const ends = [
    exit(20, 2, { start: 5, over: { ppid: 1, image: image('cc1', 'a.c') } }),
    exit(30, 1, { start: 0, over: { image: image('make') } }),
  ];
  assert.deepEqual(briefs(timelineOf(ends)), ['1 make -20–10 told', '2 cc1 a.c < 1 -15–0 told']);
});

test('what was found after a loss began before, unknown when', () => {
  const timeline = timelineOf([
    hole(0, 10),
    record({
      event: 'found',
      pid: 3,
      tid: 3,
      at: { seconds: 1000, nanos: 12e6 },
      inferred: true,
      image: image('sshd'),
    }),
  ]);
  assert.equal(timeline.lives[0].began, 'before');
  assert.deepEqual(missing(timeline), [
    '1,234 events were lost (overrun), where it is hatched.',
    '1 process began before, unknown when.',
  ]);
});

test('several processes of a parent of which nothing was heard hang below a row for it', () => {
  const records = [...life(11, 1, [0, 10], 'a'), ...life(12, 1, [5, 20], 'b')].map((one) => ({
    ...one,
    parentComm: 'init',
  }));
  const timeline = timelineOf(records);
  assert.deepEqual(briefs(timeline), ['1 [init] 0–20 running', '11 a < 1 0–10 told', '12 b < 1 5–20 told']);
  assert.equal(timeline.lives[0].unseen, true);
  assert.equal(timeline.tally.all.count, 2);
});

test('ends of threads are no ends of processes', () => {
  const records = [fork(0, 1, 9), exec(1, 1, 'java'), exit(5, 1, { over: { thread: true, tid: 7 } }), exit(9, 1)];
  assert.deepEqual(briefs(timelineOf(records)), ['1 java 0–9 told']);
});

test('a record of a kind that nobody knows yet says that the process was there', () => {
  const alive = record({ event: 'alive' as 'found', pid: 3, tid: 3, image: image('sshd') });
  assert.deepEqual(names(timelineOf([alive])), ['sshd']);
});

test('texts are escaped, and very long ones are cut with their length', () => {
  const hostile = image('a\u202eb', '</script>', 'x'.repeat(40_000));
  const [one] = timelineOf([
    fork(0, 1, 9),
    { ...exec(1, 1), image: { ...hostile, cwd: broken(0x2f, 0xff) } },
    exit(2, 1),
  ]).lives;
  const { name, command, cwd } = one.programs[1].text;
  assert.equal(name, 'a\\u202eb');
  assert.equal(cwd, '/\\xff');
  assert.ok(command.startsWith("$'a\\u202eb' '</script>' xxxx"), command.slice(0, 40));
  assert.match(command, /… \(40,0\d\d letters\)$/);
});

test('all texts together are bounded: what comes later is cut sooner', () => {
  const records = Array.from({ length: 20 }, (_, i) => life(i + 1, 99, [i, i + 1], `cc ${'y'.repeat(900)}${i}`)).flat();
  const { lives } = timelineOf(records, { lettersInAll: 5000 });
  const lengths = lives.map(commandOf).map(({ length }) => length);
  assert.ok(Math.max(...lengths) > 900 && Math.min(...lengths.slice(1)) < 300, String(lengths));
});

const many = (count: number) => [
  ...life(1, 99, [0, count + 10], 'make'),
  ...Array.from({ length: count }, (_, i) =>
    life(i + 2, 1, [i, i + 0.6 + (i % 10) / 100], i % 50 === 0 ? 'probe bad' : 'probe', {
      status: i % 50 === 0 ? 256 : 0,
      cpu: 0.1,
    }),
  ).flat(),
];

test('beyond the limit the shortest are bundled with their parent, and are in every sum', () => {
  const timeline = timelineOf(many(1000), { limit: 200 });
  assert.ok(timeline.lives.length <= 200);
  const bundled = timeline.bundles.reduce((sum, { count }) => sum + count, 0);
  assert.equal(bundled + timeline.lives.length, 1001);
  assert.deepEqual(new Set(timeline.bundles.map(({ parent }) => parent?.pid)), new Set([1]));
  assert.equal(timeline.tally.all.count, 1001);
  assert.equal(timeline.tally.byCommand.get('probe')?.count, 1000);
  assert.equal(timeline.tally.all.failures, 20);
  assert.match(
    missing(timeline)[0],
    /^Of 1,001 processes the [\d,]+ shortest, none longer than \d+µs, are not drawn each on its own; they are in every sum\.$/,
  );
  const longest = Math.max(...timeline.bundles.map(({ longest: length }) => length));
  const kept = timeline.lives.filter(({ ended }) => ended === 'told').map(({ from, to }) => to - from);
  assert.ok(kept.filter((length) => length < longest).length < 60, 'those kept are not shorter, but for the latest');
});

test('what can neither be kept nor bundled is counted', () => {
  const living = Array.from({ length: 50 }, (_, i) => fork(i, i + 2, 1));
  const timeline = timelineOf(living, { limit: 20 });
  const seen = timeline.lives.filter(({ unseen }) => !unseen);
  assert.deepEqual([seen.length, timeline.uncounted], [20, 30]);
  assert.ok(missing(timeline).includes('30 more processes were too many to be kept: only their number is known.'));
});

test('bundles go up with their parents', () => {
  const jobs = Array.from({ length: 300 }, (_, i) => [
    ...life(2 * i + 2, 1, [i, i + 0.9], 'sh'),
    ...life(2 * i + 3, 2 * i + 2, [i + 0.1, i + 0.7], 'true'),
  ]).flat();
  const timeline = timelineOf([...life(1, 99, [0, 400], 'make'), ...jobs], { limit: 100 });
  const bundled = timeline.bundles.reduce((sum, { count }) => sum + count, 0);
  assert.equal(bundled + timeline.lives.length, 601);
  for (const { parent } of timeline.bundles) assert.ok(parent !== undefined && timeline.lives.includes(parent));
});

test('a life has the cause of its end, and what could not be run, in words with all foreign text escaped', () => {
  assert.deepEqual(
    timelineOf(DEATHS).lives.map((one) => [one.pid, one.cause, outcomeOf(one), endOf(one)]),
    [
      [1, undefined, 'exit 127 · /usr/bin/sh\\u202eop: not found, or its interpreter (4 tried)', 'exit 127'],
      [2, 'signal', 'SIGKILL by oomd[72]', 'SIGKILL'],
      [3, 'signal', 'SIGKILL by oomd[73]', 'SIGKILL'],
      [4, 'signal', 'SIGKILL by oomd[74]', 'SIGKILL'],
      [5, 'exit', 'exit 143, asked by kubelet[8] (SIGTERM)', 'exit 143'],
      [6, 'fault', 'SIGSEGV at 0x18 (not mapped)', 'SIGSEGV'],
      [7, 'exit', 'exit 0', 'exit 0'],
    ],
  );
});

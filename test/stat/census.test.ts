/** What stat counts: sums, rates, quantiles and histories, all in bounded memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessRecord } from '../../src/process/record.ts';
import { Census } from '../../src/stat/census.ts';
import { sorted } from '../../src/stat/columns.ts';
import { DurationSketch } from '../../src/stat/duration-sketch.ts';
import { GROUPINGS } from '../../src/stat/grouping.ts';
import { HISTORY_SECONDS, History } from '../../src/stat/history.ts';
import { seeded } from '../support/random.ts';
import { broken, ended, lost, record } from '../support/records.ts';
import { usage } from '../support/usage.ts';

const BEGIN = { seconds: 1000, nanos: 0 };
const after = (seconds: number) => ({ seconds: 1000 + Math.floor(seconds), nanos: (seconds % 1) * 1e9 });

const fork = (comm: string, seconds = 0): ProcessRecord =>
  record({ event: 'fork', image: { comm }, at: after(seconds) });

test('a median is within two percent of the truth, and so is any other quantile', () => {
  const next = seeded(7);
  const sketch = new DurationSketch();
  const lives = Array.from({ length: 20_001 }, () => 10 ** ((next() / 2 ** 32) * 9 - 6));
  for (const life of lives) sketch.add(life);
  lives.sort((a, b) => a - b);
  for (const share of [0.01, 0.25, 0.5, 0.9, 0.999]) {
    const truth = lives[Math.ceil(share * lives.length) - 1];
    assert.ok(Math.abs((sketch.quantile(share) ?? 0) / truth - 1) < 0.021, `${share}`);
  }
  assert.equal(sketch.max, lives[lives.length - 1]);
});

test('the memory of quantiles has a bound, whatever the durations are', () => {
  const sketch = new DurationSketch();
  for (let i = 0; i < 200_000; i++) sketch.add(1e-9 * 1.0003 ** i);
  sketch.add(Number.POSITIVE_INFINITY);
  sketch.add(0);
  assert.ok(sketch.size <= 900, `${sketch.size}`);
});

test('two sketches together are the sketch of all', () => {
  const [one, two, all] = [new DurationSketch(), new DurationSketch(), new DurationSketch()];
  for (let i = 1; i <= 100; i++) {
    (i % 3 === 0 ? one : two).add(i);
    all.add(i);
  }
  one.merge(two);
  assert.equal(one.quantile(0.5), all.quantile(0.5));
  assert.equal(one.max, 100);
});

test('a history forgets what is older than it is long, and keeps what comes late', () => {
  const history = new History();
  history.add(100, 5);
  history.add(103, 2);
  history.add(102, 1);
  assert.deepEqual(history.until(103, 4), [5, 0, 1, 2]);
  history.add(100 + HISTORY_SECONDS, 9);
  assert.deepEqual(history.until(100 + HISTORY_SECONDS, 1), [9]);
  history.add(100, 77);
  assert.equal(history.until(100 + HISTORY_SECONDS, HISTORY_SECONDS + 5).includes(77), false);
  assert.deepEqual(history.until(5000, 3), [0, 0, 0]);
});

test('a rate is that of the last seconds, also right after the start', () => {
  const history = new History();
  history.add(1000, 30);
  assert.equal(history.rate({ seconds: 1000, nanos: 5e8 }, 0.5), 60);
  assert.equal(history.rate({ seconds: 1001, nanos: 0 }, 1), 30);
  assert.equal(history.rate({ seconds: 1010, nanos: 0 }, 10), 0);
});

test('forks, programs, ends and failures are counted for the name they belong to', () => {
  const census = new Census(GROUPINGS.command, BEGIN);
  census.take([
    fork('make'),
    fork('make'),
    record({ image: { comm: 'cc1' } }),
    ended(0, { image: { comm: 'cc1' } }),
    ended(0x100, { image: { comm: 'cc1' } }),
    ended(undefined, { image: { comm: 'cc1' } }),
    ended(9, { image: { comm: 'cc1' }, thread: true }),
  ]);
  const rows = sorted(census.rows(after(10), 'average'), 'exits');
  assert.deepEqual(
    rows.map(({ name, counts }) => [name, { ...counts }]),
    [
      ['cc1', { forks: 0, execs: 1, exits: 3, failures: 1 }],
      ['make', { forks: 2, execs: 0, exits: 0, failures: 0 }],
    ],
  );
  assert.equal(rows[1].perSecond.forks, 0.2);
  assert.deepEqual({ ...census.total(after(10), 'average').counts }, { forks: 2, execs: 1, exits: 3, failures: 1 });
});

test('costs are summed, the peak of memory is the highest, and one lower bound makes the sum one', () => {
  const census = new Census(GROUPINGS.command, BEGIN);
  const costly = (cpuNanos: number, maxRssKib: number, cpuIsLowerBound: boolean): ProcessRecord => {
    const base = ended(0, { image: { comm: 'cc1' } });
    return { ...base, exit: { ...end, usage: usage({ cpuNanos, maxRssKib, cpuIsLowerBound }) } };
  };
  const end = { waitStatus: 0, start: undefined, duration: undefined };
  census.take([costly(1e9, 100, false), costly(2e9, 700, true), costly(3e9, 300, false)]);
  const [row] = census.rows(after(1), 'now');
  assert.deepEqual([row.cpuNanos, row.maxRssKib, row.cpuIsLowerBound], [6e9, 700, true]);
});

test('losses are told by their reason', () => {
  const census = new Census(GROUPINGS.command, BEGIN);
  census.take([lost({ count: 5 }), lost({ count: 2 }), lost({ reason: 'usage', count: 1 })]);
  assert.deepEqual(census.losses, { counted: { overrun: 7, usage: 1 }, uncounted: false });
  census.take([lost({ reason: 'starved', count: undefined })]);
  assert.equal(census.losses.uncounted, true);
});

test('however many names there are, few groups are kept, the busy ones, and no count is lost', () => {
  const census = new Census(GROUPINGS.command, BEGIN);
  for (let i = 0; i < 30_000; i++) {
    census.take([fork(`name ${i}`)]);
    if (i % 10 === 0) census.take([fork('busy')]);
  }
  assert.ok(census.size <= 2000, `${census.size}`);
  const rows = census.rows(after(1), 'now');
  assert.equal(rows.find(({ name }) => name === 'busy')?.counts.forks, 3000);
  assert.equal(
    rows.reduce((sum, { counts }) => sum + counts.forks, 0),
    33_000,
  );
  const last = sorted(rows, 'forks').at(-1);
  assert.ok((last?.folded ?? 0) > 20_000);
});

test('names that only look alike are two rows, and an unknown one is none of them', () => {
  const census = new Census(GROUPINGS.command, BEGIN);
  const images = [{ comm: '\ufffd' }, { comm: broken(0xff) }, { comm: broken(0xfe) }, {}, { comm: '?' }];
  for (const image of images) census.take([record({ image })]);
  assert.equal(census.size, 5);
});

test('rows can be made by user, parent, unit, container, cause, program and machine too', () => {
  const id = 'a'.repeat(64);
  const cgroup = `/system.slice/docker-${id}.scope`;
  const one = { ...ended(9), cgroup };
  const killed = {
    ...one,
    exit: { ...one.exit, waitStatus: 9, start: undefined, duration: undefined, cause: { cause: 'signal' } },
  } as const;
  const names = Object.fromEntries(Object.entries(GROUPINGS).map(([by, { nameOf }]) => [by, nameOf(killed, 'web-3')]));
  assert.deepEqual(names, {
    command: 'cat',
    user: '1000',
    parent: 'sh',
    unit: `docker-${id}.scope`,
    container: id,
    cause: 'signal',
    exe: '/bin/cat',
    host: 'web-3',
  });
});

/** How many processes ran at each moment, what they used of the CPUs, when there was little to do, and who ended last. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastFinishers } from '../../src/timeline/last-finishers.ts';
import { lastProgram, type Timeline } from '../../src/timeline/life.ts';
import { Integral, loadOf } from '../../src/timeline/load.ts';
import { spansOf } from '../../src/timeline/spans.ts';
import { idleStretches } from '../../src/timeline/stretches.ts';
import { manyLives } from '../support/many-lives.ts';
import { BUILD, exec, exit, fork, life, ms, timelineOf } from './story.ts';

/** Time in milliseconds, processes that run from then on. */
function steps(timeline: Timeline): [number, number][] {
  const { times, running } = loadOf(spansOf(timeline));
  return [...times].map((time, i) => [ms(time), running[i]]);
}

/** The same counted anew at every moment, as slowly as it is plain. */
function runningAt({ lives }: Timeline, time: number): number {
  const alive = lives.filter(({ from, to }) => from <= time && time < to);
  return alive.filter((one) => !alive.some(({ parent }) => parent === one)).length;
}

test('a process runs while it has no living child of its own', () => {
  const timeline = timelineOf([
    ...life(1, 9, [0, 100], 'make'),
    ...life(2, 1, [10, 60], 'cc'),
    ...life(3, 2, [20, 50], 'cc1'),
    ...life(4, 1, [30, 40], 'cc1'),
  ]);
  assert.deepEqual(steps(timeline), [
    [0, 1],
    [10, 1],
    [20, 1],
    [30, 2],
    [40, 1],
    [50, 1],
    [60, 1],
    [100, 0],
  ]);
});

test('a child that outlives its parent runs on', () => {
  const timeline = timelineOf([...life(1, 9, [0, 10], 'sh'), ...life(2, 1, [5, 30], 'daemon')]);
  assert.deepEqual(steps(timeline), [
    [0, 1],
    [5, 1],
    [10, 1],
    [30, 0],
  ]);
});

test('it is what counting anew at every moment gives', () => {
  const timeline = timelineOf(manyLives(300));
  const { times, running } = loadOf(spansOf(timeline));
  for (let i = 0; i + 1 < times.length; i += 7) {
    const middle = (times[i] + times[i + 1]) / 2;
    assert.equal(running[i], runningAt(timeline, middle), `at ${middle}`);
  }
});

test('what was used is spread, and its sum is what the accounts tell', () => {
  const timeline = timelineOf(BUILD);
  const { times, cpu } = loadOf(spansOf(timeline));
  const sum = new Integral(times, cpu).until(timeline.to);
  const told = timeline.lives.reduce((all, { usage }) => all + (usage?.cpuNanos ?? 0), 0);
  assert.ok(Math.abs(sum - told) < 1000, `${sum} against ${told}`);
});

test('one CPU is taken while it ran alone, and what is beyond it goes evenly over its life', () => {
  const timeline = timelineOf(life(1, 9, [0, 10], 'threads', { cpu: 30 }));
  const { cpu } = loadOf(spansOf(timeline));
  assert.deepEqual(
    [...cpu].map((used) => Math.round(used)),
    [3, 0],
  );
  const waits = timelineOf([...life(1, 9, [0, 10], 'sh', { cpu: 1 }), ...life(2, 1, [1, 9], 'sleep', { cpu: 0 })]);
  const { times, cpu: used } = loadOf(spansOf(waits));
  assert.deepEqual(
    [...times].map((time, i) => [ms(time), Number(used[i].toFixed(3))]),
    [
      [0, 0.5],
      [1, 0],
      [9, 0.5],
      [10, 0],
    ],
  );
});

test('processes from before the recording are not counted, nor is what they used', () => {
  const timeline = timelineOf([...life(2, 1, [0, 10], 'cc'), exec(1, 7, 'old'), exit(9, 7, { start: -500, cpu: 400 })]);
  assert.deepEqual(steps(timeline), [
    [0, 1],
    [10, 0],
  ]);
  assert.equal(timeline.tally.within.cpu, undefined);
});

test('the average over a stretch is the integral over it', () => {
  const integral = new Integral(Float64Array.of(0, 10, 30), Float64Array.of(2, 4, 0));
  assert.deepEqual([integral.average(0, 30), integral.average(5, 15), integral.average(30, 90)], [100 / 30, 3, 0]);
});

const stretches = (timeline: Timeline, measure: 'running' | 'cpu') => {
  const spans = spansOf(timeline);
  return idleStretches(spans, loadOf(spans), measure, 2, timeline);
};

test('a stretch with one of two CPUs idle is found, with what ran then', () => {
  const records = [
    ...life(1, 9, [0, 1000], 'make'),
    ...life(2, 1, [10, 400], 'cc1 a.c'),
    ...life(3, 1, [10, 990], 'cc1 big.c'),
  ];
  const timeline = timelineOf(records);
  const [last, ...others] = stretches(timeline, 'running').toReversed();
  assert.ok(Math.abs(ms(last.from) - 400) < 5 && Math.abs(ms(last.to) - 1000) < 5, `${last.from} ${last.to}`);
  assert.equal(lastProgram(timeline.lives[last.ran[0].place]).name, 'cc1');
  assert.equal(timeline.lives[last.ran[0].place].pid, 3);
  assert.ok(last.ran[0].share > 0.95);
  assert.ok(others.every(({ from, to }) => to - from < 20e6));
});

test('by CPU time a process that only sleeps leaves both idle', () => {
  const timeline = timelineOf([
    ...life(1, 9, [0, 1000], 'sh', { cpu: 1 }),
    ...life(2, 1, [10, 990], 'sleep', { cpu: 0 }),
  ]);
  const [only] = stretches(timeline, 'cpu');
  assert.ok(only.used < 0.05 && ms(only.to - only.from) > 990);
});

test('the chain goes through the child that ended last, again and again, without a gap', () => {
  const timeline = timelineOf(BUILD);
  const links = lastFinishers(spansOf(timeline), 0);
  assert.deepEqual(
    links.map(({ place, from, to }) => [timeline.lives[place].pid, ms(from), ms(to)]),
    [
      [100, 0, 1],
      [101, 1, 2],
      [102, 2, 40],
      [101, 40, 41],
      [100, 41, 42],
      [105, 42, 43],
      [106, 43, 61],
      [105, 61, 62],
      [100, 62, 63],
      [107, 63, 99],
      [100, 99, 100],
    ],
  );
  const sum = links.reduce((all, { from, to }) => all + to - from, 0);
  assert.equal(sum, timeline.lives[0].to - timeline.lives[0].from);
});

test('the chain covers a large build exactly once', () => {
  const timeline = timelineOf(manyLives(3000));
  const links = lastFinishers(spansOf(timeline), 0);
  links.reduce((before, { from, to }) => {
    assert.equal(from, before);
    return to;
  }, timeline.lives[0].from);
  assert.equal(links.at(-1)?.to, timeline.lives[0].to);
});

test('a child that was born and ended in the same moment does no harm', () => {
  const timeline = timelineOf([...life(1, 9, [0, 10], 'sh'), fork(5, 2, 1), exit(5, 2)]);
  assert.deepEqual(steps(timeline).at(-1), [10, 0]);
  assert.equal(lastFinishers(spansOf(timeline), 0).length > 0, true);
});

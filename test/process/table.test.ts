/** The process table over long times, losses and storms: true, and bounded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unknownProc } from '../../src/process/subjects.ts';
import { ProcessTable } from '../../src/process/table.ts';
import type { Unheard } from '../../src/process/witness.ts';
import * as dg from '../support/datagrams.ts';
import { at } from '../support/datagrams.ts';
import { ticksAt } from '../support/scripted-reader.ts';
import { briefs, Story } from '../support/story.ts';

function withInit(typed = {}, selection = {}): Story {
  const story = new Story(typed, selection);
  story.reader.set(1, { comm: 'init', ppid: 0 });
  return story;
}

test('after a loss what vanished has ended, without a status nobody told', () => {
  const story = withInit();
  story.reader.set(10, { comm: 'lost', startTicks: ticksAt(-100) });
  story.begin().reader.remove(10);
  const [end] = story.reconcile();
  assert.deepEqual(briefs([end]), ['exit 10 lost unknown inferred']);
  assert.equal(end.exit?.duration, undefined);
  assert.deepEqual(story.reconcile(), []);
});

test('after a loss a process never heard of is found', () => {
  const story = withInit().begin();
  story.reader.set(30, { comm: 'new', args: ['new'], startTicks: ticksAt(100) });
  assert.deepEqual(briefs(story.reconcile()), ['found 30 new inferred']);
  assert.deepEqual(story.reconcile(), []);
});

test('an exec that only the witness saw is told, and its process found if nobody heard of its birth', () => {
  const story = withInit().begin();
  story.reader.set(1, { comm: 'init', ppid: 0 });
  const seen = (pid: number): Unheard => ({
    event: 'exec',
    pid,
    at: { seconds: 1000, nanos: 7 },
    told: { image: { comm: `p${pid}`, uid: 0 }, ppid: 1, start: { seconds: 1000, nanos: 5 }, startExact: true },
    status: undefined,
  });
  story.hear(dg.fork(1, 30));
  const records = story.tracker.repair([seen(30), seen(31)]);
  assert.deepEqual(briefs(records), ['exec 30 p30 inferred', 'found 31 p31 inferred', 'exec 31 p31 inferred']);
  assert.deepEqual(story.tracker.table.living(31)?.start, { seconds: 1000, nanos: 5 });
});

test('after a loss a number with another start is one process that ended and one that is found', () => {
  const story = withInit();
  story.reader.set(10, { comm: 'old', startTicks: ticksAt(-100) });
  story.begin().reader.set(10, { comm: 'new', startTicks: ticksAt(500) });
  assert.deepEqual(briefs(story.reconcile()), ['exit 10 old unknown inferred', 'found 10 new inferred']);
});

test('a zombie after a loss has ended, with the status its remains show', () => {
  const story = withInit();
  story.reader.set(10, { comm: 'dead', startTicks: ticksAt(-100) });
  story.begin().reader.set(10, { state: 'Z', waitStatus: 0x200 });
  assert.deepEqual(briefs(story.reconcile()), ['exit 10 dead 0x200 inferred']);
});

test('what was born after the scan is left alone', () => {
  const story = withInit().begin();
  story.clock = 100;
  story.hear(dg.fork(1, 40, { time: at(200) }));
  assert.deepEqual(story.reconcile(), []);
  assert.notEqual(story.tracker.table.living(40), undefined);
});

test('a late exit after the rescan concluded it does not end anybody twice', () => {
  const story = withInit();
  story.reader.set(10, { comm: 'lost', startTicks: ticksAt(-100) });
  story.begin().reader.remove(10);
  assert.equal(story.reconcile().length, 1);
  assert.equal(story.tracker.table.living(10), undefined);
});

test('conclusions that were not asked for keep the table true and are not shown', () => {
  const story = withInit({ events: ['fork,exec,nonzero-exit'], tree: ['1'] });
  story.reader.set(10, { comm: 'lost', startTicks: ticksAt(-100) });
  story.begin().reader.remove(10);
  assert.deepEqual(story.reconcile(), []);
  assert.equal(story.tracker.table.living(10), undefined);
});

test('200,000 forks and ends leave the table as small as the grace', () => {
  const story = withInit().begin();
  for (let batch = 0; batch < 200; batch++) {
    const datagrams: Uint8Array[] = [];
    for (let i = 0; i < 1000; i++) {
      const pid = 100 + batch * 1000 + i;
      const ms = batch * 1000 + i;
      datagrams.push(dg.fork(1, pid, { time: at(ms) }), dg.exit(pid, 0, 1, { time: at(ms + 0.5) }));
    }
    assert.equal(story.hear(...datagrams).length, 2000);
  }
  assert.ok(story.tracker.table.size < 5000, `${story.tracker.table.size} entries`);
  assert.equal(story.unsettled, 0);
});

test('ends of threads by the hundred thousand open no cases', () => {
  const story = withInit();
  story.reader.set(10, { comm: 'app', threads: 5 });
  story.begin();
  for (let i = 0; i < 100_000; i += 1000) {
    story.hear(...Array.from({ length: 1000 }, (_, j) => dg.exit({ tid: 100 + i + j, tgid: 10 }, 0)));
  }
  assert.equal(story.unsettled, 0);
  assert.equal(story.tracker.table.size, 2);
});

test('a number used again and again while its ends are lost does not grow the table', () => {
  const story = withInit().begin();
  for (let i = 0; i < 2000; i++) story.hear(dg.fork(1, 50, { time: at(i * 100) }));
  assert.equal(story.tracker.table.size, 2);
  story.reconcile();
  assert.equal(story.tracker.table.get(50)?.previous, undefined);
});

test('a process that ended can still be named for a while, and not for ever', () => {
  const table = new ProcessTable();
  const first = table.add(unknownProc(1));
  table.end(first);
  assert.equal(table.get(1), first);
  assert.equal(table.living(1), undefined);
  for (let pid = 2; pid < 5000; pid++) table.end(table.add(unknownProc(pid)));
  assert.equal(table.get(1), undefined);
});

test('the grace of an old holder does not take away the new one', () => {
  const table = new ProcessTable();
  table.end(table.add(unknownProc(1)));
  const second = table.add(unknownProc(1));
  for (let pid = 2; pid < 5000; pid++) table.end(table.add(unknownProc(pid)));
  assert.equal(table.get(1), second);
});

test('events of several CPUs come out in the order of time, a fork before all of its child', () => {
  const story = withInit({ events: ['all'] }).begin();
  const records = story.hear(
    dg.sid(60, { cpu: 1, time: at(2) }),
    dg.fork(1, 60, { cpu: 0, time: at(1) }),
    dg.exit(60, 0, 1, { cpu: 1, time: at(4) }),
    dg.gid(60, 1, 1, { cpu: 0, time: at(3) }),
  );
  assert.deepEqual(
    records.map(({ event }) => event),
    ['fork', 'sid', 'gid', 'exit'],
  );
});

test('equal stamps keep the order of arrival', () => {
  const story = withInit({ events: ['all'] }).begin();
  const records = story.hear(
    dg.fork(1, 60, { time: at(5) }),
    dg.sid(60, { time: at(5) }),
    dg.fork(1, 61, { time: at(4) }),
  );
  assert.deepEqual(briefs(records), ['fork 61 init', 'fork 60 init', 'sid 60 init']);
});

/** Who belongs to a selected tree, and what --pid, --tree and --user leave unread. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as dg from '../support/datagrams.ts';
import { at } from '../support/datagrams.ts';
import { ticksAt } from '../support/scripted-reader.ts';
import { Story } from '../support/story.ts';

function withFamily(selection = {}): Story {
  const story = new Story({ tree: ['10'] }, { tree: { wanted: [10], unwanted: [] }, ...selection });
  story.reader
    .set(1, { comm: 'init', ppid: 0 })
    .set(10, { comm: 'root', ppid: 1, startTicks: ticksAt(-900), uid: 0 })
    .set(11, { comm: 'child', ppid: 10, startTicks: ticksAt(-800), uid: 1000 })
    .set(12, { comm: 'grandchild', ppid: 11, startTicks: ticksAt(-700), uid: 1000 })
    .set(90, { comm: 'stranger', ppid: 1, startTicks: ticksAt(-600), uid: 1000 });
  return story.begin();
}

const members = (story: Story, pids: readonly number[]): number[] =>
  pids.filter((pid) => story.tracker.table.get(pid)?.trees.includes(10));

test('the root and its descendants born before the start belong to the tree, strangers do not', () => {
  assert.deepEqual(members(withFamily(), [1, 10, 11, 12, 90]), [10, 11, 12]);
});

test('children born later belong to it, also of descendants that ended or got another parent', () => {
  const story = withFamily();
  story.hear(dg.fork(12, 20, { time: at(0) }), dg.fork(90, 91, { time: at(1) }));
  story.reader.remove(11, 12);
  story.hear(dg.exit(11, 0, 10, { time: at(2) }), dg.exit(12, 0, 1, { time: at(3) }));
  story.hear(dg.fork(20, 21, { time: at(4) }));
  assert.deepEqual(members(story, [20, 21, 91]), [20, 21]);
});

test('a new process with the number of a member does not inherit the membership', () => {
  const story = withFamily();
  story.reader.remove(12);
  story.hear(dg.exit(12, 0, 11, { time: at(0) }), dg.fork(90, 12, { time: at(1) }));
  assert.deepEqual(members(story, [12]), []);
});

test('a process found after a loss belongs to the tree of its parent', () => {
  const story = withFamily();
  story.reader.set(30, { comm: 'new', ppid: 12, startTicks: ticksAt(500) });
  story.reconcile();
  assert.deepEqual(members(story, [30]), [30]);
});

test('programs outside of the tree are not even read', () => {
  const story = withFamily();
  story.hear(dg.exec(90, { time: at(0) }), dg.exec(12, { time: at(1) }));
  assert.deepEqual(story.reader.imagesRead, [12]);
});

test('programs of unwanted numbers and users are not read, and those of unknown users are', () => {
  const byPid = withFamily({ tree: { wanted: [], unwanted: [] }, pid: { wanted: [], unwanted: [90] } });
  byPid.hear(dg.exec(90, { time: at(0) }));
  assert.deepEqual(byPid.reader.imagesRead, []);
  const byUser = withFamily({ tree: { wanted: [], unwanted: [] }, uid: { wanted: [0], unwanted: [] } });
  byUser.hear(dg.exec(90, { time: at(0) }), dg.exec(10, { time: at(1) }), dg.exec(555, { time: at(2) }));
  assert.deepEqual(byUser.reader.imagesRead.sort(), [10, 555]);
});

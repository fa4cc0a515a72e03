/** Trees and forests, also of snapshots that no single moment could have shown. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { forest, treesOf } from '../../src/ps/kinship.ts';
import type { Task } from '../../src/ps/task.ts';

const task = (pid: number, ppid: number, tid = pid): Task => ({
  pid,
  tid,
  ppid,
  pgid: 0,
  sid: 0,
  state: 'S',
  comm: `c${tid}`,
  startTicks: 0,
});
const drawn = (...tasks: Task[]): string[] => forest(tasks).map(({ lead, task: { tid } }) => lead + tid);

test('children hang below their parents, threads below their leaders, orphans at the left', () => {
  assert.deepEqual(drawn(task(1, 0), task(2, 1), task(3, 2), task(2, 1, 5), task(4, 1), task(9, 77)), [
    '1',
    '├─ 2',
    '│  ├─ 3',
    '│  └─ 5',
    '└─ 4',
    '9',
  ]);
});

test('siblings stay in the order given', () => {
  assert.deepEqual(drawn(task(4, 1), task(2, 1), task(1, 0)), ['1', '├─ 4', '└─ 2']);
});

test('who seems to be his own ancestor is drawn once', () => {
  assert.deepEqual(drawn(task(1, 0), task(5, 6), task(6, 5), task(7, 7)), ['1', '5', '└─ 6', '7']);
});

test('a tree has its root and all below it, a process may be in several', () => {
  const tasks = [task(1, 0), task(2, 1), task(3, 2), task(4, 1), task(5, 6), task(6, 5)];
  assert.deepEqual(
    treesOf(tasks, [2, 1, 5]),
    new Map([
      [2, [2, 1]],
      [3, [2, 1]],
      [1, [1]],
      [4, [1]],
      [5, [5]],
      [6, [5]],
    ]),
  );
});

test('a chain of 50,000 generations is walked without a deep stack', () => {
  const chain = Array.from({ length: 50_000 }, (_, i) => task(i + 1, i));
  assert.equal(treesOf(chain, [1]).size, 50_000);
});

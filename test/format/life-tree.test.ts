/** The tree of processes as it ran, told by hand. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LifeTree } from '../../src/format/life-tree.ts';
import type { Moment } from '../../src/process/moment.ts';
import type { ProcessRecord } from '../../src/process/record.ts';
import { unheard } from '../../src/process/teller.ts';

const at = (ms: number): Moment => ({ seconds: 1000 + Math.floor(ms / 1000), nanos: (ms % 1000) * 1e6 });
const PLAIN = { colour: false, width: undefined };

/** A tree whose processes are told one after another. */
class Story {
  readonly tree: LifeTree;

  constructor(...command: string[]) {
    this.tree = new LifeTree(command);
  }

  private tell(pid: number, ms: number, rest: Partial<ProcessRecord>): this {
    this.tree.add({ ...unheard('exit', pid, {}, at(ms)), inferred: false, ...rest });
    return this;
  }

  fork(pid: number, ppid: number, ms: number): this {
    return this.tell(pid, ms, { event: 'fork', ppid });
  }

  exec(pid: number, ms: number, ...args: string[]): this {
    return this.tell(pid, ms, { event: 'exec', image: { comm: args[0], args } });
  }

  exit(pid: number, ms: number, waitStatus: number | undefined, inferred = false): this {
    return this.tell(pid, ms, { exit: { waitStatus, start: undefined, duration: undefined }, inferred });
  }

  /** A whole life below 1. */
  child(pid: number, ms: number, took: number, name: string, waitStatus = 0): this {
    return this.fork(pid, 1, ms)
      .exec(pid, ms, name, `-${pid}`)
      .exit(pid, ms + took, waitStatus);
  }

  /** Blanks joined, so that widths do not matter. */
  get lines(): string[] {
    return this.tree
      .render(PLAIN)
      .trimEnd()
      .split('\n')
      .map((line) => line.replace(/(?<=\S) {2,}/g, ' | '));
  }
}

const make = () => new Story('make', '-j4').fork(1, 99, 0).exec(1, 1, 'make', '-j4');

test('each process with its command, its start, its time and its end, below its parent', () => {
  const story = make()
    .fork(2, 1, 10)
    .exec(2, 11, 'cc', 'a b.c')
    .fork(3, 2, 20)
    .exit(3, 25, 9)
    .exit(2, 30, 1 << 8);
  assert.deepEqual(story.exit(1, 40, 2 << 8).lines, [
    'make -j4 | +0µs | 40.0ms | exit 2',
    "└─ cc 'a b.c' | +10.0ms | 20.0ms | exit 1",
    "   └─ (cc 'a b.c') | +20.0ms | 5.00ms | SIGKILL",
  ]);
  assert.equal(story.tree.firstStatus, 2 << 8);
  assert.equal(story.tree.alive.size, 0);
});

test('equal siblings are folded from three on, with the span of their times; others stand where the first of them was', () => {
  const story = make();
  for (let i = 0; i < 1204; i++) story.child(100 + i, 10 + i, 800 + i, 'cc1plus');
  story
    .child(5000, 20, 5, 'cc1plus', 1 << 8)
    .child(5001, 30, 5, 'ld')
    .child(5002, 40, 5, 'ld');
  assert.deepEqual(story.exit(1, 5000, 0).lines, [
    'make -j4 | +0µs | 5.00s | exit 0',
    '├─ cc1plus × 1,204 | +10.0ms | 800ms–2.00s | exit 0',
    '├─ cc1plus -5000 | +20.0ms | 5.00ms | exit 1',
    '├─ ld -5001 | +30.0ms | 5.00ms | exit 0',
    '└─ ld -5002 | +40.0ms | 5.00ms | exit 0',
  ]);
});

test('equal branches are folded with all that hangs below them', () => {
  const story = make();
  for (let i = 0; i < 3; i++) {
    const [driver, worker] = [10 + i, 20 + i];
    story
      .fork(driver, 1, i)
      .exec(driver, i, 'gcc', `${i}.c`)
      .fork(worker, driver, i + 1)
      .exec(worker, i + 1, 'cc1', `${i}.c`);
    story.exit(worker, i + 5 * (i + 1), 0).exit(driver, 20 + i, 0);
  }
  assert.deepEqual(story.exit(1, 50, 0).lines, [
    'make -j4 | +0µs | 50.0ms | exit 0',
    '└─ gcc × 3 | +0µs | 20.0ms | exit 0',
    '   └─ cc1 × 3 | +1.00ms | 4.00ms–14.0ms | exit 0',
  ]);
});

test('the command is named as it was typed where its arguments could not be read', () => {
  const story = new Story('sh', '-c', 'exit 7').fork(1, 99, 0);
  story.tree.add({ ...unheard('exit', 1, { comm: 'sh', missing: 'gone' }, at(1)), event: 'exec' });
  assert.deepEqual(story.exit(1, 2, 7 << 8).lines, ["sh -c 'exit 7' | +0µs | 2.00ms | exit 7"]);
});

test('what is not known is not told: a status, a time, a name; what runs still runs', () => {
  const story = make().fork(2, 1, 1).exit(2, 5, undefined, true).fork(3, 1, 2);
  story.tree.conclude(3, 3 << 8);
  story.fork(4, 1, 3);
  story.tree.add({ ...unheard('exit', 4, { missing: 'gone' }, at(4)), event: 'exec' });
  assert.deepEqual(story.lines, [
    'make -j4 | +0µs | still running',
    '├─ (make -j4) | +1.00ms | ended, status unknown',
    '├─ (make -j4) | +2.00ms | exit 3',
    '└─ [?] | +3.00ms | still running',
  ]);
  assert.deepEqual([...story.tree.alive], [1, 4]);
});

test('a process found after a loss is in the tree; a number used again ends its holder before', () => {
  const story = make();
  story.tree.add({ ...unheard('found', 7, { comm: 'cc1', args: ['cc1', 'x.c'] }, at(9)), ppid: 1 });
  story.fork(7, 1, 20).exit(7, 21, 0);
  assert.deepEqual(story.lines.slice(1), [
    '├─ cc1 x.c | +9.00ms | ended, status unknown',
    '└─ (make -j4) | +20.0ms | 1.00ms | exit 0',
  ]);
});

test('foreign text cannot act on the terminal', () => {
  const story = make().fork(2, 1, 1).exec(2, 2, 'evil\u001b]0;title\u0007', '\u202e');
  for (const character of story.tree.render(PLAIN)) assert.ok(character === '\n' || character >= ' ', character);
  assert.ok(!story.tree.render(PLAIN).includes('\u202e'));
});

test('a chain of ten thousand births is drawn to a depth, quickly', () => {
  const story = new Story('chain');
  for (let pid = 1; pid <= 10_000; pid++) story.fork(pid, pid - 1, pid);
  for (let pid = 1; pid <= 10_000; pid++) story.exit(pid, 20_000 + pid, 0);
  const { lines } = story;
  assert.ok(lines.length < 100, `${lines.length} lines`);
  assert.match(lines.at(-1) ?? '', /… and what it gave birth to$/);
});

test('beyond the limit processes are counted, and still waited for', () => {
  const story = make();
  const LIMIT = 100_000;
  for (let pid = 2; pid <= LIMIT + 10; pid++) story.fork(pid, 1, 5);
  assert.equal(story.tree.alive.size, LIMIT + 10);
  for (let pid = 1; pid <= LIMIT + 10; pid++) story.exit(pid, 6, 0);
  assert.equal(story.tree.alive.size, 0);
  assert.equal(story.lines.at(-1), 'and 10 more');
});

test('in a window long commands are cut, and the columns fit', () => {
  const story = make().fork(2, 1, 1).exec(2, 2, 'cc1', 'x'.repeat(300)).exit(2, 9, 0).exit(1, 10, 0);
  for (const line of story.tree.render({ colour: false, width: 90 }).trimEnd().split('\n')) {
    assert.ok(line.length <= 90, line);
  }
});

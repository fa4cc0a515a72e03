/** Who is there, by the walk and by reading: the same answer, whatever the walk leaves out and whatever happens meanwhile. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessStat } from '../../src/process/procstat.ts';
import { ReadScan, type Walked, WalkedScan } from '../../src/process/scan.ts';
import { ScriptedReader } from '../support/scripted-reader.ts';

const TICK_NANOS = 10_000_000;

/** A walk over what the reader has, which may leave some out and may come to an end. */
class ScriptedWalk {
  readonly unseen = new Set<number>();
  /** What happens right after each walk. */
  readonly afterwards: (() => void)[] = [];
  broken = false;
  private readonly reader: ScriptedReader;

  constructor(reader: ScriptedReader) {
    this.reader = reader;
  }

  processes(): Walked[] | undefined {
    if (this.broken) return undefined;
    const walked = this.reader.pids().flatMap((pid) => {
      const facts = this.unseen.has(pid) ? undefined : this.reader.facts(pid);
      if (facts === undefined) return [];
      const { stat, image } = facts;
      const start = { seconds: Math.floor(stat.startTicks / 100), nanos: (stat.startTicks % 100) * TICK_NANOS };
      const isKernelThread = pid === 2 || stat.ppid === 2;
      // As the kernel's list has it.
      const [name] = String(stat.comm).split('-');
      const cut = { ...stat, comm: isKernelThread ? name : stat.comm };
      return [{ pid, stat: cut, uid: image.uid ?? 0, start, isKernelThread, isNameCut: cut.comm !== stat.comm }];
    });
    this.afterwards.shift()?.();
    return walked;
  }

  close(): void {}
}

function machine() {
  const reader = new ScriptedReader()
    .set(1, { comm: 'init', args: ['/sbin/init'], uid: 0, ppid: 0 })
    .set(2, { comm: 'kthreadd', uid: 0, ppid: 0 })
    .set(3, { comm: 'kworker/0:1-events', uid: 0, ppid: 2 })
    .set(4, { comm: 'ksoftirqd/0', uid: 0, ppid: 2 })
    .set(100, { comm: 'bash', args: ['-bash'], exe: '/bin/bash', cwd: '/home/ada', uid: 1000, startTicks: 500 })
    .set(200, { comm: 'dead', state: 'Z', uid: 1000, ppid: 100, startTicks: 600, waitStatus: 256 });
  const walk = new ScriptedWalk(reader);
  return { reader, walk, walked: new WalkedScan(walk, reader), read: new ReadScan(reader) };
}

/** Names are told by `facts`; a rescan needs none. */
const withoutNames = (stats: Map<number, ProcessStat>) =>
  new Map([...stats].map(([pid, { comm: _, ...stat }]) => [pid, stat]));

test('both tell the same of everybody', () => {
  const { walked, read } = machine();
  assert.deepEqual(walked.facts(), read.facts());
  assert.deepEqual(withoutNames(walked.stats([])), withoutNames(read.stats()));
});

test('who is kept out of the walk’s sight is read: parents, and those who were known', () => {
  const { walk, walked, read } = machine();
  walk.unseen.add(1).add(200);
  assert.deepEqual(walked.facts().get(1), read.facts().get(1));
  assert.deepEqual([walked.facts().has(200), walked.stats([]).has(200)], [false, false]);
  assert.deepEqual(walked.stats([200]).get(200), read.stats().get(200));
});

test('who is known and gone is not among them', () => {
  const { reader, walked } = machine();
  reader.remove(100);
  assert.equal(walked.stats([1, 2, 100]).has(100), false);
});

test('a number that another process got while the arguments were read has the arguments of that one', () => {
  const { reader, walked } = machine();
  // Read as bash between the walks, of which the second already shows the next.
  const image = reader.image.bind(reader);
  reader.image = (pid) => {
    const bash = image(pid);
    if (pid === 100) reader.set(100, { comm: 'vim', args: ['vim'], startTicks: 900 });
    return bash;
  };
  const { stat, image: found } = walked.facts().get(100) ?? assert.fail('nobody');
  assert.deepEqual([stat.startTicks, found.comm, found.args], [900, 'vim', ['vim']]);
});

test('who is born while the arguments are read is there with his own, and who ends is not', () => {
  const { reader, walk, walked } = machine();
  walk.afterwards.push(() => reader.remove(200).set(300, { comm: 'new', args: ['new'], startTicks: 900 }));
  const found = walked.facts();
  assert.deepEqual(found.get(300)?.image.args, ['new']);
  assert.equal(found.has(200), false);
});

test('where the kernel lets us walk no more, all are read', () => {
  const { walk, walked, read } = machine();
  walk.broken = true;
  assert.deepEqual(walked.facts(), read.facts());
  assert.deepEqual(walked.stats([]), read.stats());
});

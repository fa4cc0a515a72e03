/** Who is there, by the kernel's own list and by /proc: the same processes, with the same facts. And both repair the table after a loss. */
import assert from 'node:assert/strict';
import { kernel } from '../../src/host/real-kernel.ts';
import type { ProcessStat } from '../../src/process/procstat.ts';
import { ReadScan, WalkedScan } from '../../src/process/scan.ts';
import { fixture } from './support/fixtures.ts';
import { Resident, run } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { NOBODY, sleepers } from './support/sleepers.ts';
import { type Row, until, Watcher } from './support/watcher.ts';

const COUNT = 1000;

kernelTest('of 1,000 processes and all others both scans tell the same', ['root'], async () => {
  const { reader } = kernel;
  const walk = await kernel.openWalk();
  if ('reason' in walk) throw new Error(walk.reason);
  const [walked, read] = [new WalkedScan(walk, reader), new ReadScan(reader)];
  const { pid } = await sleepers(COUNT);
  try {
    const isReady = ({ comm, state }: ProcessStat): boolean => comm === 'sleep' && state === 'S';
    const children = await until('all are asleep', () => {
      const found = [...read.stats()].filter(([, { ppid }]) => ppid === pid);
      return found.length === COUNT && found.every(([, stat]) => isReady(stat)) && found.map(([child]) => child);
    });
    const ofChildren = <T>(all: Map<number, T>): (T | undefined)[] => children.map((child) => all.get(child));
    assert.deepEqual(ofChildren(walked.stats([])), ofChildren(read.stats()));
    const images = ofChildren(walked.facts());
    assert.deepEqual(images, ofChildren(read.facts()));
    assert.deepEqual([images[0]?.image.args, images[0]?.image.uid], [['sleep', '1000'], NOBODY]);
    // Those who were there before and after the walk are in it: init, kernel threads and we ourselves among them.
    const before = read.facts();
    const found = walked.facts();
    const after = read.facts();
    for (const [one, { stat, image }] of before) {
      if (after.get(one)?.stat.startTicks !== stat.startTicks) continue;
      const { stat: its } = found.get(one) ?? assert.fail(`${one} ${JSON.stringify(image)} is not there`);
      assert.deepEqual([its.startTicks, its.ppid], [stat.startTicks, stat.ppid]);
    }
    assert.ok(found.has(1) && found.has(2) && found.has(process.pid));
  } finally {
    walked.close();
    process.kill(-pid, 'SIGKILL');
  }
});

const isOf = (pid: number, event: string) => (row: Row) => row.pid === pid && row.event === event;

/** With the capture in the kernel a birth that nobody told is known by its exec. */
const NEWS = { bpf: 'exec', proc: 'found' };
for (const [source, news] of Object.entries(NEWS)) {
  kernelTest(
    `after an overrun the ends and births nobody told are told, and nothing else: --argv-source ${source}`,
    ['connector', 'compiler', 'root'],
    async () => {
      const victim = await Resident.start(['sleep']);
      const survivor = await Resident.start(['sleep', 'all-along']);
      const watcher = await Watcher.start(['--buffer', '4K', '--argv-source', source]);
      watcher.kill('SIGSTOP');
      await run(fixture('storm'), ['forks', '3000']);
      const newcomer = await Resident.start(['sleep', 'born-unseen']);
      await victim.kill();
      watcher.kill('SIGCONT');
      const end = await watcher.row('the end of the victim', isOf(victim.pid, 'exit'));
      const found = await watcher.row('the newcomer', isOf(newcomer.pid, news));
      assert.deepEqual([end.inferred, end.args], [true, [fixture('life'), 'sleep']]);
      assert.deepEqual([found.inferred, found.args], [true, [fixture('life'), 'sleep', 'born-unseen']]);
      assert.equal(watcher.rows.filter(({ pid }) => pid === survivor.pid || pid === 1).length, 0);
      await survivor.kill();
      const last = await watcher.row('the end of the survivor', isOf(survivor.pid, 'exit'));
      assert.deepEqual(last.args, [fixture('life'), 'sleep', 'all-along']);
      await newcomer.kill();
      await watcher.stop();
    },
  );
}

/** No record carries what belongs to another process, also where there was no time to read anything. */
import assert from 'node:assert/strict';
import { fixture } from './support/fixtures.ts';
import { of, run } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { watching } from './support/watcher.ts';

kernelTest(
  '2,000 short commands, two at a time: each is told with its own arguments or with none',
  ['connector', 'compiler'],
  async () => {
    const EACH = 1000;
    const argumentOf = new Map<number, string>();
    const parents = new Set<number>();
    const rows = await watching([], async () => {
      const storms = await Promise.all(
        ['left', 'right'].map((tag) => run(fixture('storm'), ['execs', String(EACH), tag])),
      );
      for (const { pid, output } of storms) {
        parents.add(pid);
        for (const line of output.trim().split('\n')) {
          const [child, argument] = line.split(' ');
          argumentOf.set(Number(child), argument);
        }
      }
    });
    assert.equal(argumentOf.size, 2 * EACH);
    let own = 0;
    for (const [pid, argument] of argumentOf) {
      const mine = of(rows, pid);
      const birth = mine.findIndex((row) => row.event === 'fork' && parents.has(Number(row.ppid)));
      const [fork, exec, exit, ...more] = mine.slice(birth);
      assert.deepEqual([fork.event, exec.event, exit.event, more.length], ['fork', 'exec', 'exit', 0]);
      assert.equal(fork.image, 'inherited');
      const inherited = fork.args as string[] | undefined;
      if (inherited !== undefined) assert.deepEqual(inherited.slice(0, 2), [fixture('storm'), 'execs']);
      for (const row of [exec, exit]) {
        if (row.args === undefined) assert.equal(row.missing, 'gone');
        else assert.deepEqual(row.args, ['/bin/true', argument]);
        if (row.exe !== undefined) assert.match(String(row.exe), /\/(true|coreutils|busybox)$/);
        if (row.comm !== undefined) assert.equal(row.comm, 'true');
        assert.equal(row.image, undefined);
      }
      if (exec.args !== undefined) own++;
    }
    console.log(`# ${own} of ${2 * EACH} with their arguments`);
  },
);

kernelTest(
  'records come in the order of time, and no child does anything before it is born',
  ['connector', 'compiler'],
  async () => {
    const rows = await watching([], async () => {
      await Promise.all([0, 1, 2, 3].map(() => run(fixture('storm'), ['forks', '1500'])));
    });
    const events = rows.filter(({ pid }) => pid !== undefined);
    const living = new Set<number>();
    const known = new Set<number>();
    for (const { event, pid } of events) {
      if (event === 'fork') {
        living.add(pid);
        known.add(pid);
      } else if (known.has(pid)) {
        assert.ok(living.has(pid), `${event} of ${pid} after its end or before its birth`);
        if (event === 'exit') living.delete(pid);
      }
    }
    const stamps = events.map(({ mono_ns }) => BigInt(mono_ns));
    const late = stamps.filter((stamp, i) => i > 0 && stamp < stamps[i - 1]);
    assert.equal(late.length, 0, `${late.length} of ${stamps.length} records come too late`);
  },
);

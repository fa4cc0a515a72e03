/** When a process has ended and with which status: one true record for each, whatever its threads do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Hearing } from '../../src/netlink/filter.ts';
import * as dg from '../support/datagrams.ts';
import { at } from '../support/datagrams.ts';
import { ticksAt } from '../support/scripted-reader.ts';
import { briefs, Story } from '../support/story.ts';

const ALIVE = { comm: 'app', args: ['./app'], state: 'S', threads: 2, startTicks: ticksAt(-5000) } as const;
const t = (tid: number) => ({ tid, tgid: 10 });

/** Process 10 `app` with two threads, 10 and 11, alive at the start. */
function withApp(typed = {}, hearing?: Hearing): Story {
  const story = new Story(typed, {}, hearing);
  story.reader.set(1, { comm: 'init', ppid: 0 }).set(10, ALIVE);
  return story.begin();
}

const EXITS = { events: ['exit'] };
const ONLY_EXITS: Hearing = { scopes: new Map([['exit', 'both']]), onlyFailures: false };
const KINDS_OF_HEARING: [string, Record<string, readonly string[]>, Hearing | undefined][] = [
  ['with whole lives heard', {}, undefined],
  ['with only exits heard', EXITS, ONLY_EXITS],
];

for (const [where, typed, hearing] of KINDS_OF_HEARING) {
  test(`a process that ends by itself gives one exit, ${where}`, () => {
    const story = withApp(typed, hearing);
    story.reader.remove(10);
    assert.deepEqual(briefs(story.hear(dg.exit(10, 0x300))), ['exit 10 app 0x300']);
    assert.deepEqual(story.settle(), []);
  });

  test(`a leader that ends first is no exit; the process ends with its last thread, and as that one, ${where}`, () => {
    const story = withApp(typed, hearing);
    story.reader.set(10, { state: 'Z', threads: 2 });
    assert.deepEqual(story.hear(dg.exit(10, 0)), []);
    assert.deepEqual(story.settle(), []);
    story.reader.remove(10);
    assert.deepEqual(briefs(story.hear(dg.exit(t(11), 0x900))), ['exit 10 app 0x900']);
    assert.deepEqual(story.settle(), []);
  });

  test(`a leader that ends first, in one batch with the last thread, is one exit, ${where}`, () => {
    const story = withApp(typed, hearing);
    story.reader.remove(10);
    const records = story.hear(dg.exit(10, 0, 1, { time: at(1) }), dg.exit(t(11), 0x900, 1, { time: at(2) }));
    assert.deepEqual(briefs(records), ['exit 10 app 0x900']);
  });

  test(`exit_group from a thread is one exit with the group's code, in any order of the threads, ${where}`, () => {
    for (const order of [
      [11, 12, 10],
      [10, 11, 12],
      [11, 10, 12],
    ]) {
      const story = withApp(typed, hearing);
      story.reader.remove(10);
      const ends = order.map((tid, i) => dg.exit(t(tid), 0x700, 1, { time: at(i) }));
      assert.deepEqual(briefs(story.hear(...ends)), ['exit 10 app 0x700'], order.join());
    }
  });

  test(`SIGKILL of a process with threads is one exit by SIGKILL, event by event, ${where}`, () => {
    const story = withApp(typed, hearing);
    story.reader.set(10, { state: 'Z', threads: 3 });
    assert.deepEqual(story.hear(dg.exit(t(11), 9)), []);
    assert.deepEqual(story.hear(dg.exit(10, 9)), []);
    story.reader.set(10, { threads: 1 });
    assert.deepEqual(briefs(story.hear(dg.exit(t(12), 9))), ['exit 10 app 0x9']);
  });

  test(`an exec from a thread is no exit although the old leader ends, ${where}`, () => {
    const story = withApp(typed, hearing);
    story.reader.set(10, { comm: 'next', args: ['next'], threads: 1 });
    const records = story.hear(dg.exit(10, 0, 1, { time: at(0) }), dg.exec(10, { time: at(1) }));
    assert.equal(records.filter(({ event }) => event === 'exit').length, 0);
    assert.deepEqual(story.settle(), []);
    story.reader.remove(10);
    assert.deepEqual(
      briefs(story.hear(dg.exit(10, 0x200))).map((b) => b.replace(/app|next/, 'X')),
      ['exit 10 X 0x200'],
    );
  });

  test(`an exec from a thread that is told in pieces is no exit either, ${where}`, () => {
    const story = withApp(typed, hearing);
    assert.deepEqual(story.hear(dg.exit(10, 0)), []);
    assert.deepEqual(story.settle(), []);
    story.hear(dg.exit(t(12), 0));
    story.hear(dg.exec(10));
    assert.deepEqual(story.settle(), []);
    story.reader.remove(10);
    assert.equal(story.hear(dg.exit(10, 0)).length, 1);
  });

  test(`a zombie has ended although its parent never waits, ${where}`, () => {
    const story = withApp(typed, hearing);
    story.reader.set(10, { state: 'Z', threads: 1 });
    assert.deepEqual(briefs(story.hear(dg.exit(10, 0))), ['exit 10 app 0x0']);
    assert.deepEqual(story.settle(), []);
  });

  test(`an exit that names no parent shows none that is only guessed, ${where}`, () => {
    const story = withApp(typed, hearing);
    story.reader.remove(10);
    const [record] = story.hear(dg.exit(10, 0, 0));
    assert.equal(record.exit?.waitStatus, 0);
    assert.ok(record.ppid === undefined || record.ppid === 1);
  });

  test(`the parent of an exit is the one at the end, ${where}`, () => {
    const story = withApp(typed, hearing);
    story.reader.set(77, { comm: 'subreaper', startTicks: ticksAt(-9000) });
    story.begin().reader.remove(10);
    const [record] = story.hear(dg.exit(10, 0, 77));
    assert.equal(record.ppid, 77);
    assert.equal(record.parentComm, 'subreaper');
  });
}

test('a phantom end, the exec and the true end in one batch are one exec and one exit', () => {
  const story = withApp();
  story.reader.remove(10);
  const records = story.hear(
    dg.exit(10, 0, 1, { time: at(0) }),
    dg.exec(10, { time: at(1) }),
    dg.exit(10, 0x300, 1, { time: at(2) }),
  );
  assert.deepEqual(
    records.map(({ event, exit }) => [event, exit?.waitStatus]),
    [
      ['exec', undefined],
      ['exit', 0x300],
    ],
  );
});

test('a leader whose last thread’s end is never heard is settled later by looking', () => {
  const story = withApp({ events: ['nonzero-exit'] });
  story.reader.set(10, { state: 'Z', threads: 2 });
  assert.deepEqual(story.hear(dg.exit(10, 0x300)), []);
  assert.deepEqual(story.settle(), []);
});

test('with only failures heard, a leader’s zero that was never sent does not hide the failing end of its last thread', () => {
  const story = withApp({ events: ['nonzero-exit'] });
  story.reader.set(10, { state: 'Z', threads: 1, waitStatus: 0x900 });
  assert.deepEqual(briefs(story.hear(dg.exit(10, 0), dg.exit(t(11), 0x900))), ['exit 10 app 0x900']);
});

test('with only failures heard, the failing end of a thread is not passed off as that of a process that may have ended well', () => {
  const story = withApp({ events: ['nonzero-exit'] });
  story.reader.remove(10);
  assert.deepEqual(story.hear(dg.exit(t(11), 0x500)), []);
  const [record] = [...story.settle(), ...story.settle()];
  assert.equal(record?.event, 'exit');
  assert.equal(record?.exit?.waitStatus, undefined);
});

test('with only exits heard, two ends of one leader are an exec from a thread and the real end', () => {
  const story = withApp(EXITS, ONLY_EXITS);
  story.reader.remove(10);
  assert.deepEqual(briefs(story.hear(dg.exit(10, 0), dg.exit(10, 0x300, undefined, { time: at(2) }))), [
    'exit 10 app 0x300',
  ]);
});

test('an exec and the real end that were queued while we looked make the end of the leader no exit', () => {
  const story = withApp({ events: ['fork', 'exec', 'exit'] });
  story.reader.remove(10);
  const records = story.hearThen(
    [dg.exit(10, 0)],
    [dg.exec(10, { time: at(1) }), dg.exit(10, 0x300, undefined, { time: at(2) })],
  );
  assert.deepEqual(
    records.map(({ event, exit }) => [event, exit?.waitStatus]),
    [
      ['exec', undefined],
      ['exit', 0x300],
    ],
  );
});

test('with only failures heard, a thread that fails in a living process is no exit', () => {
  const story = withApp({ events: ['nonzero-exit'] });
  assert.deepEqual(story.hear(dg.exit(t(11), 0x500)), []);
  assert.deepEqual(story.settle(), []);
});

test('with only failures heard, a success is not shown', () => {
  const story = withApp({ events: ['nonzero-exit'] });
  story.reader.remove(10);
  assert.deepEqual(story.hear(dg.exit(10, 0)), []);
});

test('with --threads each end of a thread is a record of its own, before that of its process', () => {
  const story = withApp({ threads: ['yes'] });
  assert.deepEqual(briefs(story.hear(dg.exit(t(11), 0))), ['exit 10/11 app 0x0']);
  story.reader.set(10, { state: 'Z', threads: 2 });
  const [leader] = story.hear(dg.exit(10, 0x100));
  assert.equal(leader.thread, true);
  assert.deepEqual([leader.pid, leader.tid, leader.exit?.waitStatus], [10, 10, 0x100]);
  story.reader.remove(10);
  const last = story.hear(dg.exit(t(12), 0x200));
  assert.deepEqual(briefs(last), ['exit 10/12 app 0x200', 'exit 10 app 0x200']);
  assert.deepEqual(
    last.map(({ thread }) => thread),
    [true, false],
  );
});

test('without --threads no record speaks of a thread', () => {
  const story = withApp();
  assert.deepEqual(story.hear(dg.fork(1, t(12)), dg.exit(t(12), 0x100), dg.exit(t(11), 0)), []);
});

test('a new process of a number proves the end of the old one that was still open', () => {
  const story = withApp();
  story.reader.set(10, { state: 'Z', threads: 2 });
  assert.deepEqual(story.hear(dg.exit(10, 0x400)), []);
  story.reader.set(10, { comm: 'init', state: 'S', threads: 1, startTicks: ticksAt(100) });
  const records = story.hear(dg.fork(1, 10, { time: at(100) }));
  assert.deepEqual(briefs(records), ['exit 10 app 0x400', 'fork 10 init']);
});

test('where the kernel tells the new fork before the old exit, each record belongs to its own process', () => {
  const story = withApp();
  story.reader.set(10, { comm: 'init', args: ['init'], startTicks: ticksAt(100), threads: 1 });
  const records = story.hear(
    dg.fork(1, 10, { time: at(100) }),
    dg.exit(10, 0x300, 1, { time: at(101) }),
    dg.exec(10, { time: at(105) }),
  );
  assert.deepEqual(briefs(records), ['fork 10 init', 'exit 10 app 0x300', 'exec 10 init']);
  assert.ok((records[1].exit?.duration?.seconds ?? 0) > 5);
  story.reader.remove(10);
  const [end] = story.hear(dg.exit(10, 0, 1, { time: at(205) }));
  assert.equal(end.image.comm, 'init');
  assert.equal(end.exit?.duration?.seconds.toFixed(3), '0.105');
});

test('a life that was heard from its birth is as long as the kernel’s clock says, to the microsecond', () => {
  const story = withApp();
  story.hear(dg.fork(10, 20, { time: at(0) }));
  const [end] = story.hear(dg.exit(20, 0, 10, { time: at(0) + 1_234_567n }));
  assert.deepEqual(
    end.exit?.duration && { ...end.exit.duration, seconds: Math.round(end.exit.duration.seconds * 1e6) },
    {
      seconds: 1235,
      exact: true,
    },
  );
});

test('a life older than the watch is as long as its start in /proc says, and marked inexact', () => {
  const story = withApp();
  story.reader.remove(10);
  const [end] = story.hear(dg.exit(10, 0, 1, { time: at(0) }));
  assert.deepEqual(end.exit?.duration, { seconds: 5, exact: false });
});

test('the end of a process nobody knew tells its status and claims nothing else', () => {
  const story = withApp();
  const [end] = story.hear(dg.exit(999, 0x100, 0));
  assert.deepEqual(end.image, {});
  assert.equal(end.exit?.duration, undefined);
  assert.equal(end.ppid, undefined);
});

test('with only exits heard, a process that replaced its image since the start is not named by the old one', () => {
  const story = withApp(EXITS, ONLY_EXITS);
  story.reader.set(10, { comm: 'other', state: 'Z', threads: 1 });
  const [end] = story.hear(dg.exit(10, 0));
  assert.equal(end.image.comm, 'other');
  assert.equal(end.image.args, undefined);
});

test('with only exits heard, what was read at the start is marked as earlier', () => {
  const story = withApp(EXITS, ONLY_EXITS);
  story.reader.set(10, { state: 'Z', threads: 1 });
  const [end] = story.hear(dg.exit(10, 0));
  assert.deepEqual(end.image.args, ['./app']);
  assert.equal(end.imageOf, 'earlier');
});

test('a process hidden from our eyes ends when the kernel says so', () => {
  const story = new Story();
  story.reader.set(1, { comm: 'init', ppid: 0 });
  story.begin();
  story.hear(dg.fork(1, 50, { time: at(0) }));
  assert.deepEqual(briefs(story.hear(dg.exit(50, 0, 1, { time: at(1) }))), ['exit 50 init 0x0']);
});

test('a leader caught while a thread takes its place is no exit: the next look tells who is there', () => {
  const story = withApp(EXITS, ONLY_EXITS);
  const { reader } = story;
  const read = reader.stat.bind(reader);
  // As /proc shows a task that was released between the opening of the file and the reading: not even itself is left.
  reader.set(10, { state: 'Z', threads: 0 });
  reader.stat = (pid) => {
    const stat = read(pid);
    if (pid === 10) reader.set(10, { state: 'R', threads: 1 });
    return stat;
  };
  assert.deepEqual(story.hear(dg.exit(10, 0)), []);
  reader.remove(10);
  assert.deepEqual(briefs(story.hear(dg.exit(10, 0x600))), ['exit 10 app 0x600']);
});

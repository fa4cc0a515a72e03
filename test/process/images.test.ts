/** Who each record is about: names, arguments and parents are the process's own, or absent. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as dg from '../support/datagrams.ts';
import { at } from '../support/datagrams.ts';
import { ticksAt } from '../support/scripted-reader.ts';
import { briefs, Story } from '../support/story.ts';

const SHELL = {
  comm: 'sh',
  args: ['sh', '-i'],
  exe: '/bin/sh',
  cwd: '/',
  uid: 1000,
  startTicks: ticksAt(-9000),
} as const;

function withShell(typed = {}): Story {
  const story = new Story(typed);
  story.reader.set(1, { comm: 'init', ppid: 0, startTicks: 0 }).set(10, SHELL);
  return story.begin();
}

const CAT = {
  comm: 'cat',
  args: ['cat', 'x'],
  exe: '/bin/cat',
  cwd: '/',
  uid: 1000,
  ppid: 10,
  startTicks: ticksAt(0),
} as const;

test('a fork inherits the image of its parent and says so, without reading anything', () => {
  const story = withShell();
  const [fork] = story.hear(dg.fork(10, 20));
  assert.equal(fork.image.comm, 'sh');
  assert.deepEqual(fork.image.args, ['sh', '-i']);
  assert.equal(fork.imageOf, 'inherited');
  assert.equal(fork.ppid, 10);
  assert.equal(fork.parentComm, 'sh');
  assert.deepEqual(story.reader.imagesRead, []);
});

test('an exec replaces the image, and the end is told with it', () => {
  const story = withShell();
  story.reader.set(20, CAT);
  story.hear(dg.fork(10, 20, { time: at(0) }));
  const [exec] = story.hear(dg.exec(20, { time: at(1) }));
  assert.deepEqual(exec.image, { comm: 'cat', args: ['cat', 'x'], exe: '/bin/cat', cwd: '/', uid: 1000 });
  assert.equal(exec.imageOf, undefined);
  story.reader.remove(20).imagesRead.length = 0;
  const [exit] = story.hear(dg.exit(20, 0, 10, { time: at(2) }));
  assert.deepEqual(exit.image, exec.image);
  assert.deepEqual(story.reader.imagesRead, []);
});

test('an exec that is read too late says so, keeps the user, and shows no other program’s arguments', () => {
  const story = withShell();
  story.hear(dg.fork(10, 20, { time: at(0) }));
  const [exec] = story.hear(dg.exec(20, { time: at(1) }));
  assert.deepEqual(exec.image, { uid: 1000, missing: 'gone' });
});

test('a zombie still tells its name, and why there is no more', () => {
  const story = withShell();
  story.reader.set(20, { ...CAT, state: 'Z' });
  story.hear(dg.fork(10, 20, { time: at(0) }));
  const records = story.hear(dg.exec(20, { time: at(1) }), dg.exit(20, 0, 10, { time: at(2) }));
  assert.deepEqual(briefs(records), ['exec 20 cat', 'exit 20 cat 0x0']);
  assert.equal(records[0].image.missing, 'gone');
  assert.equal(records[0].image.args, undefined);
});

test('what was read is void when the number had been given away by then', () => {
  const story = withShell();
  story.reader.set(20, { ...CAT, comm: 'thief', args: ['thief'] });
  const records = story.hearThen(
    [dg.fork(10, 20, { time: at(0) }), dg.exec(20, { time: at(1) })],
    [dg.exit(20, 0, 10, { time: at(2) }), dg.fork(1, 20, { time: at(3) }), dg.exec(20, { time: at(4) })],
  );
  const first = records.find(({ event }) => event === 'exec');
  assert.deepEqual(first?.image, { uid: 1000, missing: 'gone' });
});

test('what was read is void when a second exec had replaced it by then', () => {
  const story = withShell();
  story.reader.set(20, { ...CAT, comm: 'second' });
  const records = story.hearThen(
    [dg.fork(10, 20, { time: at(0) }), dg.exec(20, { time: at(1) })],
    [dg.exec(20, { time: at(2) })],
  );
  assert.deepEqual(
    records.filter(({ event }) => event === 'exec').map(({ image }) => image.comm),
    [undefined, 'second'],
  );
});

test('an event after the moment of reading voids nothing', () => {
  const story = withShell();
  story.reader.set(20, CAT);
  const records = story.hearThen(
    [dg.fork(10, 20, { time: at(0) }), dg.exec(20, { time: at(1) })],
    [dg.exit(20, 0, 10, { time: at(5000) })],
  );
  assert.deepEqual(records.find(({ event }) => event === 'exec')?.image.args, ['cat', 'x']);
});

test('of two execs in one batch only the last can be known', () => {
  const story = withShell();
  story.reader.set(20, CAT);
  const records = story.hear(
    dg.fork(10, 20, { time: at(0) }),
    dg.exec(20, { time: at(1) }),
    dg.exec(20, { time: at(2) }),
  );
  assert.deepEqual(
    records.slice(1).map(({ image }) => image.comm),
    [undefined, 'cat'],
  );
});

test('an exec before the birth of the number’s present holder is not described by that one', () => {
  const story = withShell();
  story.reader.set(20, { ...CAT, startTicks: ticksAt(500) });
  const [exec] = story.hear(dg.exec(20, { time: at(1) }));
  assert.equal(exec.image.args, undefined);
});

test('a new name and a new user keep the table true, for the process and its later children', () => {
  const story = withShell({ events: ['fork,exec,exit,comm,uid'] });
  const records = story.hear(
    dg.comm(10, 'renamed', { time: at(0) }),
    dg.uid(10, 0, 0, { time: at(1) }),
    dg.fork(10, 20, { time: at(2) }),
  );
  assert.deepEqual(briefs(records), ['comm 10 renamed', 'uid 10 renamed', 'fork 20 renamed']);
  assert.deepEqual(
    records.map(({ image }) => image.uid),
    [1000, 0, 0],
  );
  assert.deepEqual(records[1].ids, { real: 0, effective: 0 });
});

test('names and users stay true also where their events are not shown', () => {
  const story = withShell();
  assert.deepEqual(story.hear(dg.comm(10, 'renamed', { time: at(0) }), dg.uid(10, 0, 0, { time: at(1) })), []);
  const [fork] = story.hear(dg.fork(10, 20, { time: at(2) }));
  assert.deepEqual([fork.image.comm, fork.image.uid], ['renamed', 0]);
});

test('a thread that names itself does not rename its process', () => {
  const story = withShell({ threads: ['yes'], events: ['all'] });
  const [comm] = story.hear(dg.comm({ tid: 12, tgid: 10 }, 'worker'));
  assert.equal(comm.image.comm, 'worker');
  const [fork] = story.hear(dg.fork(10, 20));
  assert.equal(fork.image.comm, 'sh');
});

test('a name that is not UTF-8 keeps its bytes', () => {
  const story = withShell({ events: ['fork,exec,exit,comm'] });
  const [comm] = story.hear(dg.comm(10, new Uint8Array([0x61, 0xff, 0x62])));
  assert.deepEqual(comm.image.comm, { text: 'a\ufffdb', bytes: new Uint8Array([0x61, 0xff, 0x62]) });
});

test('a clone tells the new thread and its process', () => {
  const story = withShell({ events: ['clone'] });
  const [clone] = story.hear(dg.fork(1, { tid: 12, tgid: 10 }));
  assert.deepEqual([clone.event, clone.pid, clone.tid, clone.image.comm], ['clone', 10, 12, 'sh']);
});

test('ptrace tells the tracer on attach and none on detach', () => {
  const story = withShell({ events: ['ptrace'] });
  const [on, off] = story.hear(
    dg.ptrace(10, { tid: 31, tgid: 30 }, { time: at(0) }),
    dg.ptrace(10, 0, { time: at(1) }),
  );
  assert.deepEqual(on.tracer, { pid: 30, tid: 31 });
  assert.equal(off.tracer, undefined);
});

test('a core dump names the parent, and a thread that dumps stands for its process', () => {
  const story = withShell({ events: ['coredump'] });
  const [dump] = story.hear(dg.coredump({ tid: 12, tgid: 10 }, 1));
  assert.deepEqual([dump.event, dump.pid, dump.ppid], ['coredump', 10, 1]);
});

test('ancestry is the chain up to init, and a parent that ended is not guessed', () => {
  const story = withShell({ ancestry: ['yes'] });
  const [, grandchild] = story.hear(dg.fork(10, 20, { time: at(0) }), dg.fork(20, 30, { time: at(1) }));
  assert.deepEqual(grandchild.ancestry, [
    { pid: 20, comm: 'sh' },
    { pid: 10, comm: 'sh' },
    { pid: 1, comm: 'init' },
  ]);
  story.reader.remove(10);
  story.hear(dg.exit(10, 0, 1, { time: at(2) }));
  const [later] = story.hear(dg.fork(20, 40, { time: at(3) }));
  assert.deepEqual(later.ancestry, [{ pid: 20, comm: 'sh' }]);
});

test('a younger process that got the number of a parent is not named as the parent', () => {
  const story = withShell();
  story.hear(dg.fork(10, 20, { time: at(0) }), dg.fork(20, 30, { time: at(10) }));
  story.reader.remove(20);
  story.hear(dg.exit(20, 0, 10, { time: at(20) }), dg.fork(10, 20, { time: at(5000) }));
  const [sid] = new Story({ events: ['fork,exec,exit,sid'] }).begin().hear(dg.sid(30));
  assert.equal(sid.parentComm, undefined);
  const [exit] = story.hear(dg.exit(30, 0, 0, { time: at(6000) }));
  assert.equal(exit.parentComm, undefined);
});

test('where only execs are heard, each is read when it comes', () => {
  const story = withShell({ events: ['exec'] });
  story.reader.set(20, CAT);
  const [exec] = story.hear(dg.exec(20, { time: at(1) }));
  assert.deepEqual([exec.image.comm, exec.ppid, exec.parentComm], ['cat', 10, 'sh']);
  const [gone] = story.hear(dg.exec(21, { time: at(2) }));
  assert.deepEqual(gone.image, { missing: 'gone' });
});

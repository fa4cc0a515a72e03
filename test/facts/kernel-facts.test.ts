/** How events find what the programs in the kernel told of them, without a kernel: both sides are scripted. */
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { KernelFacts } from '../../src/facts/kernel-facts.ts';
import type { EventOf, WireEvent } from '../../src/netlink/events.ts';
import { type Moment, plus } from '../../src/process/moment.ts';
import type { Told } from '../../src/process/witness.ts';
import { endRecord, execRecord, type FactRecordOptions, ScriptedRing, wholeEnd } from '../support/fact-records.ts';
import { ScriptedReader } from '../support/scripted-reader.ts';

/** Nanoseconds after ten seconds. */
const T0 = 10_000_000_000n;
const stampAt = (nanos: number) => ({ cpu: 0, sequence: 0, ...plus({ seconds: 10, nanos: 0 }, { seconds: 0, nanos }) });
const exec = (tgid: number, nanos: number): EventOf<'exec'> => ({
  kind: 'exec',
  stamp: stampAt(nanos),
  tid: tgid,
  tgid,
});
const exit = (tgid: number, nanos: number, over: Partial<EventOf<'exit'>> = {}): EventOf<'exit'> => ({
  kind: 'exit',
  stamp: stampAt(nanos),
  tid: tgid,
  tgid,
  status: 0,
  exitSignal: 17,
  parentTid: 41,
  parentTgid: 41,
  ...over,
});
const at = (nanos: number): Pick<FactRecordOptions, 'at'> => ({ at: T0 + BigInt(nanos) });

let ring: ScriptedRing;
let reader: ScriptedReader;
let starts: Map<number, Moment>;
let facts: KernelFacts;

function begin(options: ConstructorParameters<typeof ScriptedRing>[0] = {}, hearsThreads = false): void {
  ring = new ScriptedRing(options);
  reader = new ScriptedReader();
  starts = new Map();
  facts = new KernelFacts(ring, {
    startOf: (pid) => starts.get(pid),
    bootOffset: () => ({ seconds: 0, nanos: 0 }),
    reader,
    hearsThreads,
    now: () => ({ seconds: 10, nanos: 500_000_000 }),
  });
}
beforeEach(() => begin());

/** One batch that was drained at this moment; the events that the witness has added are at its end. */
function attend(events: WireEvent[], drainedAt = 400_000_000): WireEvent[] {
  const batch = { events: [...events], at: stampAt(drainedAt), full: false };
  assert.equal(facts.attend(batch), false);
  return batch.events;
}

const argsOf = (told: Told | 'unread' | undefined): unknown => (typeof told === 'object' ? told.image.args : told);

test('each event of a chain gets its own record', () => {
  ring.put(
    execRecord({ tgid: 7, ...at(100), args: 'sh\0' }),
    execRecord({ tgid: 8, ...at(150), args: 'other\0' }),
    execRecord({ tgid: 7, ...at(200), args: 'env\0' }),
    execRecord({ tgid: 7, ...at(300), args: 'prog\0' }),
  );
  const events = [exec(7, 101), exec(7, 202), exec(8, 151), exec(7, 300)];
  attend(events);
  assert.deepEqual(
    events.map((event) => argsOf(facts.executed(event))),
    [['sh'], ['env'], ['other'], ['prog']],
  );
});

test('an exec is told with all that it runs, without a look', () => {
  ring.put(execRecord({ tgid: 7, ...at(100), args: 'sh\0-c\0', path: 'bin/sh', exe: 'dash/bin/usr/', cwd: '' }));
  const event = exec(7, 101);
  attend([event]);
  const told = facts.executed(event);
  assert.ok(typeof told === 'object');
  const { image, ...rest } = told;
  assert.deepEqual(
    [image.comm, image.args, image.path, image.exe, image.cwd, image.uid, image.file],
    ['sh', ['sh', '-c'], 'bin/sh', '/usr/bin/dash', '/', 0, { device: '254:1', inode: 2n ** 60n + 1n }],
  );
  assert.deepEqual(rest, {
    ppid: 41,
    start: { seconds: 9, nanos: 999_999_999 },
    startExact: true,
    parentComm: 'bash',
    onlyForked: false,
  });
});

test('an event that comes after that of a later exec claims nothing: the kernel sends them in order', () => {
  ring.put(execRecord({ tgid: 7, ...at(100), args: 'first\0' }), execRecord({ tgid: 7, ...at(200), args: 'second\0' }));
  const [early, late] = [exec(7, 101), exec(7, 201)];
  attend([late]);
  assert.deepEqual(argsOf(facts.executed(late)), ['second']);
  assert.equal(facts.executed(early), undefined);
});

test('a record that another CPU finishes a moment later is waited for', () => {
  ring.put(execRecord({ tgid: 9, ...at(90) })).later();
  ring.put(execRecord({ tgid: 7, ...at(100), args: 'late\0' }));
  const event = exec(7, 101);
  attend([event]);
  assert.deepEqual(argsOf(facts.executed(event)), ['late']);
});

test('a record younger than the event is not its record', () => {
  ring.put(execRecord({ tgid: 7, ...at(200), args: 'next\0' }));
  const [now, next] = [exec(7, 101), exec(7, 201)];
  attend([now]);
  assert.equal(facts.executed(now), undefined);
  assert.deepEqual(argsOf(facts.executed(next)), ['next']);
});

test('once records were lost, an old one is not taken for the one that is missing; what runs now is looked at', () => {
  ring.put(execRecord({ tgid: 7, ...at(100), args: 'old\0' }));
  ring.lost = 3;
  const event = exec(7, 200_000_000);
  attend([event]);
  assert.equal(facts.executed(event), undefined);
  assert.equal(facts.takeLost(), 3);
  assert.equal(facts.takeLost(), 0);
  reader.set(8, { comm: 'seen', args: ['seen', 'now'] });
  starts.set(8, { seconds: 9, nanos: 0 });
  assert.deepEqual(argsOf(facts.executed(exec(8, 300))), ['seen', 'now']);
});

test('the end of a first thread is that of its process if there is a record of it, with the status that the parent gets', () => {
  ring.put(endRecord({ tgid: 7, ...at(100), status: 0x700, ppid: 1 }));
  const event = exit(7, 130, { parentTgid: 0, status: 0 });
  attend([event]);
  const end = facts.ended(event);
  assert.deepEqual([end?.pid, end?.status, end?.parentTgid, end?.last], [7, 0x700, 1, event]);
  assert.deepEqual([end?.zombie?.comm, end?.told], ['sh', undefined]);
});

test('without one the process lives on, and its end becomes an event when the last thread has ended', () => {
  const first = exit(7, 100);
  assert.deepEqual(attend([first]), [first]);
  assert.equal(facts.ended(first), undefined);
  facts.rest();
  ring.put(endRecord({ tgid: 7, tid: 9, ...at(5000), status: 0x900 }));
  const [made, ...others] = attend([]);
  assert.deepEqual(others, []);
  assert.ok(made.kind === 'exit');
  assert.deepEqual([made.tgid, made.tid, made.stamp.nanos], [7, 7, 5000]);
  assert.equal(facts.ended(made)?.status, 0x900);
});

test('both in one batch: the first thread ends, and later the process', () => {
  ring.put(endRecord({ tgid: 7, tid: 9, ...at(5000), status: 9 }));
  const first = exit(7, 100);
  const [, made] = attend([first]);
  assert.equal(facts.ended(first), undefined);
  assert.ok(made?.kind === 'exit');
  assert.equal(facts.ended(made)?.status, 9);
});

test('an end by another thread whose first thread is told right behind it is told by that', () => {
  ring.put(endRecord({ tgid: 7, tid: 9, ...at(100), status: 9 }));
  const first = exit(7, 150);
  assert.deepEqual(attend([first]), [first]);
  assert.equal(facts.ended(first)?.status, 9);
  assert.equal(facts.rest(), false);
});

test('an end by another thread waits for the first one, which may be told with the next batch; but not for long', () => {
  ring.put(endRecord({ tgid: 7, tid: 9, ...at(100), status: 9 }));
  assert.deepEqual(attend([], 5000), []);
  assert.equal(facts.rest(), true);
  const [made] = attend([], 30_000_000);
  assert.ok(made.kind === 'exit');
  assert.equal(facts.ended(made)?.status, 9);
});

test('where the ends of threads are heard, a process ends right after its last thread', () => {
  begin({}, true);
  ring.put(endRecord({ tgid: 7, tid: 9, ...at(5000), status: 9 }));
  const first = exit(7, 100);
  assert.deepEqual(attend([first], 5500), [first]);
  facts.ended(first);
  const last = exit(7, 6000, { tid: 9 });
  const [heard, made] = attend([last]);
  assert.equal(heard, last);
  assert.ok(made?.kind === 'exit');
  assert.deepEqual([made.tid, made.stamp.nanos], [7, 6000]);
  assert.equal(facts.ended(made)?.status, 9);
});

test('what happened after the batch was drained is not told with it', () => {
  const first = exit(7, 100);
  attend([first]);
  facts.ended(first);
  ring.put(endRecord({ tgid: 7, tid: 9, ...at(5000) }));
  assert.deepEqual(attend([], 4000), []);
  assert.equal(attend([], 6000).length, 1);
});

test('an exec by another thread is no end', () => {
  const phantom = exit(7, 100);
  attend([phantom]);
  assert.equal(facts.ended(phantom), undefined);
  facts.forget(7);
  ring.put(endRecord({ tgid: 7, ...at(900), status: 0x300 }));
  const last = exit(7, 930);
  attend([last]);
  assert.equal(facts.ended(last)?.status, 0x300);
});

test('two holders of one number: each end is that of the one it belongs to', () => {
  starts.set(7, { seconds: 10, nanos: 1000 });
  ring.put(
    endRecord({ tgid: 7, ...at(2000), start: T0 + 1000n, status: 0x100 }),
    endRecord({ tgid: 7, ...at(4000), start: T0 + 60_000_000n, status: 0x200 }),
  );
  const [one, two] = [exit(7, 4500), exit(7, 5000)];
  attend([one, two]);
  assert.equal(facts.ended(one)?.status, 0x100);
  starts.set(7, { seconds: 10, nanos: 60_000_000 });
  assert.equal(facts.ended(two)?.status, 0x200);
});

test('where an end may be told twice, the second is left out', () => {
  begin({ mayRepeatEnds: true });
  ring.put(endRecord({ tgid: 7, tid: 9, ...at(100) }), endRecord({ tgid: 7, ...at(101) }));
  const first = exit(7, 150);
  attend([first]);
  assert.equal(facts.ended(first)?.pid, 7);
  assert.deepEqual(attend([], 90_000_000), []);
  assert.deepEqual(facts.takeUnheard(stampAt(200_000_000)), []);
});

test('an end that tells all of its process brings its image', () => {
  ring.put(wholeEnd({ tgid: 7, ...at(100), status: 0x100, args: 'make\0all\0', exe: 'make/', flags: 1 }));
  const event = exit(7, 130);
  attend([event]);
  const told = facts.ended(event)?.told;
  assert.deepEqual(
    [told?.image.args, told?.image.exe, told?.image.path, told?.onlyForked],
    [['make', 'all'], '/make', undefined, true],
  );
});

test('after a loss of records an end without one is looked at', () => {
  ring.lost = 1;
  const [gone, alive] = [exit(7, 100, { status: 0x500 }), exit(8, 100)];
  reader.set(8, { comm: 'threads', state: 'Z', threads: 2 });
  attend([gone, alive]);
  assert.deepEqual([facts.ended(gone)?.status, facts.ended(alive)], [0x500, undefined]);
});

test('what was witnessed and never heard is handed out in order, once', () => {
  ring.put(
    execRecord({ tgid: 7, ...at(100), args: 'unheard\0' }),
    execRecord({ tgid: 7, ...at(200), args: 'heard\0' }),
    endRecord({ tgid: 8, ...at(300), status: 0x400 }),
    execRecord({ tgid: 9, ...at(900), args: 'new\0' }),
  );
  const heard = exec(7, 201);
  attend([heard]);
  facts.executed(heard);
  assert.deepEqual(
    facts.takeUnheard(stampAt(500)).map(({ event, pid, told, status }) => [event, pid, told?.image.args, status]),
    [
      ['exec', 7, ['unheard'], undefined],
      ['exit', 8, undefined, 0x400],
    ],
  );
  assert.deepEqual(facts.takeUnheard(stampAt(500)), []);
});

test('room is given back up to the oldest record that still waits', () => {
  ring.put(
    execRecord({ tgid: 7, ...at(100) }),
    execRecord({ tgid: 8, ...at(200) }),
    execRecord({ tgid: 9, ...at(300) }),
  );
  const [seven, eight, nine] = [exec(7, 101), exec(8, 201), exec(9, 301)];
  attend([seven, nine]);
  facts.executed(seven);
  facts.executed(nine);
  facts.rest();
  assert.ok(ring.released > 0 && ring.released < ring.written / 2);
  facts.executed(eight);
  facts.rest();
  assert.equal(ring.released, ring.written);
});

test('thousands of records that wait, and leave in any order, are each found', () => {
  const count = 3000;
  for (let i = 1; i <= count; i++) ring.put(endRecord({ tgid: i, ...at(i), status: (i % 200) << 8 }));
  const events = Array.from({ length: count }, (_, i) => exit(((i * 7) % count) + 1, count + i));
  attend(events);
  for (const event of events) assert.equal(facts.ended(event)?.status, (event.tgid % 200) << 8);
  facts.rest();
  assert.equal(ring.released, ring.written);
});

test('closing closes the programs', () => {
  facts.close();
  assert.equal(ring.isClosed, true);
});

test('of arguments that were too long for a record the rest is read, if they are the same', () => {
  const cut = { ...at(0), args: 'sh\0abc', argsTotal: 9n };
  const whole = ['sh', 'abcde'];
  for (const [seen, told] of [
    [whole, whole],
    [
      ['sh', 'xyz'],
      ['sh', 'abc'],
    ],
    [
      ['other', 'abcde'],
      ['sh', 'abc'],
    ],
    [undefined, ['sh', 'abc']],
  ] as const) {
    begin();
    ring.put(execRecord(cut));
    if (seen !== undefined) reader.set(42, { comm: 'sh', args: [...seen] });
    const [event] = attend([exec(42, 1000)]);
    const found = facts.executed(event as EventOf<'exec'>);
    assert.deepEqual(argsOf(found), told);
    assert.equal(typeof found === 'object' && found.image.argsTotal, told === whole ? undefined : 9);
  }
});

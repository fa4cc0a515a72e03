/** How exec events find their records, without a kernel: both sides are scripted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BpfImageSource } from '../../src/bpf/image-source.ts';
import type { EventOf, WireEvent } from '../../src/netlink/events.ts';
import type { ImageSource } from '../../src/process/image-source.ts';
import { execRecord } from './exec-records.ts';

const exec = (tgid: number, nanos: number): EventOf<'exec'> => ({
  kind: 'exec',
  stamp: { cpu: 0, sequence: 0, seconds: 10, nanos },
  tid: tgid,
  tgid,
});
const record = (tgid: number, nanos: number, args: string): Uint8Array =>
  execRecord({ tgid, at: 10_000_000_000n + BigInt(nanos), args: `${args}\0` });

/** The ring: each drain takes what was put in by then. */
class ScriptedRing {
  readonly pending: Uint8Array[][] = [];
  lost = 0;
  drain = (): Uint8Array[] => this.pending.shift() ?? [];
  takeLost = (): number => {
    const { lost } = this;
    this.lost = 0;
    return lost;
  };
  close(): void {}
}

/** /proc: knows everything by one sign. */
class ScriptedProc implements ImageSource {
  readonly asked: number[] = [];
  private readonly read = new Set<WireEvent>();

  capture(events: readonly WireEvent[], wanted: (exec: EventOf<'exec'>) => boolean): boolean {
    for (const event of events) {
      if (event.kind !== 'exec' || !wanted(event)) continue;
      this.asked.push(event.tgid);
      this.read.add(event);
    }
    return this.asked.length > 0;
  }
  confirm(): void {}
  of(event: EventOf<'exec'>): ReturnType<ImageSource['of']> {
    if (!this.read.has(event)) return 'unread';
    const stat = { comm: 'p', state: 'S', ppid: 1, threads: 1, startTicks: 1, waitStatus: 0 };
    return { stat, image: { comm: 'p', args: ['by /proc'], exe: '/usr/bin/p', cwd: '/tmp' } };
  }
}

const scene = (links?: ImageSource) => {
  const ring = new ScriptedRing();
  const proc = new ScriptedProc();
  return { ring, proc, source: new BpfImageSource(ring, proc, links) };
};
const argsOf = (source: BpfImageSource, event: EventOf<'exec'>): unknown => {
  const facts = source.of(event);
  return typeof facts === 'object' ? facts.image.args : facts;
};
const all = (): boolean => true;

test('each event of a chain gets its own record, and /proc is left alone', () => {
  const { ring, proc, source } = scene();
  ring.pending.push([record(7, 100, 'sh'), record(8, 150, 'other'), record(7, 200, 'env'), record(7, 300, 'prog')]);
  const events = [exec(7, 101), exec(7, 202), exec(8, 151), exec(7, 300)];
  assert.equal(source.capture(events, all), false);
  assert.deepEqual(
    events.map((event) => argsOf(source, event)),
    [['sh'], ['env'], ['other'], ['prog']],
  );
  assert.deepEqual(proc.asked, []);
});

test('an event that comes after that of a later exec claims nothing: the kernel sends them in order', () => {
  const { ring, source } = scene();
  ring.pending.push([record(7, 100, 'first'), record(7, 200, 'second')]);
  const [early, late] = [exec(7, 101), exec(7, 201)];
  source.capture([late], all);
  assert.deepEqual(argsOf(source, late), ['second']);
  source.capture([early], all);
  assert.deepEqual(argsOf(source, early), ['by /proc']);
});

test('facts are those of the moment of the exec', () => {
  const { ring, source } = scene();
  ring.pending.push([record(7, 100, 'sh')]);
  const event = exec(7, 101);
  source.capture([event], all);
  const facts = source.of(event);
  assert.ok(typeof facts === 'object');
  assert.deepEqual(facts.stat, { comm: 'sh', state: 'R', ppid: 41, threads: 1, startTicks: 999, waitStatus: 0 });
  assert.deepEqual(facts.image, {
    comm: 'sh',
    uid: 0,
    args: ['sh'],
    path: '/bin/true',
    file: { device: '254:1', inode: 2n ** 60n + 1n },
  });
});

test('a record that another CPU finishes a moment later is waited for; without one /proc is asked', () => {
  const { ring, proc, source } = scene();
  ring.pending.push([], [record(7, 100, 'late')]);
  const [seven, nine] = [exec(7, 101), exec(9, 101)];
  assert.equal(source.capture([seven, nine], all), true);
  assert.deepEqual(argsOf(source, seven), ['late']);
  assert.deepEqual(argsOf(source, nine), ['by /proc']);
  assert.deepEqual(proc.asked, [9]);
});

test('with links /proc adds what no record has, and takes nothing away', () => {
  const { ring, source } = scene(new ScriptedProc());
  ring.pending.push([record(7, 100, 'exact')]);
  const event = exec(7, 101);
  source.capture([event], all);
  const facts = source.of(event);
  assert.ok(typeof facts === 'object');
  const { args, exe, cwd, path } = facts.image;
  assert.deepEqual({ args, exe, cwd, path }, { args: ['exact'], exe: '/usr/bin/p', cwd: '/tmp', path: '/bin/true' });
});

test('a record younger than the event is not its record', () => {
  const { ring, source } = scene();
  ring.pending.push([record(7, 200, 'next')]);
  const [now, next] = [exec(7, 101), exec(7, 201)];
  source.capture([now], all);
  assert.deepEqual(argsOf(source, now), ['by /proc']);
  source.capture([next], all);
  assert.deepEqual(argsOf(source, next), ['next']);
});

test('once records were lost, an old one is not taken for the one that is missing', () => {
  const { ring, source } = scene();
  ring.pending.push([record(7, 100, 'old')]);
  ring.lost = 3;
  const event = exec(7, 200_000_000);
  source.capture([event], all);
  assert.deepEqual(argsOf(source, event), ['by /proc']);
  assert.equal(source.takeLost(), 3);
  assert.equal(source.takeLost(), 0);
});

test('records whose events never came are handed out in order, once', () => {
  const { ring, source } = scene();
  ring.pending.push([record(7, 100, 'unheard'), record(7, 200, 'heard'), record(8, 300, 'too'), record(9, 900, 'new')]);
  source.capture([exec(7, 201)], all);
  const before = { seconds: 10, nanos: 500 };
  assert.deepEqual(
    source.takeUnheard(before).map(({ pid, facts }) => [pid, facts.image.args]),
    [
      [7, ['unheard']],
      [8, ['too']],
    ],
  );
  assert.deepEqual(source.takeUnheard(before), []);
});

test('what nobody claims is bounded', () => {
  const { ring, source } = scene();
  for (let i = 0; i < 20; i++)
    ring.pending.push(Array.from({ length: 1000 }, (_, j) => record(i * 1000 + j + 1, 1, 'x')));
  for (let i = 0; i < 20; i++) source.capture([exec(4_000_000, 1)], all);
  assert.equal(source.takeUnheard({ seconds: 20, nanos: 0 }).length, 16_384);
});

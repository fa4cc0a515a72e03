/** Three forms of one selection, the kernel's mask, classic BPF and the predicate: they must agree. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WireKind } from '../../src/netlink/events.ts';
import { WIRE, WIRE_KINDS } from '../../src/netlink/events.ts';
import {
  acknowledgementFilter,
  eventFilter,
  type Hearing,
  hears,
  kernelMask,
  type Scope,
} from '../../src/netlink/filter.ts';
import { runFilter } from '../support/bpf-interpreter.ts';
import * as dg from '../support/datagrams.ts';
import { seeded } from '../support/random.ts';
import { eventIn } from '../support/story.ts';

const WHOLE = 0xffffffff;
const hearing = (scopes: Partial<Record<WireKind, Scope>>, onlyFailures = false): Hearing => ({
  scopes: new Map(Object.entries(scopes) as [WireKind, Scope][]),
  onlyFailures,
});

const thread = { tid: 11, tgid: 10 };
const SAMPLES: Record<string, Uint8Array> = {
  fork: dg.fork(1, 10),
  clone: dg.fork(1, thread),
  exec: dg.exec(10),
  uid: dg.uid(10, 0, 0),
  gid: dg.gid(10, 0, 0),
  sid: dg.sid(10),
  ptrace: dg.ptrace(10, 20),
  comm: dg.comm(10, 'x'),
  'comm of a thread': dg.comm(thread, 'x'),
  coredump: dg.coredump(thread, 1),
  'exit 0': dg.exit(10, 0),
  'exit 3': dg.exit(10, 0x300),
  killed: dg.exit(10, 9),
  'thread exit 0': dg.exit(thread, 0),
  'thread exit 3': dg.exit(thread, 0x300),
};
const heardOf = (h: Hearing): string[] => Object.keys(SAMPLES).filter((name) => hears(h, eventIn(SAMPLES[name])));

test('the mask has the bit of each kind, and only failing ends have a bit of their own', () => {
  assert.equal(kernelMask(hearing({ fork: 'leaders', exec: 'leaders', exit: 'both' })), 0x80000003);
  assert.equal(kernelMask(hearing({ exit: 'both' }, true)), 0x20000000);
  assert.equal(kernelMask(hearing({ fork: 'leaders', exit: 'both' }, true)), 0x20000001);
});

test('an empty selection is refused, since the kernel would take it for everything', () => {
  assert.throws(() => kernelMask(hearing({})), RangeError);
});

test('ends are heard by status and by who ends', () => {
  assert.deepEqual(heardOf(hearing({ exit: 'both' })), [
    'exit 0',
    'exit 3',
    'killed',
    'thread exit 0',
    'thread exit 3',
  ]);
  assert.deepEqual(heardOf(hearing({ exit: 'leaders' })), ['exit 0', 'exit 3', 'killed']);
  assert.deepEqual(heardOf(hearing({ exit: 'both' }, true)), ['exit 3', 'killed', 'thread exit 3']);
  assert.deepEqual(heardOf(hearing({ fork: 'leaders', exit: 'leaders' }, true)), ['fork', 'exit 3', 'killed']);
});

test('births are heard of processes, of threads, or of both', () => {
  assert.deepEqual(heardOf(hearing({ fork: 'leaders' })), ['fork']);
  assert.deepEqual(heardOf(hearing({ fork: 'threads' })), ['clone']);
  assert.deepEqual(heardOf(hearing({ fork: 'both' })), ['fork', 'clone']);
});

test('a single kind is heard alone', () => {
  for (const kind of ['exec', 'uid', 'gid', 'sid', 'ptrace'] as const) {
    assert.deepEqual(heardOf(hearing({ [kind]: 'leaders' })), [kind]);
  }
});

/** As cn_filter of the kernel decides, from the truth table of measurements. */
function kernelDelivers(mask: number, what: number, status: number): boolean {
  if (mask === 0xe00003c7) return true;
  if ((mask & 0x20000000) !== 0 && what === 0x80000000 && status !== 0) return true;
  return (mask & what) !== 0;
}

function randomHearing(random: () => number): Hearing {
  const scopes = new Map<WireKind, Scope>();
  const choices: (Scope | undefined)[] = [undefined, 'leaders', 'threads', 'both'];
  for (const kind of WIRE_KINDS) {
    const scope = choices[random() % 4];
    if (scope !== undefined) scopes.set(kind, scope);
  }
  return { scopes, onlyFailures: random() % 2 === 0 };
}

function randomEvent(random: () => number): Uint8Array {
  const what = WIRE[WIRE_KINDS[random() % WIRE_KINDS.length]].bit;
  // Few different numbers, so that thread and process are often the same, and ends often 0.
  return dg.datagram(
    what,
    Array.from({ length: 6 }, () => (random() % 3 === 0 ? random() : random() % 2)),
  );
}

test('for any selection the BPF program takes exactly what the predicate takes, and whole', () => {
  const random = seeded(7);
  for (let i = 0; i < 400; i++) {
    const h = randomHearing(random);
    const program = eventFilter(h);
    for (let j = 0; j < 60; j++) {
      const bytes = randomEvent(random);
      assert.equal(runFilter(program, bytes), hears(h, eventIn(bytes)) ? WHOLE : 0);
    }
  }
});

test('whatever is wanted passes the mask of the kernel', () => {
  const random = seeded(8);
  for (let i = 0; i < 20_000; i++) {
    const h = randomHearing(random);
    if (h.scopes.size === 0) continue;
    const event = eventIn(randomEvent(random));
    const status = event.kind === 'exit' ? event.status : 0;
    if (hears(h, event)) assert.ok(kernelDelivers(kernelMask(h), WIRE[event.kind].bit, status));
  }
});

test('the program lets no acknowledgement in, a kind it does not know always, and nothing too short to look at', () => {
  const random = seeded(9);
  for (let i = 0; i < 200; i++) {
    const program = eventFilter(randomHearing(random));
    assert.equal(runFilter(program, dg.acknowledgement(random())), 0);
    assert.equal(runFilter(program, dg.datagram(0x400, [1, 1])), WHOLE);
    assert.equal(runFilter(program, dg.exec(1).subarray(0, 39)), 0);
  }
});

test('the control socket takes acknowledgements and nothing else', () => {
  const program = acknowledgementFilter();
  assert.equal(runFilter(program, dg.acknowledgement(1)), WHOLE);
  for (const bytes of Object.values(SAMPLES)) assert.equal(runFilter(program, bytes), 0);
});

test('the longest program stays within the jumps and the length the kernel allows', () => {
  const scopes = Object.fromEntries(WIRE_KINDS.map((kind) => [kind, 'leaders' as const]));
  assert.ok(eventFilter(hearing(scopes, true)).length / 8 < 255);
});

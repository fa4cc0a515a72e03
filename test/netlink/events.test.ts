/** What must hold for every row of the event table. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EVENT_NAMES, MASK_ALL, REFINEMENTS, rowFor, WIRE, WIRE_KINDS } from '../../src/netlink/events.ts';

const rows = Object.entries({ ...WIRE, ...REFINEMENTS });

test('all bits together are PROC_EVENT_ALL of the kernel', () => {
  assert.equal(MASK_ALL, 0xe00003c7);
});

test('each kind has one bit, and no two kinds share one', () => {
  const bits = rows.map(([, { bit }]) => bit).filter((bit) => bit !== 0);
  assert.equal(new Set(bits).size, bits.length);
  for (const bit of bits) assert.equal(Number.isInteger(Math.log2(bit)), true, `0x${bit.toString(16)} is one bit`);
});

test('the bits are those of linux/cn_proc.h', () => {
  const bits = Object.fromEntries(rows.map(([name, { bit }]) => [name, bit]));
  assert.deepEqual(bits, {
    fork: 0x1,
    exec: 0x2,
    uid: 0x4,
    gid: 0x40,
    sid: 0x80,
    ptrace: 0x100,
    comm: 0x200,
    coredump: 0x40000000,
    exit: 0x80000000,
    'nonzero-exit': 0x20000000,
    clone: 0,
  });
});

test('names are lower case words, and every row says what it means and carries', () => {
  assert.equal(new Set(EVENT_NAMES).size, EVENT_NAMES.length);
  for (const [name, { meaning, carries }] of rows) {
    assert.match(name, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(meaning.length > 0 && carries.length > 0, name);
  }
});

test('a row is found by its bit and reads events of its own kind', () => {
  const words = new Uint32Array(16);
  for (const kind of WIRE_KINDS) {
    assert.equal(rowFor(WIRE[kind].bit), WIRE[kind]);
    assert.equal(WIRE[kind].read({ cpu: 0, sequence: 0, seconds: 0, nanos: 0 }, words, 0).kind, kind);
  }
  assert.equal(rowFor(0), undefined);
  assert.equal(rowFor(REFINEMENTS['nonzero-exit'].bit), undefined);
});

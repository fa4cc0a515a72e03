/** The control messages, byte by byte against the kernel's headers. */
import assert from 'node:assert/strict';
import { endianness } from 'node:os';
import { test } from 'node:test';
import { acknowledges, encodeControl } from '../../src/netlink/encode.ts';

const LE = endianness() === 'LE';
const u32 = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer).getUint32(at, LE);
const u16 = (bytes: Uint8Array, at: number): number => new DataView(bytes.buffer).getUint16(at, LE);

test('LISTEN with a mask is the 8-byte form: nlmsghdr, cn_msg, operation, mask', () => {
  const bytes = encodeControl({ op: 1, mask: 0xe00003c7, token: 0xfffffffe });
  assert.equal(bytes.length, 44);
  assert.equal(u32(bytes, 0), 44);
  assert.equal(u16(bytes, 4), 3);
  assert.deepEqual([u32(bytes, 16), u32(bytes, 20)], [1, 1]);
  assert.equal(u32(bytes, 28), 0xfffffffe);
  assert.equal(u16(bytes, 32), 8);
  assert.equal(u32(bytes, 36), 1);
  assert.equal(u32(bytes, 40), 0xe00003c7);
});

test('without a mask it is the 4-byte form every kernel knows', () => {
  const bytes = encodeControl({ op: 2, token: 1 });
  assert.equal(bytes.length, 40);
  assert.equal(u32(bytes, 0), 40);
  assert.equal(u16(bytes, 32), 4);
  assert.equal(u32(bytes, 36), 2);
});

test('an answer carries the token plus one, modulo 2^32', () => {
  assert.equal(acknowledges(41), 42);
  assert.equal(acknowledges(0xffffffff), 0);
});

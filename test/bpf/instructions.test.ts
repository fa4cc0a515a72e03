/** The assembler against encodings written out by hand from the instruction set's description. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as i from '../../src/bpf/instructions.ts';

const hex = (rows: i.Row[]): string =>
  Buffer.from(i.assemble(rows))
    .toString('hex')
    .replace(/.{16}(?=.)/g, '$& ');

const CASES: [what: string, row: i.Row, bytes: string][] = [
  ['r6 = *(u64 *)(r1 + 16)', i.load('u64', 6, 1, 16), '7916100000000000'],
  ['r2 = *(u32 *)(r7 + 1264)', i.load('u32', 2, 7, 1264), '6172f00400000000'],
  ['r1 = *(u16 *)(r1 - 2)', i.load('u16', 1, 1, -2), '6911feff00000000'],
  ['r1 = *(u8 *)(r1 + 0)', i.load('u8', 1, 1, 0), '7111000000000000'],
  ['*(u64 *)(r8 + 8) = r0', i.store('u64', 8, 8, 0), '7b08080000000000'],
  ['*(u32 *)(r10 - 4) = 0', i.store('u32', i.FRAME, -4, i.value(0)), '620afcff00000000'],
  ['r9 = r0', i.move(9, 0), 'bf09000000000000'],
  ['r9 = -1', i.move(9, i.value(-1)), 'b7090000ffffffff'],
  ['r3 += r0', i.add(3, 0), '0f03000000000000'],
  ['r2 += -4', i.add(2, i.value(-4)), '07020000fcffffff'],
  ['r9 -= r3', i.subtract(9, 3), '1f39000000000000'],
  ['r1 <<= 9', i.shiftLeft(1, i.value(9)), '6701000009000000'],
  ['r1 >>= 4', i.shiftRight(1, i.value(4)), '7701000004000000'],
  ['r2 &= 255', i.and(2, i.value(255)), '57020000ff000000'],
  ['r0 |= r1', i.or(0, 1), '4f10000000000000'],
  ['call the kernel’s function 91', i.callKernel(91), '852000005b000000'],
  ['call 130', i.call(130), '8500000082000000'],
  ['exit', i.exit(), '9500000000000000'],
  ['lock *(u64 *)(r0 + 0) += r1', i.addAtomically(0, 0, 1), 'db10000000000000'],
  ['r1 = map of fd 7', i.loadMap(1, 7), '1811000007000000 0000000000000000'],
];

for (const [what, row, bytes] of CASES) test(what, () => assert.equal(hex([row]), bytes));

test('jumps count instructions from the next one, a map counts twice, a label not at all', () => {
  const rows = [
    i.when(0, '==', i.value(0), 'here'),
    i.loadMap(1, 3),
    i.label('here'),
    i.when(9, '<=', i.value(0x7eb8), 'out'),
    i.when(1, '!=', 2, 'out'),
    i.when(1, '>', 2, 'out'),
    i.when(6, '&', i.value(1), 'out'),
    i.go('out'),
    i.label('out'),
    i.exit(),
  ];
  assert.equal(
    hex(rows),
    '1500020000000000 1811000003000000 0000000000000000 b5090400b87e0000 5d21030000000000 2d21020000000000 4506010001000000 0500000000000000 9500000000000000',
  );
});

test('a loop jumps up, and out where the kernel loses patience', () => {
  const rows = [
    i.label('loop'),
    i.unlessPatient('out'),
    i.add(1, i.value(1)),
    i.again('loop'),
    i.label('out'),
    i.exit(),
  ];
  assert.equal(hex(rows), 'e500020000000000 0701000001000000 0500fdff00000000 9500000000000000');
});

test('a label must be there, once, on the side of the jump that is meant, and some jump must lead to it', () => {
  assert.throws(() => i.assemble([i.go('nowhere'), i.exit()]), /no label nowhere below/);
  assert.throws(() => i.assemble([i.label('back'), i.go('back')]), /no label back below/);
  assert.throws(() => i.assemble([i.again('on'), i.label('on')]), /no label on above/);
  assert.throws(() => i.assemble([i.go('a'), i.label('a'), i.label('a')]), /label a twice/);
  assert.throws(() => i.assemble([i.label('unused'), i.exit()]), /no jump to label unused/);
});

test('an offset that does not fit is refused, not cut', () => {
  assert.throws(() => i.assemble([i.load('u64', 1, 1, 0x8000)]), /offset 32768 does not fit/);
  assert.throws(() => i.assemble([i.store('u64', 1, -0x8001, 1)]), RangeError);
});

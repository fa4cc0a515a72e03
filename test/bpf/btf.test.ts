/** The reader of the kernel's types, against files made by hand and the file of the kernel that runs. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Btf } from '../../src/bpf/btf.ts';
import { KERNEL_TYPES } from '../../src/bpf/kernel-types.ts';
import { offsetsOf, optionalOffsets, UnknownLayout } from '../../src/bpf/offsets.ts';
import { seeded } from '../support/random.ts';
import { BtfBuilder } from './btf-builder.ts';

function sample() {
  const b = new BtfBuilder();
  const u32 = b.int('unsigned int', 4);
  const char = b.int('char', 1);
  const comm = b.array(char, u32, 16);
  b.enumeration('color', [
    ['RED', 0],
    ['BLUE', 1],
  ]);
  b.declTag('note', u32);
  b.forward('task');
  const uid = b.struct('', 4, [['val', u32, 0]]);
  const kuid = b.typedef('kuid_t', uid);
  const inner = b.struct('', 16, [
    ['hidden', b.pointer(b.volatile(u32)), 64],
    ['flag', u32, 0],
  ]);
  const choice = b.union('', 16, [
    ['word', u32, 0],
    ['', b.constant(inner), 0],
  ]);
  const place = b.struct('place', 16, [
    ['x', u32, 0],
    ['y', u32, 32],
  ]);
  const task = b.struct('task', 96, [
    ['first', u32, 0],
    ['', choice, 128],
    ['comm', comm, 256],
    ['uid', b.constant(b.tagged('rcu', kuid)), 384],
    ['place', b.volatile(place), 512],
  ]);
  const bits = b.struct(
    'bits',
    8,
    [
      ['narrow', u32, (3 << 24) | 5],
      ['whole', u32, 32],
    ],
    1,
  );
  const proto = b.proto(0, [['task', b.pointer(task)]]);
  const func = b.func('iterate', proto);
  const typedef = b.typedef('trace_exec', b.pointer(proto));
  b.struct('task_longer', 4, [['tid', u32, 0]]);
  return { bytes: b.build(), task, bits, func, typedef, place };
}

test('types are found by kind and whole name', () => {
  const { bytes, task, func, typedef } = sample();
  const btf = new Btf(bytes);
  assert.equal(btf.idOf('struct', 'task'), task);
  assert.equal(btf.idOf('func', 'iterate'), func);
  assert.equal(btf.idOf('typedef', 'trace_exec'), typedef);
  for (const name of ['tas', 'iterate', 'nobody']) assert.equal(btf.idOf('struct', name), undefined, name);
});

test('the parameters of a tracepoint are counted, and what is no tracepoint has none', () => {
  const b = new BtfBuilder();
  const u32 = b.int('unsigned int', 4);
  b.typedef(
    'trace_end',
    b.pointer(
      b.proto(0, [
        ['data', u32],
        ['task', u32],
        ['last', u32],
      ]),
    ),
  );
  b.typedef('number', u32);
  b.typedef('address', b.pointer(u32));
  const btf = new Btf(b.build());
  const counts = ['trace_end', 'number', 'address', 'nobody'].map((name) => btf.parametersOf(name));
  assert.deepEqual(counts, [3, undefined, undefined, undefined]);
});

test('members are found through unnamed structs and unions and every qualifier', () => {
  const btf = new Btf(sample().bytes);
  assert.deepEqual(btf.member('task', 'first'), { offset: 0, bytes: 4 });
  assert.deepEqual(btf.member('task', 'hidden'), { offset: 24, bytes: 8 });
  assert.deepEqual(btf.member('task', 'flag'), { offset: 16, bytes: 4 });
  assert.deepEqual(btf.member('task', 'comm'), { offset: 32, bytes: 16 });
  assert.deepEqual(btf.member('task', 'uid'), { offset: 48, bytes: 4 });
  assert.deepEqual(btf.member('task', 'uid.val'), { offset: 48, bytes: 4 });
  assert.deepEqual(btf.member('task', 'place.y'), { offset: 68, bytes: 4 });
  for (const path of ['comm.x', 'hid', 'hiddens', 'place.z', 'x']) assert.equal(btf.member('task', path), undefined);
});

test('a bit field has no offset, its whole neighbour has', () => {
  const btf = new Btf(sample().bytes);
  assert.equal(btf.member('bits', 'narrow'), undefined);
  assert.deepEqual(btf.member('bits', 'whole'), { offset: 4, bytes: 4 });
});

test('a file at an odd address is read too', () => {
  const { bytes, task } = sample();
  const shifted = new Uint8Array(bytes.length + 3).subarray(3);
  shifted.set(bytes);
  assert.equal(new Btf(shifted).idOf('struct', 'task'), task);
});

test('what is no BTF is refused, and rubbish never hangs', () => {
  const { bytes } = sample();
  assert.throws(() => new Btf(new Uint8Array(0)), /not a BTF file/);
  assert.throws(() => new Btf(bytes.subarray(0, 60)), /cut short/);
  const unknown = new BtfBuilder();
  unknown.unknownKind();
  unknown.struct('behind', 4, []);
  assert.throws(() => new Btf(unknown.build()).idOf('struct', 'behind'), /unknown kind \(31\)/);
  const random = seeded(5);
  for (let round = 0; round < 3000; round++) {
    const broken = Uint8Array.from(bytes);
    for (let i = 0; i < 4; i++) broken[4 + (random() % (broken.length - 4))] = random() & 0xff;
    try {
      const btf = new Btf(broken);
      btf.member('task', 'hidden');
      btf.member('task', 'place.y');
      btf.idOf('func', 'iterate');
    } catch (error) {
      assert.ok(error instanceof Error, String(error));
    }
  }
});

test('a layout that is not the expected one is a reason, not a guess', () => {
  const btf = new Btf(sample().bytes);
  assert.deepEqual(offsetsOf(btf, { a: ['task', 'hidden', 8], b: ['place', 'y', 4] }), { a: 24, b: 4 });
  assert.throws(
    () => offsetsOf(btf, { a: ['task', 'gone', 8] }),
    new UnknownLayout("this kernel's BTF has no task.gone"),
  );
  assert.throws(() => offsetsOf(btf, { a: ['task', 'flag', 8] }), /task\.flag has 4 bytes in this kernel, not 8/);
  const far = new BtfBuilder();
  far.struct('huge', 1 << 18, [['end', far.int('int', 4), 8 * (1 << 16)]]);
  assert.throws(() => offsetsOf(new Btf(far.build()), { a: ['huge', 'end', 4] }), /huge\.end lies too far/);
  assert.equal(optionalOffsets(btf, { a: ['task', 'hidden', 8], b: ['task', 'gone', 4] }), undefined);
});

test('the types of this kernel', { skip: existsSync(KERNEL_TYPES) ? false : `no ${KERNEL_TYPES}` }, () => {
  const btf = new Btf(readFileSync(KERNEL_TYPES));
  assert.deepEqual(btf.member('list_head', 'prev'), { offset: 8, bytes: 8 });
  assert.equal(btf.member('task_struct', 'comm')?.bytes, 16);
  assert.equal(btf.member('task_struct', 'tgid')?.bytes, 4);
  assert.notEqual(btf.member('task_struct', 'tgid')?.offset, btf.member('task_struct', 'pid')?.offset);
  assert.equal(btf.member('cred', 'euid.val')?.offset, btf.member('cred', 'euid')?.offset);
  assert.ok(btf.idOf('typedef', 'btf_trace_sched_process_exec'));
});

test('a bit field lies in a byte, at some of its bits', () => {
  const btf = new Btf(sample().bytes);
  assert.deepEqual(btf.bitField('bits', 'narrow'), { offset: 0, mask: 0b1110_0000 });
  for (const name of ['whole', 'narrowest', '']) assert.equal(btf.bitField('bits', name), undefined);
  assert.equal(btf.bitField('nothing', 'narrow'), undefined);
});

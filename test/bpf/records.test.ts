/** Records made byte by byte, from the layout as the programs are documented, and what the decoders make of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeEnd } from '../../src/bpf/end-record.ts';
import { decodeExec, execKeyOf } from '../../src/bpf/exec-record.ts';
import { decodeTasks, stateLetter } from '../../src/bpf/task-record.ts';
import { seeded } from '../support/random.ts';
import { execRecord } from './exec-records.ts';

test('an exec record is decoded whole', () => {
  assert.deepEqual(decodeExec(execRecord({ args: 'sh\0-c\0\0', path: '/bin/sh' })), {
    tgid: 42,
    at: { seconds: 10, nanos: 5 },
    start: { seconds: 9, nanos: 999_999_999 },
    callerTid: 43,
    parentTgid: 41,
    realUid: 1000,
    effectiveUid: 0,
    comm: 'sh',
    args: ['sh', '-c', ''],
    argsTotal: undefined,
    path: '/bin/sh',
    file: { device: '254:1', inode: 2n ** 60n + 1n },
  });
});

test('times are exact far beyond what one float can hold', () => {
  for (const nanos of [0n, 999_999_999n, 2n ** 32n, 2n ** 53n + 1n, 10n ** 17n + 7n]) {
    const { at } = execKeyOf(execRecord({ at: nanos })) ?? assert.fail();
    assert.deepEqual(at, { seconds: Number(nanos / 1_000_000_000n), nanos: Number(nanos % 1_000_000_000n) });
  }
});

test('what is cut or missing is told, not invented', () => {
  assert.equal(decodeExec(execRecord({ args: 'a\0bbb', argsTotal: 100_000n }))?.argsTotal, 100_000);
  assert.equal(decodeExec(execRecord({ args: '', argsTotal: 12n }))?.args, undefined);
  assert.equal(decodeExec(execRecord({ args: '', argsTotal: 12n }))?.argsTotal, undefined);
  assert.deepEqual(decodeExec(execRecord({ args: '\0' }))?.args, ['']);
  assert.equal(decodeExec(execRecord({ path: '', pathResult: -14 }))?.path, undefined);
  assert.equal(decodeExec(execRecord({ hasFile: 0 }))?.file, undefined);
});

test('bytes that are no UTF-8 keep their bytes, and do not point into the ring', () => {
  const bytes = execRecord({ args: 'x\0\xff\n\x1b\0' });
  const args = decodeExec(bytes)?.args ?? [];
  bytes.fill(0);
  assert.deepEqual(args, ['x', { text: '\ufffd\n\x1b', bytes: Uint8Array.of(0xff, 10, 27) }]);
});

test('what is too short for what it says is none of ours', () => {
  const whole = execRecord({ args: 'abc\0', path: '' });
  for (let length = 0; length < whole.length - 1; length++) {
    assert.equal(decodeExec(whole.subarray(0, length)), undefined, String(length));
  }
  assert.equal(decodeEnd(new Uint8Array(111)), undefined);
  assert.deepEqual(decodeTasks(new Uint8Array(79)), []);
  const random = seeded(3);
  for (let i = 0; i < 5000; i++) {
    const rubbish = Uint8Array.from({ length: random() % 300 }, () => random() & 0xff);
    decodeExec(rubbish);
    decodeEnd(rubbish);
    decodeTasks(rubbish);
  }
});

test('the account of a life; the status is the one the parent got', () => {
  const view = new DataView(new ArrayBuffer(112));
  for (let i = 0; i < 10; i++) view.setBigUint64(i * 8, BigInt(i + 1) * 1_000_000_001n, true);
  view.setUint32(80, 77, true);
  view.setUint32(88, 0x0300, true);
  view.setUint32(92, 9, true);
  new Uint8Array(view.buffer).set(Buffer.from('worker'), 96);
  const own = decodeEnd(new Uint8Array(view.buffer)) ?? assert.fail();
  assert.deepEqual(
    [own.tgid, own.at, own.start.seconds, own.cpuNanos, own.peakPages, own.comm, own.waitStatus],
    [77, { seconds: 1, nanos: 1 }, 2, 3_000_000_003, 10_000_000_010, 'worker', 9],
  );
  view.setUint32(84, 0x44, true);
  assert.equal(decodeEnd(new Uint8Array(view.buffer))?.waitStatus, 0x0300);
});

test('states are told with the letters of /proc', () => {
  const letters: [state: number, exitState: number, letter: string][] = [
    [0, 0, 'R'],
    [0x1, 0, 'S'],
    [0x2, 0, 'D'],
    [0x102, 0, 'D'],
    [0x402, 0, 'I'],
    [0x4, 0, 'T'],
    [0x8, 0, 't'],
    [0x80, 0x10, 'X'],
    [0x80, 0x20, 'Z'],
    [0x40, 0, 'P'],
    [0x8001, 0, 'D'],
    [0x1000, 0, 'D'],
  ];
  for (const [state, exitState, letter] of letters) assert.equal(stateLetter(state, exitState), letter, `${state}`);
});

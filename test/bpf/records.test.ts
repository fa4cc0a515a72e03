/** Records made byte by byte, from the layout as the programs are documented, and what the decoders make of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCOUNT, accountDecoder } from '../../src/bpf/account-record.ts';
import { decodeExec, execKeyOf } from '../../src/bpf/exec-record.ts';
import { decodeTasks, stateLetter } from '../../src/bpf/task-record.ts';
import { seeded } from '../support/random.ts';
import { execRecord } from './exec-records.ts';

const UNITS = { pageKib: 4, countsDelays: true, countsBytes: true };

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
  assert.equal(accountDecoder(new Uint8Array(200), UNITS)(0, 175), undefined);
  assert.deepEqual(decodeTasks(new Uint8Array(79)), []);
  const random = seeded(3);
  for (let i = 0; i < 5000; i++) {
    const rubbish = Uint8Array.from({ length: random() % 300 }, () => random() & 0xff);
    decodeExec(rubbish);
    accountDecoder(rubbish, UNITS)(0, rubbish.length);
    decodeTasks(rubbish);
  }
});

/** An account, at an offset in the ring as it may be; each field by its offset. */
function account(
  over: Partial<Record<keyof typeof ACCOUNT, bigint>> = {},
  units: Parameters<typeof accountDecoder>[1] = UNITS,
) {
  const AT = 24;
  const view = new DataView(new ArrayBuffer(AT + 176));
  const fields = {
    start: 2_000_000_000n,
    cpuNanos: 3_000_000n,
    userNanos: 4_000_000n,
    systemNanos: 8_000_000n,
    ...over,
  };
  for (const [name, value] of Object.entries(fields)) {
    const offset = AT + ACCOUNT[name as keyof typeof ACCOUNT];
    if (ACCOUNT[name as keyof typeof ACCOUNT] < ACCOUNT.tgid) view.setBigUint64(offset, value, true);
    else view.setUint32(offset, Number(value), true);
  }
  const bytes = new Uint8Array(view.buffer);
  bytes.set(Buffer.from('worker'), AT + 160);
  return accountDecoder(bytes, units)(AT, 176) ?? assert.fail();
}

test('the account of a life is decoded whole', () => {
  assert.deepEqual(
    account({
      tgid: 77n,
      minorFaults: 5n,
      majorFaults: 6n,
      voluntarySwitches: 7n,
      involuntarySwitches: 8n,
      readBytes: 2n ** 40n,
      writeBytes: 4097n,
      ioDelayNanos: 9n,
      peakPages: 300n,
      exeInode: 2n ** 33n,
      realUid: 1000n,
      realGid: 2n ** 32n - 1n,
      threadsLeft: 1n,
      hasMemory: 1n,
      ppid: 41n,
    }),
    {
      pid: 77,
      startNanos: 2_000_000_000,
      waitStatus: 0,
      comm: 'worker',
      uid: 1000,
      ppid: 41,
      cpuNanos: 3_000_000,
      cpuIsLowerBound: false,
      userMicros: 1000,
      systemMicros: 2000,
      maxRssKib: 1200,
      minorFaults: 5,
      majorFaults: 6,
      readBytes: 2 ** 40,
      writeBytes: 4097,
      voluntarySwitches: 7,
      involuntarySwitches: 8,
      exeInode: 2 ** 33,
      ioDelayNanos: 9,
      gid: 2 ** 32 - 1,
    },
  );
});

test('the status of a life is the one the parent got', () => {
  assert.equal(account({ groupExitCode: 0x0300n, exitCode: 9n }).waitStatus, 9);
  assert.equal(account({ groupExitCode: 0x0300n, exitCode: 9n, signalFlags: 0x44n }).waitStatus, 0x0300);
});

test('user and system time are the exact time, divided as the ticks say', () => {
  const times = (userNanos: bigint, systemNanos: bigint) => {
    const { userMicros, systemMicros } = account({ userNanos, systemNanos });
    return [userMicros, systemMicros];
  };
  assert.deepEqual(times(4n, 8n), [1000, 2000]);
  assert.deepEqual(times(0n, 0n), [3000, 0]);
  assert.deepEqual(times(0n, 8n), [0, 3000]);
});

test('neither time is less than somebody was told while the process lived', () => {
  const times = (toldUserNanos: bigint, toldSystemNanos: bigint) => {
    const { userMicros, systemMicros } = account({ toldUserNanos, toldSystemNanos });
    return [userMicros, systemMicros];
  };
  assert.deepEqual(times(500_000n, 500_000n), [1000, 2000]);
  assert.deepEqual(times(500_000n, 2_400_000n), [600, 2400]);
  assert.deepEqual(times(1_500_000n, 0n), [1500, 1500]);
  assert.deepEqual(times(2_000_000n, 1_000_000n), [2000, 1000]);
});

test('what an account does not know is not told as zero', () => {
  const { maxRssKib, exeInode, ppid } = account({ peakPages: 300n, hasMemory: 0n });
  assert.deepEqual([maxRssKib, exeInode, ppid], [undefined, undefined, undefined]);
  assert.equal(account({ exeInode: 2n ** 60n }).exeInode, undefined);
  const delays = [true, false, undefined].map((countsDelays) => account({}, { ...UNITS, countsDelays }).ioDelayNanos);
  assert.deepEqual(delays, [0, undefined, undefined]);
  const { readBytes, writeBytes } = account({ readBytes: 5n }, { ...UNITS, countsBytes: false });
  assert.deepEqual([readBytes, writeBytes], [undefined, undefined]);
});

test('a life of which threads are missing is a lower bound', () => {
  assert.equal(account({ threadsLeft: 2n }).cpuIsLowerBound, true);
});

test('one name after another, and none is taken for the one before', () => {
  const bytes = new Uint8Array(2 * 176);
  bytes.set(Buffer.from('one'), 160);
  bytes.set(Buffer.from('one\0two'), 176 + 160);
  const decode = accountDecoder(bytes, UNITS);
  const names = () => [decode(0, 176)?.comm, decode(176, 176)?.comm];
  assert.deepEqual(names(), ['one', 'one']);
  bytes.set(Buffer.from('two'), 176 + 160);
  assert.deepEqual(names(), ['one', 'two']);
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

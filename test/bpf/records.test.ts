/** Records made byte by byte, from the layout as the programs are documented, and what the decoders make of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ACCOUNT, accountDecoder } from '../../src/bpf/account-record.ts';
import { FactImage } from '../../src/bpf/fact-image.ts';
import {
  ARGS_LIMIT,
  CWD_LIMIT,
  DELETED,
  EXE_LIMIT,
  FACT,
  MOST_BYTES,
  PATH_BYTES,
  WALK,
} from '../../src/bpf/fact-record.ts';
import { stateLetter, WalkedTask, WalkedTasks } from '../../src/bpf/task-record.ts';
import { FactIndex } from '../../src/facts/fact-index.ts';
import { NONE } from '../../src/facts/fact-view.ts';
import {
  endRecord,
  execRecord,
  type FactRecordOptions,
  factFrom,
  imageFrom,
  ScriptedRing,
  wholeEnd,
} from '../support/fact-records.ts';
import { seeded } from '../support/random.ts';

const UNITS = { pageKib: 4, countsDelays: true, countsBytes: true };

const imageOf = (options: FactRecordOptions) => imageFrom(execRecord(options));

test('an exec record is decoded whole, wherever in the ring it lies', () => {
  for (const at of [0, 8, 4096]) {
    const image = imageFrom(
      execRecord({ args: 'sh\0-c\0\0', path: '/bin/sh', exe: 'dash/bin/usr/', cwd: 'lib/usr/' }),
      at,
    );
    const { comm, uid, args, argsTotal, argsLetters, path, exe, cwd, file, missing, unread } = image;
    assert.deepEqual(
      { comm, uid, args, argsTotal, argsLetters, path, exe, cwd, file, missing, unread },
      {
        comm: 'sh',
        uid: 0,
        args: ['sh', '-c', ''],
        argsTotal: undefined,
        argsLetters: 'sh\0-c\0\0',
        path: '/bin/sh',
        exe: '/usr/bin/dash',
        cwd: '/usr/lib',
        file: { device: '254:1', inode: 2n ** 60n + 1n },
        missing: undefined,
        unread: undefined,
      },
    );
  }
});

test('each field is where the layout says', () => {
  const whole = factFrom(
    wholeEnd({ tgid: 7, tid: 9, ppid: 3, status: 0x8b, flags: 2, comm: 'worker', parentComm: 'make' }),
  );
  const { image, ...told } = whole;
  assert.deepEqual(told, {
    kind: 'end',
    at: { seconds: 10, nanos: 5 },
    start: { seconds: 9, nanos: 999_999_999 },
    cpu: 1,
    tgid: 7,
    ppid: 3,
    tid: 9,
    status: 0x8b,
    flags: 2,
    effectiveUid: 0,
    comm: 'worker',
    realUid: 1000,
    parentComm: 'make',
    cgroup: 0n,
    exeState: WALK.complete,
    cwdState: WALK.complete,
  });
  assert.deepEqual([image?.args, image?.path, image?.exe], [['true'], undefined, '/bin/true']);
  const short = factFrom(endRecord({ status: 0x100 }));
  assert.deepEqual([short.kind, short.status, short.realUid, short.image], ['end', 0x100, undefined, undefined]);
});

test('times are exact far beyond what one float can hold', () => {
  for (const nanos of [0n, 999_999_999n, 2n ** 32n, 2n ** 53n + 1n, 10n ** 17n + 7n]) {
    const expected = { seconds: Number(nanos / 1_000_000_000n), nanos: Number(nanos % 1_000_000_000n) };
    const record = execRecord({ at: nanos, start: nanos });
    assert.deepEqual(factFrom(record).at, expected);
    const index = new FactIndex(new ScriptedRing().put(record));
    index.look();
    const place = index.takeExec(42, expected, 0);
    assert.notEqual(place, NONE);
    assert.deepEqual([index.moment(place, FACT.at), index.moment(place, FACT.start)], [expected, expected]);
  }
});

test('what is cut or missing is told, not invented', () => {
  assert.equal(imageOf({ args: 'a\0bbb', argsTotal: 100_000n }).argsTotal, 100_000);
  assert.equal(imageOf({ args: '', argsTotal: 12n }).args, undefined);
  assert.equal(imageOf({ args: '', argsTotal: 12n }).argsTotal, undefined);
  assert.equal(imageOf({ args: '', argsTotal: 12n }).argsLetters, undefined);
  assert.deepEqual(imageOf({ args: '\0' }).args, ['']);
  assert.equal(imageOf({ path: '', pathResult: -14 }).path, undefined);
  assert.equal(imageOf({ path: 'p'.repeat(PATH_BYTES - 1) }).path, 'p'.repeat(PATH_BYTES - 1));
  assert.equal(imageOf({ hasFile: 0 }).file, undefined);
  assert.equal(imageOf({ inode: 2n ** 32n - 1n }).file?.inode, 2 ** 32 - 1);
});

test('a path that could not be copied does not shift what stands behind it', () => {
  const { args, path, exe, cwd } = imageOf({ args: 'a\0b\0', path: '', pathResult: -14, exe: 'a/bin/', cwd: 'home/' });
  assert.deepEqual([args, path, exe, cwd], [['a', 'b'], undefined, '/bin/a', '/home']);
});

test('a walk that did not come to an end has no path', () => {
  const both = (state: number) => {
    const { exe, cwd } = imageOf({ exe: 'prog/usr/', exeState: state, cwd: 'prog/usr/', cwdState: state });
    assert.deepEqual(exe, cwd);
    return exe;
  };
  assert.equal(both(WALK.complete), '/usr/prog');
  for (const state of [WALK.none, WALK.tooDeep, WALK.tooLong, WALK.torn, WALK.fault]) {
    assert.equal(both(state), undefined);
    assert.equal(both(state | DELETED), undefined);
  }
});

test('paths are told without the mark of a deleted file, which is told beside them', () => {
  const of = (walked: string, state: number) => {
    const { exe, exeDeleted, exeMissing } = imageOf({ exe: walked, exeState: state });
    return [exe, exeDeleted, exeMissing];
  };
  const exe = (walked: string, state: number) => of(walked, state)[0];
  assert.equal(exe('', WALK.complete), '/');
  assert.deepEqual(of('prog/tmp/', WALK.complete | DELETED), ['/tmp/prog', true, undefined]);
  assert.deepEqual(of('memfd:a name', WALK.pseudo), ['/memfd:a name', true, undefined]);
  assert.deepEqual(of('prog/lost/', WALK.escaped), [undefined, undefined, 'unreachable']);
  assert.deepEqual(of('prog/lost/', WALK.escaped | DELETED), [undefined, undefined, 'unreachable']);
  assert.deepEqual(of('prog/lost/', WALK.torn), [undefined, undefined, 'torn']);
  assert.equal(exe('\xc3\xa4/home/', WALK.complete), '/home/\u00e4');
  assert.deepEqual(exe('\xff\n/home/', WALK.complete), {
    text: '/home/\ufffd\n',
    bytes: Uint8Array.from(Buffer.from('/home/\xff\n', 'latin1')),
  });
});

test('more paths than are kept, each asked for again: none is taken for another', () => {
  const ask = () => Array.from({ length: 3000 }, (_, i) => imageOf({ exe: `p${i}/bin/`, cwd: `c${i}/` }));
  for (const images of [ask(), ask()]) {
    for (const [i, { exe, cwd }] of images.entries()) assert.deepEqual([exe, cwd], [`/bin/p${i}`, `/c${i}`]);
  }
});

test('bytes that are no UTF-8 keep their bytes, and do not point into the ring', () => {
  const words = new Uint32Array(64);
  const bytes = Buffer.from(words.buffer);
  bytes.set(execRecord({ args: 'x\0\xff\n\x1b\0', exe: '\xff/', cwd: '' }));
  const image = new FactImage({ bytes, words, at: 0 });
  bytes.fill(0);
  assert.deepEqual(image.args, ['x', { text: '\ufffd\n\x1b', bytes: Uint8Array.of(0xff, 10, 27) }]);
  assert.deepEqual(image.exe, { text: '/\ufffd', bytes: Uint8Array.of(47, 0xff) });
  assert.equal(image.cwd, '/');
});

test('the longest of all has room in a record', () => {
  assert.ok(FACT.bytes + ARGS_LIMIT + PATH_BYTES < EXE_LIMIT && EXE_LIMIT < CWD_LIMIT && CWD_LIMIT < MOST_BYTES);
  const [name, args] = ['n'.repeat(255), `${'a'.repeat(ARGS_LIMIT - 1)}\0`];
  const { exe, cwd } = imageOf({ args, path: 'p'.repeat(255), exe: `${name}/`.repeat(16), cwd: `${name}/`.repeat(16) });
  assert.deepEqual([exe, cwd], [`/${name}`.repeat(16), `/${name}`.repeat(16)]);
});

const membersOf = ({ args, argsTotal, path, exe, cwd, file }: FactImage) => ({ args, argsTotal, path, exe, cwd, file });

test('what is too short for what it says, or of an unknown kind, is none of ours', () => {
  const whole = endRecord();
  const none = (record: Uint8Array): void => {
    const index = new FactIndex(new ScriptedRing().put(record));
    assert.equal(index.look(), 1);
    assert.equal(index.size, 0);
  };
  for (let length = 0; length < whole.length; length++) none(whole.subarray(0, length));
  for (const kind of [0, 1, 4, 255]) none(whole.with(FACT.kind, kind));
  assert.equal(accountDecoder(new Uint8Array(200), UNITS)(0, 175), undefined);
  assert.equal(new WalkedTasks(new Uint8Array(79)).length, 0);
  const random = seeded(3);
  for (let i = 0; i < 5000; i++) {
    const rubbish = Uint8Array.from({ length: random() % 300 }, () => random() & 0xff);
    if (rubbish.length >= FACT.bytes) membersOf(imageFrom(rubbish));
    accountDecoder(rubbish, UNITS)(0, rubbish.length);
    for (const { state, comm, start } of new WalkedTasks(rubbish).all(WalkedTask)) assert.ok([state, comm, start]);
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

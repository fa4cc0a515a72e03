/** From datagrams made byte by byte to events; and what is refused, whatever bytes come. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decode } from '../../src/netlink/decode.ts';
import * as dg from '../support/datagrams.ts';
import { seeded } from '../support/random.ts';

/** Decodes out of the middle of a buffer full of an earlier reader's rubbish. */
function decoded(bytes: Uint8Array, sender = 0): ReturnType<typeof decode> {
  const buffer = new Uint8Array(256).fill(0xa5);
  buffer.set(bytes, 64);
  return decode(new Uint32Array(buffer.buffer), 16, bytes.length, sender);
}

const stamp = { cpu: 3, sequence: 99, seconds: 1000, nanos: 5 };
const header = { cpu: 3, seq: 99, time: dg.T0 + 5n };
const thread = { tid: 11, tgid: 10 };

const CASES: [string, Uint8Array, Record<string, unknown>][] = [
  [
    'fork',
    dg.fork({ tid: 5, tgid: 4 }, thread, header),
    { kind: 'fork', parentTid: 5, parentTgid: 4, tid: 11, tgid: 10 },
  ],
  ['exec', dg.exec(thread, header), { kind: 'exec', tid: 11, tgid: 10 }],
  ['uid', dg.uid(thread, 1000, 0, header), { kind: 'uid', tid: 11, tgid: 10, realId: 1000, effectiveId: 0 }],
  [
    'gid',
    dg.gid(thread, 0xfffffffe, 5, header),
    { kind: 'gid', tid: 11, tgid: 10, realId: 0xfffffffe, effectiveId: 5 },
  ],
  ['sid', dg.sid(10, header), { kind: 'sid', tid: 10, tgid: 10 }],
  [
    'ptrace',
    dg.ptrace(10, { tid: 21, tgid: 20 }, header),
    { kind: 'ptrace', tid: 10, tgid: 10, tracerTid: 21, tracerTgid: 20 },
  ],
  [
    'coredump',
    dg.coredump(thread, { tid: 3, tgid: 2 }, header),
    { kind: 'coredump', tid: 11, tgid: 10, parentTid: 3, parentTgid: 2 },
  ],
  [
    'exit',
    dg.exit(10, 0x8b, { tid: 3, tgid: 2 }, header),
    { kind: 'exit', tid: 10, tgid: 10, status: 0x8b, exitSignal: 17, parentTid: 3, parentTgid: 2 },
  ],
  [
    'exit of a thread',
    dg.exit(thread, 0x500, 1, header),
    { kind: 'exit', tid: 11, tgid: 10, status: 0x500, exitSignal: 0xffffffff, parentTid: 0, parentTgid: 0 },
  ],
];

for (const [name, bytes, expected] of CASES) {
  test(`an event of kind ${name} is read field by field`, () => {
    assert.deepEqual(decoded(bytes), { ...expected, stamp });
  });
}

test('a new name is copied up to its NUL, and all 16 bytes if there is none', () => {
  const short = decoded(dg.comm(10, 'cat', header));
  assert.ok(typeof short === 'object' && short.kind === 'comm');
  assert.deepEqual(Buffer.from(short.comm).toString(), 'cat');
  const full = decoded(dg.comm(10, new Uint8Array(16).fill(0xff), header));
  assert.ok(typeof full === 'object' && full.kind === 'comm');
  assert.deepEqual([...full.comm], new Array(16).fill(0xff));
});

test('a decoded event keeps no view of the buffer it was read from', () => {
  const words = new Uint32Array(dg.comm(10, 'before').buffer.slice(0));
  const event = decode(words, 0, 76, 0);
  words.fill(0x41414141);
  assert.ok(typeof event === 'object' && event.kind === 'comm');
  assert.equal(Buffer.from(event.comm).toString(), 'before');
});

test('an answer of the kernel carries its token and its error', () => {
  assert.deepEqual(decoded(dg.acknowledgement(0xffffffff, 22)), { kind: 'ack', token: 0xffffffff, error: 22 });
});

const UPTIMES = [
  0n,
  1n,
  999_999_999n,
  1_000_000_000n,
  2n ** 32n - 1n,
  2n ** 32n,
  104n * 86_400n * 1_000_000_000n,
  2n ** 53n - 1n,
  2n ** 53n + 1n,
  9_007_199n * 1_000_000_000n - 1n,
  8_388_609n * 1_000_000_000n - 1n,
  123_456_789_123_456_789n,
  2n ** 63n + 12_345n,
  2n ** 64n - 1n,
];
test('a time is exact to the nanosecond, after any uptime', () => {
  const random = seeded(1);
  const times = [...UPTIMES];
  for (let i = 0; i < 20_000; i++) times.push(BigInt(random()) * BigInt(random() >>> (random() % 32)));
  for (let s = 1n; s < 9_100_000n; s += 4_099n) times.push(s * 1_000_000_000n - 1n, s * 1_000_000_000n);
  for (const time of times) {
    const event = decoded(dg.exec(1, { time }));
    assert.ok(typeof event === 'object' && event.kind === 'exec');
    const { seconds, nanos } = event.stamp;
    assert.equal(BigInt(seconds), time / 1_000_000_000n, `seconds of ${time}`);
    assert.equal(BigInt(nanos), time % 1_000_000_000n, `nanoseconds of ${time}`);
  }
});

test('a datagram that any other port sent is foreign, however right it looks', () => {
  for (const [, bytes] of CASES) assert.equal(decoded(bytes, 4242), 'foreign');
  assert.equal(decoded(dg.acknowledgement(5), 0x80000001), 'foreign');
});

test('a datagram with a wrong header is malformed', () => {
  const good = (over: dg.Header): ReturnType<typeof decode> => decoded(dg.exec(1, over));
  assert.equal(good({ idx: 2 }), 'malformed');
  assert.equal(good({ val: 0 }), 'malformed');
  assert.equal(good({ type: 2 }), 'malformed');
  assert.equal(good({ length: 77 }), 'malformed');
  assert.equal(good({ length: 16 }), 'malformed');
  assert.equal(good({ payload: 0 }), 'malformed');
  assert.equal(good({ payload: 41 }), 'malformed');
  assert.equal(good({ payload: 0xffff }), 'malformed');
});

test('a datagram cut anywhere before its data ends is malformed', () => {
  const whole = dg.exit(1, 0);
  for (let length = 0; length < whole.length; length++) {
    assert.equal(decoded(whole.subarray(0, length)), 'malformed', `cut to ${length} bytes`);
  }
});

test('a kind newer than the table is unknown, and so are two kinds at once', () => {
  for (const what of [0x400, 0x800, 0x3, 0x20000000, 0xe00003c7])
    assert.equal(decoded(dg.datagram(what, [1, 1])), 'unknown');
});

test('the 32 bytes of old kernels are read, and what they do not hold is 0 and nobody else’s', () => {
  const old = { ...header, eventBytes: 32 } as const;
  assert.deepEqual(decoded(dg.fork(4, 10, old)), {
    kind: 'fork',
    parentTid: 4,
    parentTgid: 4,
    tid: 10,
    tgid: 10,
    stamp,
  });
  assert.deepEqual(decoded(dg.exit(10, 0x300, 4, old)), {
    kind: 'exit',
    tid: 10,
    tgid: 10,
    status: 0x300,
    exitSignal: 17,
    parentTid: 0,
    parentTgid: 0,
    stamp,
  });
});

test('200,000 random and mutated datagrams are each an event or refused, and none throws', () => {
  const random = seeded(20_240_229);
  const originals = [...CASES.map(([, bytes]) => bytes), dg.comm(7, 'x'), dg.acknowledgement(3)];
  const counts: Record<string, number> = {};
  for (let i = 0; i < 200_000; i++) {
    let bytes: Uint8Array;
    if (i % 4 === 0) bytes = Uint8Array.from({ length: random() % 129 }, () => random());
    else {
      bytes = originals[random() % originals.length].slice();
      for (let flips = 1 + (random() % 3); flips > 0; flips--) bytes[random() % bytes.length] = random();
      if (random() % 8 === 0) bytes = bytes.subarray(0, random() % 77);
    }
    const result = decoded(bytes);
    const outcome = typeof result === 'string' ? result : result.kind;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  const kinds = Object.keys(counts).sort();
  const all = [
    'ack',
    'comm',
    'coredump',
    'exec',
    'exit',
    'fork',
    'gid',
    'malformed',
    'ptrace',
    'sid',
    'uid',
    'unknown',
  ];
  assert.deepEqual(kinds, all);
  assert.equal(
    Object.values(counts).reduce((a, b) => a + b, 0),
    200_000,
  );
});

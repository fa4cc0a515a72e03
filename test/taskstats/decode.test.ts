/** The codec of taskstats, held against messages that an independent builder makes byte by byte. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { decodeThreadEnd } from '../../src/taskstats/decode.ts';
import { encodeRequest, textValue } from '../../src/taskstats/genetlink.ts';
import {
  attribute,
  FAMILY,
  genericMessage,
  joined,
  SIZE,
  type Taskstats,
  taskstats,
  threadMessage,
} from '../support/usage.ts';

const ALL: Taskstats = {
  ac_flag: 0x20,
  blkio_delay_total: 11,
  cpu_run_virtual_total: 2 ** 40 + 12,
  ac_comm: 'cc1plus',
  ac_uid: 1000,
  ac_gid: 100,
  ac_pid: 4242,
  ac_ppid: 17,
  ac_etime: 13,
  ac_utime: 14,
  ac_stime: 15,
  ac_minflt: 16,
  ac_majflt: 18,
  hiwater_rss: 19,
  read_bytes: 2 ** 33,
  write_bytes: 20,
  nvcsw: 21,
  nivcsw: 22,
  ac_tgid: 4242,
  ac_tgetime: 23,
  ac_exe_inode: 24,
};

const SINCE_8 = {
  flag: 0x20,
  cpuIsLowerBound: true,
  ioDelayNanos: 11,
  cpuNanos: 2 ** 40 + 12,
  comm: 'cc1plus',
  uid: 1000,
  gid: 100,
  tid: 4242,
  ppid: 17,
  elapsedMicros: 13,
  userMicros: 14,
  systemMicros: 15,
  minorFaults: 16,
  majorFaults: 18,
  maxRssKib: 19,
  readBytes: 2 ** 33,
  writeBytes: 20,
  voluntarySwitches: 21,
  involuntarySwitches: 22,
};
const SINCE_12 = { ...SINCE_8, tgid: 4242, processElapsedMicros: 23, exeInode: 24 };

function decode(bytes: Uint8Array) {
  // As in a slot: the datagram does not begin at 0, and what lies behind it is somebody else's.
  const slot = new Uint8Array(Math.ceil((64 + bytes.length + 64) / 4) * 4).fill(0x5a);
  slot.set(bytes, 64);
  return decodeThreadEnd(new Uint32Array(slot.buffer), { start: 64, end: 64 + bytes.length }, FAMILY);
}

for (const version of Object.keys(SIZE).map(Number)) {
  test(`every field of version ${version} is read from its own place`, () => {
    const end = decode(threadMessage({ version, tid: 4242, stats: ALL }));
    const told = Object.entries(end?.stats ?? {}).filter(([, value]) => value !== undefined);
    assert.deepEqual(Object.fromEntries(told), version < 12 ? SINCE_8 : SINCE_12);
    assert.equal(end?.tid, 4242);
    assert.equal(end?.process, undefined);
  });
}

test('two versions of the same size are told apart by their version', () => {
  assert.equal(SIZE[15], SIZE[16]);
  const [moved, back] = [15, 16].map((version) => decode(threadMessage({ version, tid: 1, stats: ALL })));
  assert.deepEqual({ ...moved?.stats }, { ...back?.stats });
});

test('the last of several threads brings the sums of its process', () => {
  const process = { tgid: 4000, stats: { cpu_run_virtual_total: 99, nvcsw: 5 } };
  const end = decode(threadMessage({ tid: 4242, stats: ALL, process }));
  assert.equal(end?.process?.tgid, 4000);
  assert.equal(end?.process?.stats.cpuNanos, 99);
  assert.equal(end?.process?.stats.voluntarySwitches, 5);
});

test('padding between attributes is passed over', () => {
  const end = decode(threadMessage({ tid: 4242, stats: ALL, padded: true }));
  assert.deepEqual({ ...end?.stats }, SINCE_12);
});

test('a newer version than any known is read like the newest', () => {
  const bytes = taskstats(16, ALL, 900);
  new DataView(bytes.buffer).setUint16(0, 23, true);
  const own = attribute(4, joined(attribute(1, Uint8Array.of(1, 0, 0, 0)), attribute(3, bytes)));
  assert.deepEqual({ ...decode(genericMessage(FAMILY, 2, own))?.stats }, SINCE_12);
});

test('a struct that ends early has no field beyond its end', () => {
  const short = taskstats(16, ALL).slice(0, 255);
  const own = attribute(4, joined(attribute(1, Uint8Array.of(1, 0, 0, 0)), attribute(3, short)));
  const stats = decode(genericMessage(FAMILY, 2, own))?.stats;
  assert.equal(stats?.maxRssKib, 19);
  assert.equal(stats?.readBytes, undefined);
  assert.equal(stats?.tgid, undefined);
});

test('a name of bytes that are not UTF-8 keeps them', () => {
  const bytes = Uint8Array.of(0xff, 0x41, 0x1b);
  const end = decode(threadMessage({ tid: 1, stats: { ac_comm: bytes } }));
  assert.deepEqual(end?.stats.comm, { text: '\ufffdA\x1b', bytes });
});

test('messages of another family, another command, and ancient structs are none of ours', () => {
  const payload = threadMessage({ tid: 1, stats: ALL }).slice(20);
  assert.equal(decode(genericMessage(FAMILY + 1, 2, payload)), undefined);
  assert.equal(decode(genericMessage(FAMILY, 1, payload)), undefined);
  assert.equal(decode(genericMessage(FAMILY, 2, new Uint8Array(0))), undefined);
  const old = attribute(4, joined(attribute(1, Uint8Array.of(1, 0, 0, 0)), attribute(3, taskstats(7, ALL, 328))));
  assert.equal(decode(genericMessage(FAMILY, 2, old)), undefined);
});

test('nothing throws, whatever was cut, claimed or turned around', () => {
  const whole = threadMessage({ tid: 4242, stats: ALL, process: { tgid: 4242, stats: ALL } });
  for (let length = 0; length <= whole.length; length++) decode(whole.slice(0, length));
  for (let i = 0; i < 5000; i++) {
    const bytes = whole.slice();
    const noise = randomBytes(8);
    for (let k = 0; k < 6; k += 2) bytes[((noise[k] << 8) | noise[k + 1]) % 64] = noise[6 + (k % 2)];
    decode(bytes);
  }
});

test('a request is a header, a command and one attribute, padded to four bytes', () => {
  const bytes = encodeRequest({ family: 0x1b, command: 1, attribute: 3, value: textValue('0-7') });
  const hex = Buffer.from(bytes).toString('hex');
  assert.equal(hex, `1c0000001b00050000000000000000000101000008000300${Buffer.from('0-7\0').toString('hex')}`);
  assert.equal(encodeRequest({ family: 1, command: 1, attribute: 1, value: textValue('0-15') }).length % 4, 0);
});

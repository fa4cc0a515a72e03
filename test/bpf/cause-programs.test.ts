/** The programs that tell causes and failed execs, against the kernel's types as they are where there are none: what is missing is named. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openAttemptPrograms } from '../../src/bpf/attempt-programs.ts';
import { attemptAt, CUT, FAILED } from '../../src/bpf/attempt-record.ts';
import { openCausePrograms } from '../../src/bpf/cause-programs.ts';
import { CAUSE_KIND, SENT, signalAt, VICTIM, victimAt } from '../../src/bpf/cause-record.ts';
import { INFO, WHY } from '../../src/cause/sent-signal.ts';

for (const open of [openCausePrograms, openAttemptPrograms]) {
  test(`${open.name}: where the kernel does not describe its types, that is the reason`, () => {
    const opened = open({ types: '/no/such/types' });
    assert.ok('reason' in opened);
    assert.match(opened.reason, /does not describe its types/);
  });
}

test('a signal is read as it lies in the ring, wherever it begins', () => {
  const at = 24;
  const bytes = Buffer.alloc(at + SENT.bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset + at);
  const u32 = (field: number, value: number): void => view.setUint32(field, value, true);
  view.setBigUint64(SENT.at, 5_000_000_007n, true);
  view.setBigUint64(SENT.start, 4_000_000_000n, true);
  view.setBigUint64(SENT.senderStart, 3_000_000_001n, true);
  view.setBigUint64(SENT.address, 0xffff_ffff_8000_0000n, true);
  view.setBigUint64(SENT.memory, 77n, true);
  view.setInt32(SENT.code, -6, true);
  bytes.write('kill\xff\0left', at + SENT.senderComm, 'latin1');
  const words = {
    kind: CAUSE_KIND.signal,
    signal: 15,
    pid: 10,
    tid: 11,
    senderPid: 20,
    senderTid: 21,
    senderUid: 1000,
  };
  for (const [name, value] of Object.entries(words)) u32(SENT[name as keyof typeof SENT], value);
  u32(SENT.senderFlags, 0x4);
  u32(SENT.info, INFO.told);
  u32(SENT.why, WHY.handled);
  u32(SENT.isForGroup, 1);
  u32(SENT.isOnStack, 1);
  u32(SENT.isInExec, 4);
  u32(SENT.ptrace, 1);
  u32(SENT.tracer, 30);
  u32(SENT.parentDeathSignal, 9);
  u32(SENT.syscall, 110);
  assert.deepEqual(signalAt(bytes, at), {
    at: { seconds: 5, nanos: 7 },
    signal: 15,
    why: WHY.handled,
    info: INFO.told,
    code: -6,
    address: 0xffff_ffff_8000_0000n,
    syscall: 110,
    isOnStack: true,
    isForGroup: true,
    target: {
      pid: 10,
      tid: 11,
      start: { seconds: 4, nanos: 0 },
      ptrace: 1,
      tracer: 30,
      parentDeathSignal: 9,
      memory: 77n,
      isInExec: true,
    },
    sender: {
      pid: 20,
      tid: 21,
      start: { seconds: 3, nanos: 1 },
      uid: 1000,
      comm: { text: 'kill\ufffd', bytes: new Uint8Array(Buffer.from('kill\xff', 'latin1')) },
      isEnding: true,
    },
  });
});

test('a victim is told with KiB, and without a birth where the kernel only told a thread', () => {
  const bytes = Buffer.alloc(VICTIM.bytes);
  bytes.writeBigUInt64LE(9n, VICTIM.at);
  bytes.writeUInt32LE(5, VICTIM.tid);
  bytes.writeUInt32LE(6, VICTIM.triggerTid);
  const told = { at: { seconds: 0, nanos: 9 }, tid: 5, start: undefined, triggerTid: 6, memory: 0n };
  assert.deepEqual(victimAt(bytes, 0, 4096), { ...told, residentKib: undefined });
  bytes.writeBigUInt64LE(3n, VICTIM.resident);
  bytes.writeBigUInt64LE(1_000_000_000n, VICTIM.start);
  assert.deepEqual(victimAt(bytes, 0, 16_384), { ...told, start: { seconds: 1, nanos: 0 }, residentKib: 48 });
});

test('an attempt has its arguments, and no path where that could not be read', () => {
  const args = 'shop\0--port\0';
  const path = '/bin/shop\0';
  const bytes = Buffer.alloc(FAILED.args + args.length + path.length);
  bytes.writeUInt32LE(2, FAILED.errno);
  bytes.writeUInt32LE(args.length, FAILED.argsBytes);
  bytes.writeInt32LE(path.length, FAILED.pathBytes);
  bytes.write('sh\0', FAILED.comm, 'latin1');
  bytes.write(args + path, FAILED.args, 'latin1');
  const { path: told, args: list, hasAllArgs, comm, errno } = attemptAt(bytes, 0);
  assert.deepEqual([told, list, hasAllArgs, comm, errno], ['/bin/shop', ['shop', '--port'], true, 'sh', 2]);
  bytes.writeInt32LE(-14, FAILED.pathBytes);
  bytes.writeUInt32LE(CUT.tooMany, FAILED.cut);
  const cut = attemptAt(bytes, 0);
  assert.deepEqual([cut.path, cut.hasAllArgs], [undefined, false]);
});

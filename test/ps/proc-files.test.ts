/** The files below /proc/PID as a snapshot reads them: bytes as kernels write them, and as no kernel should. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseCgroup, parseIo, parseStatus, parseTaskStat } from '../../src/ps/proc-files.ts';

const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const REST = '4194304 12 34 3 56 150 25 7 8 20 0 1 0 987654 4096 33 18446744073709551615 1 1 0';

test('a stat line is told apart by the last parenthesis of a name that has several', () => {
  assert.deepEqual(parseTaskStat(bytes(`201 (a) R (b) S 100 200 99 34816 -1 ${REST}\n`), 200), {
    tid: 201,
    pid: 200,
    ppid: 100,
    pgid: 200,
    sid: 99,
    state: 'S',
    comm: 'a) R (b',
    startTicks: 987654,
    userTicks: 150,
    systemTicks: 25,
    minorFaults: 12,
    majorFaults: 3,
  });
});

test('a stat line that is none, or is cut, tells nothing', () => {
  for (const text of ['', '1', '1 (sh', '1 (sh) S 0 1 1']) assert.equal(parseTaskStat(bytes(text), 1), undefined);
});

test('status tells real and effective ids, and sizes where there is memory', () => {
  const ids = 'Name:\tsh\nUid:\t1000\t0\t0\t0\nGid:\t100\t50\t50\t50\n';
  const own = { ruid: 1000, uid: 0, rgid: 100, egid: 50 };
  assert.deepEqual(parseStatus(bytes(`${ids}Threads:\t1\n`)), own);
  const sizes =
    'VmPeak:\t 9 kB\nVmSize:\t    2800 kB\nVmHWM:\t    1600 kB\nVmRSS:\t    1500 kB\nVmSwap:\t       0 kB\n';
  assert.deepEqual(parseStatus(bytes(ids + sizes)), {
    ...own,
    virtualKib: 2800,
    residentKib: 1500,
    peakKib: 1600,
    swapKib: 0,
  });
});

test('a name cannot pass for another line of status: the kernel writes its newline out', () => {
  assert.equal(parseStatus(bytes('Name:\tUid:\\n\nUid:\t5\t6\t6\t6\n')).ruid, 5);
});

test('io tells bytes of storage and of calls', () => {
  const text =
    'rchar: 9000\nwchar: 10\nsyscr: 5\nsyscw: 1\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 1\n';
  assert.deepEqual(parseIo(bytes(text)), { readChars: 9000, writeChars: 10, readBytes: 4096, writeBytes: 8192 });
});

test('the control group is that of the unified hierarchy, or of another where that sorts nobody', () => {
  assert.equal(parseCgroup(bytes('1:name=systemd:/x\n0::/user.slice\n')), '/user.slice');
  assert.equal(parseCgroup(bytes('1:cpu:/x\n')), '/x');
});

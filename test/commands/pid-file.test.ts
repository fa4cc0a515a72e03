/** Pid files: which process they name, and every reason why they name none. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPidFile } from '../../src/commands/pid-file.ts';
import { ScriptedHost } from '../support/scripted-host.ts';

const PID = 4242;
const FILE = '/run/daemon.pid';

/** A pid file written so long after the start of the process of its number. */
async function read(text: string, secondsAfterStart = 0) {
  const host = new ScriptedHost();
  const startTicks = 5000;
  host.reader.set(PID, { startTicks });
  const { wallOffset } = host.clocks();
  host.openFile(FILE).write(text);
  const started = wallOffset.seconds + startTicks / 100;
  host.written.set(FILE, (started + secondsAfterStart) * 1000);
  return readPidFile(host, await host.kernel(), FILE);
}

test('the first word is the number, whatever follows it', async () => {
  for (const text of ['4242', '4242\n', '  4242 daemon\nmore\n']) assert.deepEqual(await read(text), { pid: PID });
});

test('a process that was started after the file was written is another one; clocks may differ a little', async () => {
  assert.deepEqual(await read('4242', 3600), { pid: PID });
  assert.deepEqual(await read('4242', -5), { pid: PID });
  assert.deepEqual(await read('4242', -7200), {
    reason: 'it is stale: process 4242 was started 2h00m after it was written',
  });
});

test('nothing, something else, and a number that no process has', async () => {
  for (const text of ['', ' \n']) assert.deepEqual(await read(text), { reason: 'it is empty' });
  for (const text of ['pid', '0', '-1', '12x', '99999999999', '2147483648']) {
    assert.deepEqual(await read(text), { reason: 'it holds no process number' }, text);
  }
  // Whether there is such a process is for the kernel to say.
  assert.deepEqual(await read('77'), { pid: 77 });
});

test('a file that is not there, or may not be read', async () => {
  const host = new ScriptedHost();
  assert.deepEqual(readPidFile(host, await host.kernel(), '/none'), { reason: 'there is no such file' });
  host.readDated = () => {
    throw Object.assign(new Error('no'), { code: 'EACCES' });
  };
  assert.deepEqual(readPidFile(host, await host.kernel(), FILE), { reason: 'it cannot be read (EACCES)' });
});

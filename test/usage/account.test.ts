/** What an exit record takes from its account: all that was used, and of who it was only what nobody else knew. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ProcessRecord } from '../../src/process/record.ts';
import { accounted } from '../../src/usage/account.ts';
import { broken, ended } from '../support/records.ts';
import { exactEnd } from '../support/usage.ts';

const ACCOUNT = exactEnd({ pid: 4242, comm: 'true', uid: 7, ppid: 99, exeInode: 88, cpuNanos: 5 });

/** The end of a process, as it is told with its account. */
function told(over: Partial<ProcessRecord>): ProcessRecord {
  const record = ended(0, over);
  accounted(record, ACCOUNT);
  return record;
}

test('what is known stays, and what was used is added', () => {
  const known = { comm: 'cat', uid: 1000, file: { device: '0:1', inode: 2n } };
  const { image, ppid, exit } = told({ image: known });
  assert.deepEqual([ppid, exit?.usage?.cpuNanos], [17, 5]);
  // The very same: what was made of it for others can still be used.
  assert.equal(image, known);
});

test('name, user, file and parent are those of the account where nobody knew them', () => {
  const { image, ppid } = told({ image: {}, ppid: undefined });
  assert.deepEqual([image, ppid], [{ comm: 'true', uid: 7, file: { inode: 88 } }, 99]);
});

test('a program that was read at the start and replaced since is not told as the one that ended', () => {
  const image = { comm: 'bash', args: ['bash', '-l'], exe: '/bin/bash', uid: 0 };
  const replaced = told({ image, imageOf: 'earlier' });
  assert.deepEqual([replaced.image, replaced.imageOf], [{ comm: 'true', uid: 7, file: { inode: 88 } }, undefined]);
});

test('a program of the same name is the one that was read', () => {
  for (const comm of ['true', broken(0x74, 0xff)]) {
    const image = { comm, args: ['true', 'x'] };
    const record = ended(0, { image, imageOf: 'earlier' });
    accounted(record, { ...ACCOUNT, comm });
    assert.deepEqual([record.image.args, record.imageOf], [['true', 'x'], 'earlier']);
  }
});

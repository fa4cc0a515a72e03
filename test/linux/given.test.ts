/** What the launcher tells about the circumstances of a start, and that nothing else is believed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { givenByLauncher } from '../../src/linux/given.ts';

const hex = (text: string): string =>
  [...Buffer.from(text, 'latin1')].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
const ENVIRONMENT = 'PATH=/bin\0a-b=1\0broken=\xff\0empty=\0';

test('pid, signals, limit, descriptors and every byte of the environment', () => {
  const told = `42 0000000000004000 0000000180001001 256 ,0,1,2,9,40  ${hex(ENVIRONMENT).replace(/((?:\S\S ){16})/g, '$1\n ')}`;
  const { environment, ...rest } = givenByLauncher(told, 42) ?? assert.fail('it is refused');
  assert.deepEqual(rest, {
    blocked: [15],
    ignored: [1, 13, 32, 33],
    openFiles: 256n,
    descriptors: [0, 1, 2, 9, 40],
  });
  const strings = environment.map((entry) => Buffer.from(entry).toString('latin1'));
  assert.deepEqual(strings, ['PATH=/bin', 'a-b=1', 'broken=\xff', 'empty=']);
});

test('all descriptors closed, no limit, and no environment that could be read', () => {
  const { descriptors, openFiles, environment } =
    givenByLauncher('42 0000000000000000 0000000000000000 unlimited  ', 42) ?? assert.fail('it is refused');
  assert.deepEqual([descriptors, openFiles], [[], 'unlimited']);
  assert.ok(
    environment.some((entry) => Buffer.from(entry).toString().startsWith('PATH=')),
    'our own instead',
  );
});

test('what is about another process, or is no such thing, is not believed', () => {
  const told = `42 0000000000004000 0000000000001001 256 ,0,1,2  ${hex(ENVIRONMENT)}`;
  assert.equal(givenByLauncher(told, 43), undefined);
  for (const broken of [undefined, '', '42', told.replace(',0', ',x'), told.replace('256', '-1'), `${told} zz`]) {
    assert.equal(givenByLauncher(broken, 42), undefined, broken);
  }
});

/** What a program wrote over its arguments, and empty arguments that are meant. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutPadding } from '../../src/process/title.ts';

const padded = (first: string, zeros: number): string[] => [first, ...Array<string>(zeros).fill('')];

test('the padding of a title is no argument', () => {
  for (const title of [
    'nginx: master process /usr/sbin/nginx',
    'sshd: ada@pts/0',
    'postgres: checkpointer ',
    'spoof',
  ]) {
    assert.deepEqual(withoutPadding(padded(title, 42), { comm: 'server', exe: '/usr/sbin/server' }), [title]);
  }
});

test('empty arguments of a program stay', () => {
  const who = { comm: 'printf', exe: '/usr/bin/printf' };
  assert.deepEqual(withoutPadding(['printf', ''], who), ['printf', '']);
  assert.deepEqual(withoutPadding(padded('/usr/bin/printf', 3), who), padded('/usr/bin/printf', 3));
  assert.deepEqual(withoutPadding(padded('printf', 3), { comm: 'printf' }), padded('printf', 3));
  assert.deepEqual(withoutPadding(padded('-bash', 1), { comm: 'bash' }), padded('-bash', 1));
  assert.deepEqual(withoutPadding(padded('/opt/a b/run', 2), { exe: '/opt/a b/run' }), padded('/opt/a b/run', 2));
  assert.deepEqual(withoutPadding(['a title', '', 'x'], who), ['a title', '', 'x']);
});

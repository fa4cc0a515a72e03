/** Globs and regular expressions from the command line; none can make the watch hang. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { globMatcher, regexMatcher } from '../../src/process/patterns.ts';

const GLOBS: [glob: string, matches: string[], not: string[]][] = [
  ['sh', ['sh'], ['bash', 'sh2', '']],
  ['*sh', ['sh', 'bash'], ['she']],
  ['cc?', ['cc1', 'ccä', 'cc\n'], ['cc', 'cc11']],
  ['[a-c]*', ['a', 'bx'], ['d']],
  ['[!a-c]*', ['d'], ['a', '']],
  ['[^a]', ['b'], ['a']],
  ['[]x]', [']', 'x'], ['y']],
  ['a.b', ['a.b'], ['axb']],
  ['a\\*b', ['a*b'], ['axb']],
  ['(x)+$', ['(x)+$'], ['x']],
  ['[', ['['], ['x']],
  ['[a', ['[a'], ['a']],
  ['/system.slice/*', ['/system.slice/a/b'], ['/user.slice/x']],
  ['*', ['', 'anything\nat all'], []],
];
for (const [glob, matches, not] of GLOBS) {
  test(`the glob ${glob} matches whole names only`, () => {
    const matcher = globMatcher(glob);
    for (const text of matches) assert.equal(matcher(text), true, JSON.stringify(text));
    for (const text of not) assert.equal(matcher(text), false, JSON.stringify(text));
  });
}

test('a regular expression is found anywhere', () => {
  assert.equal(regexMatcher('b+c')('aabbcc'), true);
  assert.equal(regexMatcher('^b')('ab'), false);
});

test('a pattern that hangs other engines is answered at once', () => {
  const text = `${'a'.repeat(50_000)}!`;
  assert.equal(regexMatcher('^(a+)+$')(text), false);
  assert.equal(regexMatcher('(a|aa)+$')(text), false);
  assert.equal(globMatcher('*a*a*a*a*a*a*a*b')(text), false);
});

test('a pattern that is none is an error with a message', () => {
  assert.throws(() => regexMatcher('('), /./);
});

/** Nothing is depended on without a written reason. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { root } from './need.ts';

const decisions = readFileSync(`${root}DECISIONS.md`, 'utf8');
const { dependencies, optionalDependencies, devDependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

for (const [name, version] of Object.entries<string>({
  ...dependencies,
  ...optionalDependencies,
  ...devDependencies,
})) {
  test(`${name} has its reason, and an exact version`, () => {
    assert.match(decisions, new RegExp(`^- \`${name.replaceAll('/', '\\/')}\`.*: \\S`, 'm'));
    assert.match(version, /^\d+\.\d+\.\d+$/);
  });
}

test('decisions are numbered without gap', () => {
  const numbers = [...decisions.matchAll(/^## (\d+)\. /gm)].map(([, number]) => Number(number));
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => i + 1),
  );
  assert.ok(numbers.length > 10);
});

/** The whole benchmark, tiny: every measurement gives a complete table. Nothing here is about how long anything took. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { test } from 'node:test';
import { MEASUREMENTS } from '../../bench/measurements/index.ts';
import type { Result } from '../../bench/result.ts';
import { connectorTrouble, hasProgram, needs, root } from '../docs/need.ts';

interface Report {
  readonly facts: Readonly<Record<string, string>>;
  readonly aims: readonly { readonly aim: number; readonly text: string; readonly measured?: number }[];
  readonly results: readonly Result[];
}

/** Needs forkstat, which a smoke run leaves out. */
const isUnmeasured = (text: string): boolean => text.endsWith("against forkstat's");

test('a smoke run of the benchmark gives every table, whole', { timeout: 120_000 }, (t) => {
  if (!needs(t, hasProgram('gcc'), 'no C compiler (gcc)')) return;
  const trouble = connectorTrouble();
  if (!needs(t, trouble === undefined, trouble ?? '')) return;

  const directory = mkdtempSync(`${tmpdir()}/procwatch-smoke-`);
  t.after(() => rmSync(directory, { recursive: true, force: true }));
  const args = ['--import=tsx', 'bench/run.ts', '--smoke', '--out', directory];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  assert.equal(status, 0, stderr);

  assert.equal(readFileSync(`${directory}/RESULTS.md`, 'utf8'), stdout);
  const { facts, aims, results } = JSON.parse(readFileSync(`${directory}/results.json`, 'utf8')) as Report;
  for (const [name, fact] of Object.entries(facts)) assert.ok(fact !== '', name);
  assert.deepEqual(
    results.map(({ name }) => name),
    Object.keys(MEASUREMENTS),
  );
  for (const { name, title, columns, rows, figures } of results) {
    assert.ok(stdout.includes(`\n## ${title}\n`), name);
    assert.ok(rows.length > 1 || name === 'whole', `${name} has rows`);
    for (const row of rows) {
      assert.equal(row.length, columns.length, `${name}: ${row}`);
      assert.ok(!row.includes('–') && !row.some((cell) => cell === '' || cell.includes('NaN')), `${name}: ${row}`);
    }
    assert.ok(Object.keys(figures).length > 0, name);
  }
  for (const { text, measured } of aims) {
    // Against a load so small that it cost nothing there is no ratio.
    if (measured !== undefined || !/ against /.test(text))
      assert.equal(measured === undefined, isUnmeasured(text), text);
  }
  const numbers = new Set(aims.map(({ aim }) => aim));
  assert.deepEqual(
    [...numbers].toSorted((a, b) => a - b),
    Array.from(numbers, (_, index) => index + 1),
  );
});

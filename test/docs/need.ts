/** What a test needs from the machine: without it the test is skipped with the reason, or fails where nothing may be skipped. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

export const hasProgram = (name: string): boolean =>
  spawnSync('sh', ['-c', 'command -v "$1"', 'sh', name]).status === 0;

/** Undefined when a subscription works here, else what procwatch says about why not. */
export function connectorTrouble(): string | undefined {
  const { status, stderr } = spawnSync(process.execPath, [`${root}bin/procwatch.js`, '-q', '-d', '1ms'], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : stderr.trim();
}

/** False if the test must end here, as skipped. */
export function needs(t: TestContext, isThere: boolean, reason: string): boolean {
  if (isThere) return true;
  assert.notEqual(process.env.PROCWATCH_REQUIRE_KERNEL, '1', `nothing may be skipped here, but ${reason}`);
  t.skip(reason);
  return false;
}

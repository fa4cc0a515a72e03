/** Nobody who may signal us, or set our environment, gets a door into a process that may have more rights than they. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const launcher = fileURLToPath(new URL('../../bin/procwatch.js', import.meta.url));

const isNode = (pid: number): boolean => readFileSync(`/proc/${pid}/comm`, 'latin1').startsWith('node');

/** Reads its input for ever: a recording of which nothing has come yet. */
function start(
  t: TestContext,
  env: Record<string, string> = {},
): { child: ChildProcess; pid: number; said: () => string } {
  const child = spawn(launcher, ['timeline', '--text', '-'], { env: { ...process.env, ...env } });
  t.after(() => child.kill('SIGKILL'));
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  return { child, pid: child.pid ?? 0, said: () => said };
}

/** Whether it does what it was started for: it ends when its input does. */
async function end(child: ChildProcess): Promise<number | null> {
  child.stdin?.end();
  const [code] = await once(child, 'exit');
  return code;
}

async function answersOn(port: number): Promise<boolean> {
  try {
    await fetch(`http://127.0.0.1:${port}/json/version`);
    return true;
  } catch {
    return false;
  }
}

test('SIGUSR1 opens no debugger, however often it comes', async (t) => {
  const { child, pid, said } = start(t);
  while (!isNode(pid)) await sleep(1);
  // Node.js itself needs a moment until it hears any signal at all.
  await sleep(300);
  const before = said();
  for (let i = 0; i < 20; i++) {
    child.kill('SIGUSR1');
    await sleep(5);
  }
  assert.equal(said(), before, 'it says nothing');
  assert.equal(await answersOn(9229), false, 'nobody listens');
  assert.equal(await end(child), 2, 'it goes on: an empty recording is told at its end');
});

test('the environment of the caller opens no debugger, and loads no file of the caller', async (t) => {
  const { child, said } = start(t, { NODE_OPTIONS: '--inspect=127.0.0.1:9339 --require=/nowhere/at-all.js' });
  assert.equal(await end(child), 2);
  assert.doesNotMatch(said(), /Debugger|nowhere/);
});

/** Doctor on the real kernel: as root, as an ordinary user, and in the namespaces where nothing can work. */
import assert from 'node:assert/strict';
import type { Diagnosis } from '../../src/doctor/checks.ts';
import { kernelTest } from './support/requirements.ts';
import { runToEnd } from './support/watcher.ts';

const NOBODY = 65_534;

function examine(input: Parameters<typeof runToEnd>[1] = {}) {
  const { status, stdout, stderr } = runToEnd(['doctor', '--json'], input);
  assert.equal(stderr, '');
  const diagnosis: Diagnosis & { exit_code: number } = JSON.parse(stdout);
  assert.equal(status, diagnosis.exit_code);
  const verdicts = Object.fromEntries(diagnosis.checks.map(({ name, verdict }) => [name, verdict]));
  return { diagnosis, verdicts };
}

kernelTest(
  'for root the subscription stands, and the kernel answers every question',
  ['connector', 'root'],
  async () => {
    const { verdicts } = examine();
    for (const name of [
      'koffi',
      'connector',
      'pid-namespace',
      'user-namespace',
      'privileges',
      'subscription',
      'filter',
    ]) {
      assert.equal(verdicts[name], 'ok', name);
    }
  },
);

kernelTest('an ordinary user learns what is missing, with a fix for each', ['connector', 'root'], async () => {
  const { diagnosis, verdicts } = examine({ uid: NOBODY });
  assert.equal(verdicts.privileges, 'degraded');
  assert.equal(verdicts.usage, 'degraded');
  for (const { name, verdict, fix } of diagnosis.checks) {
    if (verdict !== 'ok' && verdict !== 'unchecked') assert.ok(fix, name);
  }
});

for (const [option, obstacle] of [
  ['--pid', 'pid-namespace'],
  ['--user', 'user-namespace'],
  ['--net', 'connector'],
]) {
  kernelTest(`in a namespace of its own (unshare ${option}) the obstacle is named`, ['root', 'unshare'], async () => {
    const { diagnosis, verdicts } = examine({ prefix: ['unshare', '--fork', option] });
    // Programs in the kernel do not mind network and pid namespaces, and take the place of the connector.
    const isReplaced = option !== '--user';
    assert.equal(diagnosis.verdict, isReplaced ? 'degraded' : 'unavailable');
    assert.equal(diagnosis.exit_code, isReplaced ? 1 : 69);
    assert.equal(verdicts[obstacle], diagnosis.verdict);
    assert.equal(verdicts['source-bpf'], isReplaced ? 'ok' : 'degraded');
    assert.equal(verdicts.usage, isReplaced ? 'ok' : 'degraded');
  });
}

kernelTest('what doctor says of a subscription that cannot be is what watch says', ['root', 'unshare'], async () => {
  const prefix = ['unshare', '--fork', '--pid'];
  const { diagnosis } = examine({ prefix });
  const { stderr, status } = runToEnd(['watch', '--source', 'connector'], { prefix });
  const subscription = diagnosis.checks.find(({ name }) => name === 'subscription');
  assert.equal(stderr, `procwatch: ${subscription?.answer}\nhint: ${subscription?.fix}\n`);
  assert.equal(status, 69);
});

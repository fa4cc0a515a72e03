/** Arguments without what must not be told, wherever they come from. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ImageCapture } from '../../src/process/image-capture.ts';
import { replacer } from '../../src/process/patterns.ts';
import type { ProcessFacts } from '../../src/process/proc-reader.ts';
import { redactingCapture } from '../../src/process/redact.ts';
import type { Text } from '../../src/process/text.ts';

const facts = (...args: Text[]): ProcessFacts => ({
  stat: { comm: 'curl', state: 'R', ppid: 1, threads: 1, startTicks: 1, waitStatus: 0 },
  image: { comm: 'curl', args, uid: 0 },
});

/** A capture that always tells the same. */
const telling = (found: ProcessFacts): ImageCapture => ({
  capture: () => false,
  confirm() {},
  of: () => found,
  takeLost: () => 0,
  takeUnheard: () => [{ pid: 7, at: { seconds: 1, nanos: 0 }, facts: found }],
  close() {},
});

const redact = replacer('(?i)(password|token)=[^ ]+', '***');
const argsOf = (capture: ImageCapture): unknown => {
  const found = capture.of({} as never);
  return typeof found === 'object' ? found.image.args : found;
};

test('every match is replaced, the rest of the arguments stays', () => {
  const capture = redactingCapture(telling(facts('curl', 'a?Token=x y&password=z', '-v')), redact);
  assert.deepEqual(argsOf(capture), ['curl', 'a?*** y&***', '-v']);
});

test('an exec whose event was lost is redacted too', () => {
  const [exec] = redactingCapture(telling(facts('curl', 'token=x')), redact).takeUnheard({ seconds: 2, nanos: 0 });
  assert.deepEqual(exec.facts.image.args, ['curl', '***']);
});

test('broken text keeps its bytes only where nothing was replaced', () => {
  const broken = (text: string): Text => ({ text, bytes: Uint8Array.of(0xff) });
  const capture = redactingCapture(telling(facts(broken('\ufffd'), broken('\ufffd token=x'))), redact);
  assert.deepEqual(argsOf(capture), [broken('\ufffd'), '\ufffd ***']);
});

test('a dollar sign in what stands for a secret is no reference to a group', () => {
  assert.equal(replacer('s(e)cret', '$1')('a secret'), 'a $1');
});

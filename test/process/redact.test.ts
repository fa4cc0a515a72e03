/** Arguments without what must not be told, wherever they come from. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replacer } from '../../src/process/patterns.ts';
import { RedactingWitness } from '../../src/process/redact.ts';
import type { Text } from '../../src/process/text.ts';
import type { ProcessExit, Told, Witness } from '../../src/process/witness.ts';

const told = (...args: Text[]): Told => ({
  image: { comm: 'curl', args, uid: 0 },
  ppid: 1,
  start: { seconds: 1, nanos: 0 },
  startExact: true,
});

/** A witness who always tells the same. */
const telling = (found: Told): Witness => {
  const exit: ProcessExit = { pid: 7, last: {} as never, parentTgid: 1, status: 0, zombie: undefined, told: found };
  return {
    isPatient: true,
    unsettled: 0,
    attend: () => false,
    heed() {},
    executed: () => found,
    ended: () => exit,
    succeeded: () => exit,
    settle: () => [exit],
    forget() {},
    addLeaderless() {},
    rest: () => false,
    takeLost: () => 0,
    takeUnheard: () => [{ event: 'exec', pid: 7, at: { seconds: 1, nanos: 0 }, told: found, status: undefined }],
    close() {},
  };
};

const redact = replacer('(?i)(password|token)=[^ ]+', '***');
const argsOf = (witness: Witness): unknown => {
  const found = witness.executed({} as never);
  return typeof found === 'object' ? found.image.args : found;
};

test('every match is replaced, the rest of the arguments stays', () => {
  const witness = new RedactingWitness(telling(told('curl', 'a?Token=x y&password=z', '-v')), redact);
  assert.deepEqual(argsOf(witness), ['curl', 'a?*** y&***', '-v']);
});

test('an end that tells who it was is redacted too, and so is an exec whose event was lost', () => {
  const witness = new RedactingWitness(telling(told('curl', 'token=x')), redact);
  const [unheard] = witness.takeUnheard({ seconds: 2, nanos: 0 });
  const ends = [witness.ended({} as never, 0), witness.succeeded(7), ...witness.settle()];
  for (const one of [unheard, ...ends]) assert.deepEqual(one?.told?.image.args, ['curl', '***']);
});

test('broken text keeps its bytes only where nothing was replaced', () => {
  const broken = (text: string): Text => ({ text, bytes: Uint8Array.of(0xff) });
  const witness = new RedactingWitness(telling(told(broken('\ufffd'), broken('\ufffd token=x'))), redact);
  assert.deepEqual(argsOf(witness), [broken('\ufffd'), '\ufffd ***']);
});

test('a dollar sign in what stands for a secret is no reference to a group', () => {
  assert.equal(replacer('s(e)cret', '$1')('a secret'), 'a $1');
});

/** Arguments without what must not be told, wherever they come from. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Image } from '../../src/process/image.ts';
import { replacer } from '../../src/process/patterns.ts';
import { EditingWitness, redactImage, redactRecords } from '../../src/process/redact.ts';
import type { Text } from '../../src/process/text.ts';
import type { ProcessExit, Told, Witness } from '../../src/process/witness.ts';
import { ended } from '../support/records.ts';

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
const edit = (image: Image): Image => redactImage(image, redact);
const argsOf = (witness: Witness): unknown => {
  const found = witness.executed({} as never);
  return typeof found === 'object' ? found.image.args : found;
};

test('every match is replaced, the rest of the arguments stays', () => {
  const witness = new EditingWitness(telling(told('curl', 'a?Token=x y&password=z', '-v')), edit);
  assert.deepEqual(argsOf(witness), ['curl', 'a?*** y&***', '-v']);
});

test('an end that tells who it was is redacted too, and so is an exec whose event was lost', () => {
  const witness = new EditingWitness(telling(told('curl', 'token=x')), edit);
  const [unheard] = witness.takeUnheard({ seconds: 2, nanos: 0 });
  const ends = [witness.ended({} as never, 0), witness.succeeded(7), ...witness.settle()];
  for (const one of [unheard, ...ends]) assert.deepEqual(one?.told?.image.args, ['curl', '***']);
});

test('broken text keeps its bytes only where nothing was replaced', () => {
  const broken = (text: string): Text => ({ text, bytes: Uint8Array.of(0xff) });
  const witness = new EditingWitness(telling(told(broken('\ufffd'), broken('\ufffd token=x'))), edit);
  assert.deepEqual(argsOf(witness), [broken('\ufffd'), '\ufffd ***']);
});

test('a dollar sign in what stands for a secret is no reference to a group', () => {
  assert.equal(replacer('s(e)cret', '$1').text('a secret'), 'a $1');
});

test('a match may reach over line breaks, and from one argument into the next', () => {
  const all = (pattern: string, ...args: string[]) => replacer(pattern, '***').args(args);
  assert.deepEqual(all('secret=.*', 'curl', 'secret=abc\ndef', '-v'), ['curl', '***', '-v']);
  assert.deepEqual(all('--password \\S+', 'x', '--password', 'hunter2', '-v'), ['x', '***', '***', '-v']);
  assert.deepEqual(all('b c d', 'ab', 'c', 'de', 'b c d'), ['a***', '***', '***e', '***']);
  assert.deepEqual(all('x y', 'ax', 'yx', 'yb'), ['a***', '***', '***b']);
});

test('no text of a record is left out: names, paths, directory, control group, the parent and the ancestors', () => {
  const hide = replacer('hush', '***');
  const record = ended(0, {
    image: { comm: 'hush', args: ['hush'], exe: '/hush', path: './hush', cwd: '/hush' },
    parentComm: 'hush-sh',
    cgroup: '/hush.slice',
    ancestry: [{ pid: 1, comm: 'hush' }],
  });
  const [told] = redactRecords([record], hide);
  assert.doesNotMatch(JSON.stringify(told), /hush/);
});

test('an image in which nothing is secret is the same image', () => {
  const image: Image = { comm: 'true', args: ['true'] };
  assert.equal(redactImage(image, redact), image);
});

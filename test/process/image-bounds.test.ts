/** What is kept of other people's text: bounded in bytes, and cut so that it is told. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { JsonFormatter } from '../../src/format/json.ts';
import { changed, type Image } from '../../src/process/image.ts';
import { bounded, cutArgs, withArgsUpTo } from '../../src/process/image-bounds.ts';
import type { Text } from '../../src/process/text.ts';
import { context, record } from '../support/records.ts';

const MEGABYTE = 2 ** 20;
const long = (i: number): string => `${i}`.padStart(100_000, 'x');
const bytesIn = (images: readonly Image[]): number =>
  images.reduce((sum, { args = [] }) => sum + args.reduce((all, text) => all + String(text).length, 0), 0);

test('a thousand images of 100 KB hold some megabytes together, and the oldest say that they were cut', () => {
  const images = Array.from({ length: 1000 }, (_, i) => bounded({ comm: 'sh', args: ['sh', long(i)] }));
  assert.ok(bytesIn(images) < 14 * MEGABYTE, `${bytesIn(images)} bytes`);
  assert.equal(images[0].argsTotal, 'sh'.length + 1 + 100_000 + 1);
  assert.equal(images[0].args?.[0], 'sh');
  assert.deepEqual(images[999].args, ['sh', long(999)], 'the youngest is whole');
  assert.equal(images[999].argsTotal, undefined);
});

test('what becomes of an image counts too: a process that renames itself holds no more', () => {
  const images = Array.from({ length: 1000 }, (_, i) => changed({ args: ['sh', long(i)] }, { comm: `n${i}` }));
  assert.ok(bytesIn(images) < 14 * MEGABYTE);
});

test('short images are never touched', () => {
  const short = bounded({ args: ['true', 'x'.repeat(4000)] });
  for (let i = 0; i < 1000; i++) bounded({ args: [long(i)] });
  assert.equal(short.args?.[1], 'x'.repeat(4000));
});

test('arguments are cut by bytes, never within a character, and the whole length is kept', () => {
  assert.deepEqual(cutArgs(['ab', 'ääää', 'z'], 8), { args: ['ab', 'ää'], argsTotal: 14 });
  assert.deepEqual(cutArgs(['ab', 'c'], 5), { args: ['ab', 'c'], argsTotal: undefined });
  assert.deepEqual(cutArgs(['ab', 'c'], 4, 900), { args: ['ab', 'c'].map((one) => one), argsTotal: 900 });
  const broken = { text: '\ufffdab', bytes: Uint8Array.of(0xff, 97, 98) };
  assert.deepEqual(cutArgs([broken], 2).args, [{ text: '\ufffda', bytes: Uint8Array.of(0xff, 97) }]);
});

test('an image within the limit is the same image', () => {
  const image: Image = { comm: 'x', args: ['x', 'y'] };
  assert.equal(withArgsUpTo(image, 8), image);
  assert.deepEqual(withArgsUpTo({ args: ['x', 'yyyyyyy'] }, 12), { args: ['x', 'yyyyy'], argsTotal: 10 });
});

test('whatever the texts are, a line of JSON stays below what journald takes with the limit of the shipped unit', () => {
  const unit = readFileSync(new URL('../../examples/procwatch.service', import.meta.url), 'utf8');
  const limit = Number(/--max-args (\d+)K/.exec(unit)?.[1]) * 1024;
  const nasty = (length: number): Text[] => [
    '\u0001'.repeat(length),
    '\u{e0001}'.repeat(length / 4),
    { text: '\ufffd'.repeat(length), bytes: new Uint8Array(length).fill(0xff) },
    '"'.repeat(length),
    'ä'.repeat(length / 2),
    'x'.repeat(length),
  ];
  const json = new JsonFormatter(context);
  for (const arg of nasty(100_000)) {
    for (const path of nasty(4096)) {
      for (const args of [[arg], Array<Text>(30_000).fill(''), [...Array<Text>(9000).fill('\u0001'), ...nasty(4)]]) {
        const image = withArgsUpTo({ args, comm: path, exe: path, path, cwd: path }, limit);
        const line = json.format(
          record({ image: { ...image, comm: '\u0001'.repeat(15) }, parentComm: '\u0001'.repeat(15) }),
        );
        assert.ok(Buffer.byteLength(line) < 48 * 1024, `${Buffer.byteLength(line)}`);
        assert.ok(image.argsTotal !== undefined && image.argsTotal > 0);
      }
    }
  }
});

/** Text that was bytes, and becomes them again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { globMatcher, regexMatcher } from '../../src/process/patterns.ts';
import { namesOf } from '../../src/process/select.ts';
import { bytesOfRaw, rawText, readable, textOf } from '../../src/process/text.ts';
import { seeded } from '../support/random.ts';

test('any bytes come back from a raw text as they were', () => {
  const next = seeded(7);
  const random = (most: number) => next() % most;
  for (let round = 0; round < 2000; round++) {
    const bytes = Uint8Array.from({ length: random(12) }, () => random(256));
    assert.deepEqual([...bytesOfRaw(rawText(bytes))], [...bytes]);
  }
});

test('what is UTF-8 is the same text; what is not stands for its bytes alone', () => {
  for (const text of ['', 'plain', 'ä€😀', '\ufffd', '\ufeffbom']) {
    assert.equal(rawText(Buffer.from(text)), text);
    assert.deepEqual(Buffer.from(bytesOfRaw(text)).toString(), text);
  }
  assert.equal(rawText(Uint8Array.of(0x61, 0xff, 0x62)), 'a\udcffb');
  // What UTF-8 would be of half a surrogate pair is none.
  assert.equal(rawText(Uint8Array.of(0xed, 0xb3, 0xbf)), '\udced\udcb3\udcbf');
});

test('patterns meet the bytes of names that are no text, and never those of another', () => {
  const image = { comm: textOf(Uint8Array.of(0x61, 0xff)), args: [textOf(Uint8Array.of(0x2f, 0x78, 0x2f, 0xfe))] };
  const matching = (glob: string) => namesOf(image).filter(globMatcher(glob)).length;
  assert.equal(matching(rawText(Uint8Array.of(0x61, 0xff))), 1);
  assert.equal(matching(rawText(Uint8Array.of(0xfe))), 1);
  assert.equal(matching(rawText(Uint8Array.of(0x61, 0xfe))), 0);
  assert.deepEqual([matching('a?'), matching('a*'), matching('?')], [1, 1, 1]);
  assert.equal(regexMatcher(rawText(Uint8Array.of(0xff)))(namesOf(image)[0]), true);
  assert.equal(readable(image.comm), 'a\ufffd');
});

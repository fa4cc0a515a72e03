/** Foreign text on its way to a terminal: visible, reversible, and never raw. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { escapeText, shellLine } from '../../src/format/escape.ts';
import { cut, widthOf } from '../../src/format/width.ts';
import { textOf } from '../../src/process/text.ts';
import { seeded } from '../support/random.ts';
import { broken, HAZARDS, rawHazards } from '../support/records.ts';

/** Takes the escapes back, by their definition. */
function unescaped(text: string): Buffer {
  const parts: Buffer[] = [];
  const written = /\\(?:(n|t|r|\\)|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))|([^\\])/gu;
  const short: Record<string, string> = { n: '\n', t: '\t', r: '\r', '\\': '\\' };
  for (const [, sign, byte, four, eight, plain] of text.matchAll(written)) {
    if (byte !== undefined) parts.push(Buffer.from([Number.parseInt(byte, 16)]));
    else if (sign !== undefined) parts.push(Buffer.from(short[sign]));
    else parts.push(Buffer.from(plain ?? String.fromCodePoint(Number.parseInt(four ?? eight, 16))));
  }
  return Buffer.concat(parts);
}

test('plain text in any script is left as it is', () => {
  for (const text of ['', 'ls -la', 'größe', '日本語', 'e\u0301', '🙂']) assert.equal(escapeText(text), text);
});

test('each control, bidi and format character is written out', () => {
  for (const character of HAZARDS) {
    const escaped = escapeText(`a${character}b`);
    assert.match(escaped, /^a\\(?:[ntr]|x..|u....|U........)b$/, JSON.stringify(character));
  }
});

test('marks are written out where a letter has too many, or where there is no letter', () => {
  assert.equal(escapeText('e\u0301\u0301\u0301\u0301\u0301'), 'e\u0301\u0301\u0301\u0301\\u0301');
  assert.equal(escapeText('\u0301e'), '\\u0301e');
  assert.ok(escapeText(`a${'\u0301'.repeat(16_000)}`).startsWith('a\u0301\u0301\u0301\u0301\\u0301\\u0301'));
});

test('a line that is cut is short in bytes too, whatever its letters are', () => {
  for (const piece of [
    'e\u0301',
    'e\u0301\u0302\u0303\u0304\u0305',
    '\u1100\u1161\u1161\u1161',
    '\u0915\u094d',
    '🙂',
    'x',
  ] as const) {
    const line = cut(escapeText(piece.repeat(20_000)), 80);
    assert.ok(Buffer.byteLength(line) <= 80 * 20, `${piece}: ${Buffer.byteLength(line)} bytes`);
    assert.ok(widthOf(line) <= 80);
  }
});

test('a title for the terminal, a colour and a clear screen do not reach it raw', () => {
  assert.equal(escapeText('\x1b]0;x\x07\n'), '\\x1b]0;x\\x07\\n');
  assert.equal(escapeText('\x1b[31m\x1b[2J\u009b1m'), '\\x1b[31m\\x1b[2J\\u009b1m');
});

test('bytes that are not UTF-8 are written out one by one, and what is valid between them as text', () => {
  assert.equal(escapeText(broken(0x61, 0xff, 0xc3, 0xa4, 0xc3)), 'a\\xffä\\xc3');
  assert.equal(escapeText(broken(0xed, 0xa0, 0x80)), '\\xed\\xa0\\x80');
  assert.equal(escapeText(broken(0x1b, 0x5b, 0xff)), '\\x1b[\\xff');
});

test('a backslash is doubled, so that nothing can pass for an escape', () => {
  assert.equal(escapeText('\\x1b'), '\\\\x1b');
});

test('any bytes at all come back from their escaped form, and none is raw', () => {
  const random = seeded(3);
  for (let i = 0; i < 5000; i++) {
    const bytes = Buffer.from(
      Array.from(
        { length: random() % 12 },
        () => (random() % 2 ? random() : [0x5c, 0x1b, 0x78, 0xe2, 0x80, 0xae][random() % 6]) & 0xff,
      ),
    );
    const escaped = escapeText(textOf(new Uint8Array(bytes)));
    assert.deepEqual(rawHazards(escaped), []);
    assert.deepEqual(unescaped(escaped), bytes);
  }
});

test('a command line shows where each argument ends', () => {
  assert.equal(shellLine(['cat', 'a file', '', '--x=1']), "cat 'a file' '' --x=1");
  assert.equal(shellLine(["it's"]), "$'it\\'s'");
  assert.equal(shellLine(['a\nb']), "$'a\\nb'");
  assert.equal(shellLine(['日本']), "'日本'");
});

test('a shell takes the command line back for the very arguments', (t) => {
  const args = [
    'plain',
    '',
    'two words',
    "it's",
    '"',
    '$HOME `x` !',
    'tab\there',
    'new\nline',
    '\x1b[0m',
    'back\\slash',
    'é',
    '\u202e',
  ];
  const line = shellLine([...args, broken(0xff, 0x27, 0x41)]);
  const { error, stdout } = spawnSync('bash', ['-c', `printf '%s\\0' ${line}`], { env: { LC_ALL: 'C.UTF-8' } });
  if (error !== undefined) {
    assert.notEqual(process.env.PROCWATCH_REQUIRE_KERNEL, '1', 'bash is not here to ask');
    return t.skip('bash is not here to ask');
  }
  const expected = Buffer.concat([...args.map((arg) => Buffer.from(`${arg}\0`)), Buffer.from([0xff, 0x27, 0x41, 0])]);
  assert.deepEqual(stdout, expected);
});

/** What must hold for every row of the option and command tables, and that help shows them all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMANDS } from '../../src/commands/commands.ts';
import { GROUPS, type Option } from '../../src/commands/options.ts';
import { VERSION } from '../../src/version.ts';
import { runProgram, ScriptedHost } from '../support/scripted-host.ts';

const camelCase = (long: string): string => long.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

async function printed(...argv: string[]): Promise<string> {
  const host = new ScriptedHost({ argv });
  assert.equal(await runProgram(host), 0);
  assert.equal(host.stderr.text, '');
  return host.stdout.text;
}

for (const [name, { options, meaning }] of Object.entries(COMMANDS)) {
  const rows: [string, Option<unknown>][] = Object.entries(options);

  test(`each option of ${name} is keyed by its long name, in a group that is there, with a meaning`, () => {
    assert.ok(meaning.length > 0);
    for (const [key, row] of rows) {
      assert.equal(key, camelCase(row.long));
      assert.match(row.long, /^[a-z]+(-[a-z]+)*$/);
      assert.ok(row.group in GROUPS, row.long);
      assert.ok(row.meaning.length > 0, row.long);
    }
  });

  test(`no two options of ${name} share a name`, () => {
    const shorts = rows.flatMap(([, { short }]) => short ?? []);
    const longs = rows.map(([, { long }]) => long);
    assert.equal(new Set(shorts).size, shorts.length);
    assert.equal(new Set(longs).size, longs.length);
    for (const short of shorts) assert.match(short, /^[a-zA-Z]$/);
  });

  test(`the help of ${name} shows every option of it`, async () => {
    const help = await printed(name, '--help');
    for (const [, { short, long, value }] of rows) {
      assert.ok(
        help.includes(
          `${short === undefined ? '' : `-${short}, `}--${long}${value === undefined ? '' : ` <${value}>`}`,
        ),
        long,
      );
    }
  });

  test(`a switch of ${name} is off unless it is given`, () => {
    for (const [, { value, read, long }] of rows) {
      if (value === undefined) assert.deepEqual([read([], ''), read([''], '')], [false, true], long);
    }
  });
}

test('each selection option has its negation', () => {
  const options: Readonly<Record<string, Option<unknown>>> = COMMANDS.watch.options;
  const who = Object.values(options).filter(({ group }) => group === 'who');
  const longs = who.map(({ long }) => long);
  const plain = longs.filter((long) => !long.startsWith('not-'));
  assert.ok(plain.length >= 8);
  for (const long of plain) assert.ok(longs.includes(`not-${long}`), long);
  assert.equal(longs.length, 2 * plain.length);
});

test('help begins with examples, lists the commands and ends with the exit codes', async () => {
  const help = await printed('--help');
  assert.match(help, /^Examples:\n {2}sudo procwatch /);
  for (const name of Object.keys(COMMANDS)) assert.match(help, new RegExp(`^ {2}${name} `, 'm'));
  for (const code of [0, 2, 3, 69, 70, 74, 77, 129, 130, 143]) assert.match(help, new RegExp(`^ *${code} {2}`, 'm'));
});

test('the version is printed alone', async () => {
  assert.equal(await printed('--version'), `${VERSION}\n`);
});

test('the table of events names each with its bit', async () => {
  const table = await printed('events');
  assert.match(table, /^fork +0x00000001 +a process was created/m);
  assert.match(table, /^exit +0x80000000 /m);
  assert.match(table, /^nonzero-exit +0x20000000 /m);
  assert.match(table, /^clone {2,}a thread was created/m);
});

test('the table of events says which source tells each', async () => {
  const table = await printed('events');
  assert.match(table, /^fork .* {2,}connector, bpf {2,}/m);
  assert.match(table, /^uid .* {2,}connector {2,}/m);
  assert.match(table, /^exec-failed .* {2,}bpf {2,}/m);
});

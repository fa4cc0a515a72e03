/** What people see where the locale names no UTF-8. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inAscii, isUtf8Locale } from '../../src/format/plain-signs.ts';
import * as dg from '../support/datagrams.ts';
import { runProgram, ScriptedHost } from '../support/scripted-host.ts';

async function printed(argv: readonly string[], env: Record<string, string>): Promise<string> {
  const host = new ScriptedHost({ argv, env });
  host.reader.set(1, { comm: 'init', ppid: 0 }).set(7, { comm: 'gr\u00f6\u00dfe', ppid: 1 });
  await runProgram(host, () => {
    host.connector.deliver(dg.fork(7, 100), dg.exit(100, 0x300, 7));
    host.signal('SIGINT');
  });
  return host.stdout.text;
}

test('every format for people is ASCII, and JSON stays what it is', async () => {
  const ascii = /^[\0-\x7f]*$/;
  for (const format of ['pretty', 'table']) assert.match(await printed(['-f', format], { LC_ALL: 'C' }), ascii);
  assert.doesNotMatch(await printed(['-f', 'pretty'], { LANG: 'de_DE.UTF-8' }), ascii);
  assert.match(await printed(['--json'], { LC_ALL: 'C' }), /größe/);
  assert.match(await printed(['record', '-o', '-'], { LC_ALL: 'C' }), /größe/);
});

test('the first of the three variables that is set says what the locale is', () => {
  assert.equal(isUtf8Locale({ LC_ALL: 'C', LANG: 'en_US.UTF-8' }), false);
  assert.equal(isUtf8Locale({ LC_ALL: '', LC_CTYPE: 'C.utf8', LANG: 'C' }), true);
  assert.equal(isUtf8Locale({}), true);
});

test('each of our signs has a stand-in of its width, and what has none is written out', () => {
  assert.equal(inAscii('├─ a · b…'), '|- a - b~');
  assert.equal(inAscii('größe'), 'gr\\u00f6\\u00dfe');
});

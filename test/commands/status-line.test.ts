/** A line that stays the last one on a terminal. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { StatusLine } from '../../src/commands/status-line.ts';
import { ScriptedStream } from '../support/scripted-host.ts';

function stage(width = 40) {
  const stream = new ScriptedStream();
  stream.window = { width, height: 24 };
  return { stream, line: new StatusLine(stream) };
}

test('other lines come above it, and it is drawn again only when it changes', () => {
  const { stream, line } = stage();
  line.write('one\n');
  line.show('waiting for 2');
  line.show('waiting for 2');
  line.write('two\n');
  line.show('waiting for 1');
  line.show('');
  line.write('three\n');
  const erase = '\r\x1b[K';
  assert.equal(stream.text, `one\n${erase}waiting for 2${erase}two\nwaiting for 2${erase}waiting for 1${erase}three\n`);
});

test('it never reaches the edge of the window', () => {
  const { stream, line } = stage(10);
  line.show('longer than the window');
  assert.equal(stream.text, '\r\x1b[Klonger t…');
});

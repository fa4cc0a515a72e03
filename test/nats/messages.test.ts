/** From lines to messages: what a line says of itself, what goes together, and what no message can hold. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Batcher, MOST_BYTES } from '../../src/nats/batcher.ts';
import { Covered } from '../../src/nats/covered.ts';
import { envelopeOf } from '../../src/nats/envelope.ts';
import { factsOfLine, factsOfRow, parsedRow } from '../../src/nats/record-line.ts';

const STREAM = { token: 'web-1', bootId: 'abc', run: '7' };

const lineOf = (seq: number, event: string, more: object = {}): Buffer =>
  Buffer.from(
    `${JSON.stringify({ v: 1, seq, time: '2026-11-27T09:59:00.000000000Z', mono_ns: '5', event, ...more })}\n`,
  );

test('a line of ours is looked at, any other is parsed, and both say the same', () => {
  const ends: [object, string][] = [
    [{ wait_status: 0, exit_code: 0 }, 'exit.ok'],
    [{ wait_status: 256, exit_code: 1 }, 'exit.failed'],
    [{ wait_status: 9, signal: 'SIGKILL' }, 'exit.failed'],
    [{}, 'exit.unknown'],
    [{ args: ['x', ',"wait_status":0', '"wait_status":256'], comm: 'a","wait_status":0' }, 'exit.unknown'],
    [{ comm: ',"wait_status":0', wait_status: 1 }, 'exit.failed'],
  ];
  for (const [members, kind] of ends) {
    const line = lineOf(3, 'exit', members);
    assert.equal(factsOfLine(line)?.kind, kind);
    assert.deepEqual(factsOfLine(line), factsOfRow(parsedRow(line.toString()) ?? {}));
    const { v, ...turned } = JSON.parse(line.toString());
    assert.equal(factsOfLine(Buffer.from(JSON.stringify({ ...turned, v })))?.kind, kind, 'in another order');
  }
});

test('what is no record has no facts', () => {
  const seq = 9;
  const bad = ['', 'x', '[]', 'null', '{"v":1}', JSON.stringify({ seq, event: 'fork' })];
  const row = { v: 1, seq, time: 't', mono_ns: '1' };
  bad.push(JSON.stringify({ ...row, event: 'a.b' }), JSON.stringify({ ...row, event: 'fork', seq: -1 }));
  for (const text of bad) assert.equal(factsOfLine(Buffer.from(text)), undefined, text);
});

function add(batcher: Batcher, line: Buffer): boolean {
  const facts = factsOfLine(line);
  assert.ok(facts);
  return batcher.add(line, facts);
}

test('records of one kind go together, and each message says which numbers it covers', () => {
  const batcher = new Batcher(STREAM, () => 0);
  const events = ['fork', 'exec', 'fork', 'fork', 'exec'];
  for (const [i, event] of events.entries()) add(batcher, lineOf(i + 1, event));
  const first = batcher.take();
  add(batcher, lineOf(6, 'fork'));
  const told = [...first, ...batcher.take()].map(({ subject, id, header, body }) => {
    const { after, last, count } = envelopeOf(header) ?? assert.fail();
    return [subject, id, after, last, count, Buffer.from(body).toString().split('\n').length - 1];
  });
  assert.deepEqual(told, [
    ['procwatch.web-1.fork', 'web-1/abc/7/fork/1-4', 0, 4, 3, 3],
    ['procwatch.web-1.exec', 'web-1/abc/7/exec/2-5', 0, 5, 2, 2],
    ['procwatch.web-1.fork', 'web-1/abc/7/fork/6-6', 4, 6, 1, 1],
  ]);
});

test('no message is larger than 256 KiB, but for one record that alone is', () => {
  const batcher = new Batcher(STREAM, () => 0);
  const args = ['x'.repeat(100_000)];
  for (let seq = 1; seq <= 7; seq++) add(batcher, lineOf(seq, 'exec', { args }));
  add(batcher, lineOf(8, 'exec', { args: ['y'.repeat(400_000)] }));
  const sizes = batcher.take().map(({ body }) => body.length);
  assert.equal(sizes.filter((size) => size > MOST_BYTES).length, 1);
  assert.equal(sizes.length, 5);
  assert.equal(add(batcher, lineOf(9, 'exec', { args: ['z'.repeat(2_000_000)] })), false);
  assert.deepEqual(batcher.take(), []);
});

test('ranges that were seen grow together, and gaps stay open until they are filled', () => {
  const covered = new Covered();
  covered.add(0, 10);
  covered.add(20, 30);
  assert.deepEqual(
    [10, 11, 20, 21, 30, 31].map((seq) => covered.has(seq)),
    [true, false, false, true, true, false],
  );
  covered.add(5, 22);
  assert.deepEqual(covered.toJSON(), [[0, 30]]);
  for (let i = 2; i < 200; i++) covered.add(i * 100, i * 100 + 1);
  assert.ok(covered.toJSON().length <= 32, 'and they are not kept without end');
  assert.ok(covered.has(19_901) && covered.has(5));
});

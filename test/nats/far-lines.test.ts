/** Reading from an engine: what is asked of the server, what is selected here, what is refused, and in which order it comes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { headerOf } from '../../src/nats/envelope.ts';
import { MERGE_WINDOW_MS, refusalNotice } from '../../src/nats/far-lines.ts';
import { filtersFor, hostOf, tokenOf } from '../../src/nats/subject.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { readAll } from './reading.ts';

const BOOT = 'aaaaaaaa-0000-0000-0000-000000000000';

function line(seq: number, second: number, event: string, more: object = {}): string {
  const time = `2026-11-27T09:59:${String(second).padStart(2, '0')}.000000000Z`;
  return JSON.stringify({ v: 1, seq, time, mono_ns: String(seq), event, pid: seq, tid: seq, ...more });
}

function header(first: number, last = first, after = first - 1, run = '1'): string {
  return headerOf({ bootId: BOOT, run, after, first, last, count: last - first + 1, sentMs: 0 });
}

test('names of hosts are one token, and come back', () => {
  for (const host of ['web-3', 'db.example.org', 'ä b*>', '%41', '.', 'x'.repeat(200)]) {
    const token = tokenOf(host);
    assert.match(token ?? '', /^[A-Za-z0-9_%-]+$/);
    assert.equal(hostOf(token ?? ''), host);
  }
  assert.equal(tokenOf(''), undefined);
  assert.equal(tokenOf('x'.repeat(300)), undefined);
  for (const token of ['%2', '%zz', 'a b', '%61', '%FF']) assert.equal(hostOf(token), undefined, token);
});

test('the server selects hosts and events, and never less than what was asked for', () => {
  assert.deepEqual(filtersFor(undefined, undefined), ['procwatch.*.>']);
  const about = ['start', 'end', 'lost'].map((kind) => `procwatch.web-3.${kind}`);
  assert.deepEqual(filtersFor(['web-3'], ['nonzero-exit']), [
    'procwatch.web-3.exit.failed',
    'procwatch.web-3.exit.unknown',
    ...about,
  ]);
  assert.ok(filtersFor(['web-3'], ['exec', 'exit']).includes('procwatch.web-3.exit.*'));
  assert.deepEqual(filtersFor(['web-3', 'web-4'], ['exit'], 1), ['procwatch.*.>'], 'where one filter is all there is');
  assert.deepEqual(filtersFor(['web-3'], ['exit'], 1), ['procwatch.web-3.>']);
});

test('each record has its host, and hosts are merged by time', async () => {
  const engine = new ScriptedEngine();
  engine.put('procwatch.a.fork', header(1, 2), `${line(1, 10, 'fork')}\n${line(2, 30, 'fork')}\n`);
  engine.put('procwatch.db%2Eexample.exit.ok', header(1), `${line(1, 20, 'exit', { wait_status: 0 })}\n`);
  const { lines } = await readAll(engine);
  assert.deepEqual(
    lines.map(({ host, bootId, text }) => [host, bootId, JSON.parse(text).host, JSON.parse(text).time.slice(17, 19)]),
    [
      ['a', BOOT, 'a', '10'],
      ['db.example', BOOT, 'db.example', '20'],
      ['a', BOOT, 'a', '30'],
    ],
  );
});

test('a clock that is wrong holds nobody up, and what is later than the window comes as it is', async () => {
  const engine = new ScriptedEngine();
  const arrive = (ms: number, host: string, second: number): void => {
    engine.arrivedMs = ms;
    engine.put(`procwatch.${host}.fork`, header(ms), `${line(ms, second, 'fork')}\n`);
  };
  arrive(1, 'ahead', 59);
  arrive(2, 'right', 1);
  arrive(3 + 3 * MERGE_WINDOW_MS, 'right', 5);
  arrive(4 + 6 * MERGE_WINDOW_MS, 'late', 2);
  const { lines } = await readAll(engine);
  assert.deepEqual(
    lines.map(({ host, time }) => `${host} ${time.slice(17, 19)}`),
    ['right 01', 'right 05', 'ahead 59', 'late 02'],
  );
});

test('records are selected by their own time', async () => {
  const engine = new ScriptedEngine();
  const lines3 = [line(1, 10, 'fork'), line(2, 20, 'fork'), line(3, 30, 'fork')];
  engine.put('procwatch.a.fork', header(1, 3), `${lines3.join('\n')}\n`);
  const [sinceMs, untilMs] = [Date.parse('2026-11-27T09:59:15Z'), Date.parse('2026-11-27T09:59:30Z')];
  const { lines } = await readAll(engine, { sinceMs, untilMs });
  assert.deepEqual(
    lines.map(({ seq }) => seq),
    [2],
  );
  assert.ok((engine.requests[0].sinceMs ?? 0) < sinceMs, 'the server is asked for more, since clocks differ');
});

test('what was sent again, cut differently and out of order, is read once', async () => {
  const engine = new ScriptedEngine();
  const lines = (from: number, to: number): string =>
    Array.from({ length: to - from + 1 }, (_, i) => `${line(from + i, 10, 'fork')}\n`).join('');
  engine.put('procwatch.a.fork', header(1, 3, 0), lines(1, 3));
  engine.put('procwatch.a.fork', header(7, 9, 6), lines(7, 9));
  engine.put('procwatch.a.fork', header(3, 8, 2), lines(3, 8));
  engine.put('procwatch.a.fork', header(1, 9, 0), lines(1, 9));
  const { lines: read, reader } = await readAll(engine);
  assert.deepEqual(read.map(({ seq }) => seq).sort(), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(reader.repeated, 12);
});

test('two streams of one boot count for themselves', async () => {
  const engine = new ScriptedEngine();
  engine.put('procwatch.a.fork', header(1, 1, 0, '5'), `${line(1, 10, 'fork')}\n`);
  engine.put('procwatch.a.fork', header(1, 1, 0, '6'), `${line(1, 20, 'fork')}\n`);
  assert.equal((await readAll(engine)).lines.length, 2);
});

test('what is no record, or not where it belongs, is counted and not shown', async () => {
  const engine = new ScriptedEngine();
  engine.put('procwatch.a.b.c.d', header(1), line(1, 1, 'fork'));
  engine.put('procwatch.%zz.fork', header(1), line(1, 1, 'fork'));
  engine.put('procwatch.a.fork', undefined, line(1, 1, 'fork'));
  engine.put('procwatch.a.fork', '1 x', line(1, 1, 'fork'));
  engine.put('procwatch.a.fork', header(1, 9), `\u001b[2J\n{"event":"fork"}\n[1]\nnull\n`);
  engine.put(
    'procwatch.a.exit.ok',
    header(1, 9),
    `${line(1, 1, 'exit', { wait_status: 256 })}\n${line(2, 1, 'fork')}\n`,
  );
  engine.put('procwatch.a.exec', header(1), `${line(7, 1, 'exec')}\n`);
  const { lines, reader } = await readAll(engine);
  assert.deepEqual(lines, []);
  assert.deepEqual(reader.refused, { subject: 2, header: 2, record: 4, place: 3 });
  assert.match(refusalNotice(reader.refused) ?? '', /^procwatch: not shown: 4 messages and 7 lines/);
});

test('nothing foreign is shown raw, and no host speaks for another', async () => {
  const engine = new ScriptedEngine();
  const evil = line(1, 1, 'start', { host: 'somebody-else', comm: 'a\u009b2J\u202eb', kernel: 'x' });
  engine.put('procwatch.a.start', header(1), `${evil}\n`);
  engine.put('procwatch.a.fork', header(2), `${line(2, 1, 'fork', { comm: '\u009b2J' })}\n`);
  const { lines } = await readAll(engine);
  for (const { text } of lines) assert.match(text, /^[ -~]+$/);
  assert.deepEqual(
    lines.map(({ text }) => JSON.parse(text).host),
    ['a', 'a'],
  );
});

/** Whole recordings: lines of any origin, cut, broken, mixed with others; each trouble is told once with its line, and counted. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { StreamRecord } from '../../src/process/record.ts';
import { interestIn } from '../../src/recording/interest.ts';
import { jsonOf, readAll } from '../support/recordings.ts';
import { ended, lost, record } from '../support/records.ts';

const SOME: readonly StreamRecord[] = [record({ event: 'fork' }), record(), ended(0), ended(256), lost()];
const TEXT = jsonOf(SOME);
const events = (records: readonly StreamRecord[]): string => records.map(({ event }) => event).join(' ');

test('pieces may end anywhere', async () => {
  for (const size of [1, 2, 3, 100, 1e6]) {
    const { records, said } = await readAll(TEXT, { size });
    assert.equal(jsonOf(records), TEXT);
    assert.equal(said, '');
  }
});

test('ends of lines of other systems, blank lines and a mark of the byte order do no harm', async () => {
  const { records, said } = await readAll(`\ufeff${TEXT.replaceAll('\n', '\r\n\r\n')}`);
  assert.equal(jsonOf(records), TEXT);
  assert.equal(said, '');
});

test('a line that is no record is told with its number, and the next ones are counted', async () => {
  const { records, said, recording } = await readAll(`${TEXT}what is this\n${TEXT}{"half":\n[]\n${TEXT}`);
  assert.equal(records.length, 3 * SOME.length);
  assert.equal(recording.troubles.passed, 3);
  assert.equal(
    said,
    'procwatch: night.jsonl: line 6 is no record, and was passed over\nprocwatch: night.jsonl: 3 lines are no records\n',
  );
});

test('zero bytes of a machine that crashed are passed over, and what follows them is read', async () => {
  const { records, said } = await readAll(`${TEXT}${'\0'.repeat(5000)}${TEXT}`);
  assert.equal(records.length, 2 * SOME.length);
  assert.equal(said, 'procwatch: night.jsonl: line 6 has zero bytes before it\n');
});

test('a line without its end is whole if it can be read, and else cut off', async () => {
  assert.equal((await readAll(TEXT.trimEnd())).records.length, SOME.length);
  const { records, said } = await readAll(TEXT.slice(0, -9));
  assert.equal(records.length, SOME.length - 1);
  assert.equal(said, 'procwatch: night.jsonl: line 5 is cut off, and was passed over\n');
});

test('a line that is longer than any record is never held in memory', async () => {
  const { records, said } = await readAll(`${TEXT}{"x":"${'y'.repeat(17 * 2 ** 20)}"}\n${TEXT}`, { size: 2 ** 20 });
  assert.equal(records.length, 2 * SOME.length);
  assert.equal(said, 'procwatch: night.jsonl: line 6 is longer than 16 MiB, and was passed over\n');
});

test('records of a later version, kinds that are not known, and times that run back are told', async () => {
  const newer = TEXT.replaceAll('"v":1', '"v":2');
  assert.match(
    (await readAll(newer)).said,
    /^procwatch: night.jsonl: line 1 is of a newer version of the format: [^\n]+\n[^\n]+ 5 lines/,
  );
  const strange = TEXT.replace('"event":"fork"', '"event":"novel"');
  assert.equal(
    (await readAll(strange)).said,
    'procwatch: night.jsonl: line 1 is of a kind that this procwatch does not know, and was passed over\n',
  );
  const late = jsonOf([record({ at: { seconds: 2000, nanos: 0 } }), record()]);
  assert.equal((await readAll(late)).said, 'procwatch: night.jsonl: line 2 is older than the one before it\n');
});

test('two recordings in one file are two recordings: the second may be of an earlier time', async () => {
  const start = (seconds: number): StreamRecord => ({
    event: 'start',
    at: { seconds, nanos: 0 },
    facts: { host: 'x' },
  });
  const both = jsonOf([start(5000), record({ at: { seconds: 5001, nanos: 0 } }), start(1000), record()]);
  assert.equal((await readAll(both)).said, '');
});

test('a compressed file is known by its bytes, also several of them in one', async () => {
  const { records, said } = await readAll(Buffer.concat([gzipSync(TEXT), gzipSync(TEXT)]), { size: 3 });
  assert.equal(records.length, 2 * SOME.length);
  assert.equal(said, '');
});

test('a compressed file that is cut anywhere is read up to there, and that is told', async () => {
  const many = jsonOf(Array.from({ length: 300 }, (_, i) => record({ pid: i + 1, tid: i + 1 })));
  const whole = Buffer.concat([gzipSync(many), gzipSync(many)]);
  let before = 0;
  for (let size = 20; size < whole.length; size += 97) {
    const { records, said, recording } = await readAll(whole.subarray(0, size), { size: 50 });
    assert.ok(records.length >= before, `${size}`);
    before = records.length;
    if (said === '') continue;
    assert.equal(recording.troubles.isNone, false);
  }
  assert.ok(before > 500, `${before}`);
});

test('a compressed file that is broken in the middle is read up to there', async () => {
  const whole = gzipSync(
    jsonOf(Array.from({ length: 3000 }, (_, i) => record({ pid: i + 1, tid: i + 1, cpu: (i * 7919) % 64 }))),
  );
  whole.fill(0xff, whole.length >> 1, (whole.length >> 1) + 50);
  const { records, said } = await readAll(whole);
  assert.ok(records.length > 100);
  assert.match(said, /the compressed file is broken \([^)]+\): what comes before is shown\n/);
});

test('what stands behind a compressed file and is none is told, and not waited for', async () => {
  for (const size of [10, 1e6]) {
    const { records, said } = await readAll(Buffer.concat([gzipSync(TEXT), Buffer.alloc(100)]), { size });
    assert.equal(records.length, SOME.length);
    assert.match(said, /^procwatch: night\.jsonl: the compressed file is broken \(/);
  }
});

test('lines that are surely not asked for are not parsed, and lines of others always are', async () => {
  const wants = interestIn(['exit'], 'failures');
  const { records, said } = await readAll(`${TEXT}{"event":"exec",\n`, { wants });
  assert.equal(events(records), 'exit lost');
  assert.match(said, /line 6 is no record/);
  const spaced = TEXT.replaceAll('":', '": ');
  assert.equal(events((await readAll(spaced, { wants })).records), 'fork exec exit exit lost');
});

test('where enough is seen the rest is not read, and half a line is no trouble', async () => {
  const { records, said } = await readAll(TEXT, { size: TEXT.indexOf('\n') + 20, isEnough: () => true });
  assert.equal(records.length, 1);
  assert.equal(said, '');
});

test('the first of the bytes say what a file is, however few come at once', async () => {
  assert.equal((await readAll(gzipSync(TEXT), { size: 1 })).records.length, SOME.length);
  assert.equal((await readAll('')).records.length, 0);
  assert.equal((await readAll('\n')).said, '');
});

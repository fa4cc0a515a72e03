/** `watch({ read })`: a recording through the library, as objects, with the options of a live watch. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { type JsonRecord, watch } from '../../src/library/api.ts';
import { jsonOf } from '../support/recordings.ts';
import { ended, lost, record } from '../support/records.ts';

const NIGHT = jsonOf([
  { event: 'start', at: { seconds: 999, nanos: 0 }, facts: { host: 'lovelace', boot_id: 'x' } },
  record({ event: 'fork', imageOf: 'inherited' }),
  record(),
  lost(),
  ended(256),
]);

let directory: string;
let path: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'procwatch-read-'));
  path = join(directory, 'night.jsonl.gz');
  writeFileSync(path, gzipSync(NIGHT.replace('"event":"exec"', '"event":"exec","novel":[1]')));
});
after(() => rmSync(directory, { recursive: true }));

async function all(request: Parameters<typeof watch>[0]): Promise<JsonRecord[]> {
  const records: JsonRecord[] = [];
  for await (const one of watch({ read: path, ...request })) records.push(one);
  return records;
}

test('records of a recording are those of its lines, and unknown members are members', async () => {
  const records = await all({ full: true });
  assert.deepEqual(
    records.map(({ event, seq }) => [event, seq]),
    [
      ['fork', 1],
      ['exec', 2],
      ['lost', 3],
      ['exit', 4],
    ],
  );
  assert.deepEqual((records[1] as { novel?: unknown }).novel, [1]);
  const [, fork] = NIGHT.split('\n').map((line) => line && JSON.parse(line));
  assert.deepEqual({ ...records[0], seq: 2 }, fork);
});

test('the selection chooses, and a loop may be left', async () => {
  assert.deepEqual(
    (await all({ events: 'exit', code: 1 })).map(({ event }) => event),
    ['lost', 'exit'],
  );
  assert.deepEqual(
    (await all({ user: 'nobody' })).map(({ event }) => event),
    ['lost'],
  );
  for await (const { event } of watch({ read: [path, path] })) {
    assert.equal(event, 'fork');
    break;
  }
});

test('what makes no sense is told at once, and what is not there by the iteration', async () => {
  assert.throws(() => watch({ since: '03:00' }), { message: '--since is for a recording' });
  assert.throws(() => watch({ read: path, buffer: 1024 }), /--buffer is for watching live/);
  await assert.rejects(all({ read: '/nowhere/x' }), /cannot read \/nowhere\/x: ENOENT/);
});

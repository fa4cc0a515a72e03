/** A moment in a long recording is found without reading all of it, in plain files and in our compressed ones. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { memberOf, sizeOfMember } from '../../src/recording/gzip-member.ts';
import { placeOf } from '../../src/recording/seek.ts';
import { jsonOf, readAll } from '../support/recordings.ts';
import { record } from '../support/records.ts';
import { ScriptedHost } from '../support/scripted-host.ts';

/** One record a second. */
const SECONDS = 5000;
const lines = jsonOf(
  Array.from({ length: SECONDS }, (_, i) => record({ pid: i + 1, tid: i + 1, at: { seconds: 1000 + i, nanos: 0 } })),
)
  .split('\n')
  .slice(0, -1)
  .map((line) => `${line}\n`);
const WALL = 1_000_000_000;

async function readFrom(content: Uint8Array, seconds: number | 'end') {
  const host = new ScriptedHost();
  host.openFile('night').write(content);
  const place = await placeOf(host, 'night', seconds === 'end' ? 'end' : { seconds: WALL + seconds, nanos: 0 });
  const { records } = await readAll(content.subarray(place));
  return { place, first: 'pid' in records[0] ? records[0].pid : 0, last: records.length };
}

const blocks = Buffer.concat(
  Array.from({ length: SECONDS / 100 }, (_, i) =>
    memberOf(Buffer.from(lines.slice(i * 100, (i + 1) * 100).join('')), WALL + i * 100),
  ),
);

for (const [what, content] of [
  ['a plain file', Buffer.from(lines.join(''))],
  ['a compressed file of ours', blocks],
] as const) {
  test(`in ${what} nothing that is asked for comes before the place, and little else behind it`, async () => {
    for (const seconds of [0, 1, 99, 100, 2500, 4321, 4999]) {
      const { first, place } = await readFrom(content, seconds);
      assert.ok(first <= Math.max(1, seconds + 1), `${first} at ${seconds}`);
      assert.ok(seconds < 2000 || (place > content.length / 4 && first > seconds - 600), `${first} at ${seconds}`);
    }
    const { place, last } = await readFrom(content, 'end');
    assert.ok(place > content.length * 0.9 && last > 0);
  });
}

test('a file that somebody else has compressed is read from its beginning', async () => {
  assert.equal((await readFrom(gzipSync(lines.join('')), 4000)).place, 0);
});

test('a block is gzip for everybody, and tells its size', async () => {
  const block = memberOf(Buffer.from(lines[0]), WALL);
  assert.equal(sizeOfMember(block), block.length);
  assert.equal(sizeOfMember(block.subarray(0, 15)), 'cut');
  assert.equal(sizeOfMember(new Uint8Array(100)), 'cut');
  assert.equal(sizeOfMember(gzipSync('x')), 'foreign');
  const { gunzipSync } = await import('node:zlib');
  assert.equal(gunzipSync(block).toString(), lines[0]);
});

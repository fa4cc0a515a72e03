/** Following recordings: over rotations, compression and restarts, with an engine that fails as engines do. */
import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import * as zlib from 'node:zlib';
import { Forwarder } from '../../src/forward/forwarder.ts';
import { LineReader } from '../../src/forward/line-reader.ts';
import { type Note, noteFrom } from '../../src/forward/note.ts';
import { realHost } from '../../src/host/real-host.ts';
import { recordingFiles } from '../../src/host/recording-files.ts';
import { Publisher } from '../../src/nats/publisher.ts';
import { numbersOf, readAll } from '../nats/reading.ts';
import { Recorder } from '../nats/recorder.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'procwatch-forward-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

interface Said {
  text: string;
}

/** One run of a forwarder, as `--once` would have it, from what the last one has noted. */
async function forward(place: string, engine: ScriptedEngine, said: Said = { text: '' }): Promise<void> {
  const notePath = join(place, '.note.json');
  const text = recordingFiles.readNote(notePath);
  const note: Note = (text === undefined ? undefined : noteFrom(text)) ?? { files: new Map(), streams: new Map() };
  const real = realHost();
  const tell = (more: string | Uint8Array): void => {
    said.text += more;
  };
  const stderr = { ...real.stderr, write: tell };
  const host = { after: real.after, wallMs: real.wallMs, stderr } as typeof real;
  const publisher = new Publisher(engine, host);
  const isMeant = (name: string): boolean => /\.jsonl/.test(name);
  const settings = { directory: place, isMeant, notePath, hostName: undefined, ownHost: 'here' };
  await new Forwarder(host, recordingFiles, publisher, settings, note).run(false, 0);
  publisher.close();
}

async function assertAllThere(engine: ScriptedEngine, ...recorders: Recorder[]): Promise<void> {
  const { lines, reader } = await readAll(engine);
  for (const { host, written } of recorders) {
    assert.deepEqual(
      numbersOf(lines, host),
      written.map(({ seq }) => seq),
      host,
    );
  }
  assert.deepEqual(reader.refused, { subject: 0, header: 0, record: 0, place: 0 });
}

test('every record of every file is sent once, over rotations and restarts', async (t) => {
  const place = directory(t);
  const engine = new ScriptedEngine();
  const recorder = new Recorder(place, 'web-1');
  recorder.record(50);
  await forward(place, engine);
  recorder.record(50);
  recorder.rotate(false);
  recorder.record(50);
  await forward(place, engine);
  recorder.rotate(true);
  recorder.record(1);
  await forward(place, engine);
  await forward(place, engine);
  await assertAllThere(engine, recorder);
  const { reader } = await readAll(engine);
  assert.equal(reader.repeated, 0, 'and nothing was sent twice, whatever its file is called now');
});

test('a file that was compressed after it was sent is not sent again', async (t) => {
  const place = directory(t);
  const engine = new ScriptedEngine();
  const recorder = new Recorder(place, 'web-1');
  recorder.record(500);
  await forward(place, engine);
  const before = engine.messages.length;
  recorder.rotate(true);
  await forward(place, engine);
  assert.equal(engine.messages.length, before + 1, 'the start record of the new file');
  await assertAllThere(engine, recorder);
});

test('a lost acknowledgement, and a message that comes late, change nothing for the reader', async (t) => {
  const place = directory(t);
  const engine = new ScriptedEngine();
  const recorder = new Recorder(place, 'web-1');
  recorder.record(4000);
  let publications = 0;
  engine.hinders = () => (++publications % 4 === 0 ? new Error('timeout') : undefined);
  engine.losesAck = () => publications % 3 === 0;
  await forward(place, engine);
  await assertAllThere(engine, recorder);
});

test('without its note everything is sent again, and read once', async (t) => {
  const place = directory(t);
  const engine = new ScriptedEngine();
  const recorder = new Recorder(place, 'web-1');
  recorder.record(500);
  await forward(place, engine);
  rmSync(join(place, '.note.json'));
  recorder.record(500);
  await forward(place, engine);
  await assertAllThere(engine, recorder);
  const { reader } = await readAll(engine);
  assert.ok(reader.repeated > 0);
});

test('half a line waits for its other half', async (t) => {
  const place = directory(t);
  const engine = new ScriptedEngine();
  const recorder = new Recorder(place, 'web-1');
  recorder.record(5);
  const { length } = readFileSync(recorder.path);
  const whole = readFileSync(recorder.path, 'utf8');
  truncateSync(recorder.path, length - 10);
  await forward(place, engine);
  appendFileSync(recorder.path, whole.slice(-10));
  await forward(place, engine);
  await assertAllThere(engine, recorder);
});

test('a log that is copied away and truncated begins anew', async (t) => {
  const place = directory(t);
  const engine = new ScriptedEngine();
  const recorder = new Recorder(place, 'web-1');
  recorder.record(50);
  await forward(place, engine);
  truncateSync(recorder.path, 0);
  recorder.record(5);
  await forward(place, engine);
  await assertAllThere(engine, recorder);
});

test('a file that got the inode of another is read from its beginning', async (t) => {
  const place = directory(t);
  const engine = new ScriptedEngine();
  const [first, second] = [new Recorder(place, 'web-1'), new Recorder(directory(t), 'web-2')];
  first.record(50);
  await forward(place, engine);
  second.record(80);
  writeFileSync(first.path, readFileSync(second.path));
  await forward(place, engine);
  await assertAllThere(engine, first, second);
});

test('a compressed file that is broken is told, and what could be read is sent', async (t) => {
  const place = directory(t);
  const engine = new ScriptedEngine();
  const recorder = new Recorder(place, 'web-1');
  recorder.record(500);
  recorder.rotate(true);
  const packed = readFileSync(`${recorder.path}.1.gz`);
  packed[packed.length - 8] ^= 0xff;
  writeFileSync(`${recorder.path}.1.gz`, packed);
  const said = { text: '' };
  await forward(place, engine, said);
  assert.match(said.text, /cannot read .*web-1\.jsonl\.1\.gz any further/);
  const { lines } = await readAll(engine);
  assert.ok(numbersOf(lines, 'web-1').length > 100);
});

test('a compressed file that grows by members is followed, also where half a member is cut off', async () => {
  const place = mkdtempSync(join(tmpdir(), 'procwatch-members-'));
  try {
    const path = join(place, 'a.jsonl.gz');
    const member = (text: string): Buffer => zlib.gzipSync(text);
    writeFileSync(path, member('one\n'));
    const reader = new LineReader(recordingFiles.open(path, 0));
    const read = async (): Promise<string[]> => {
      const found: string[] = [];
      for (let lines = await reader.read(); lines !== undefined; lines = await reader.read()) {
        found.push(...lines.map(({ bytes }) => bytes.toString().trim()));
      }
      return found;
    };
    assert.deepEqual(await read(), ['one']);
    appendFileSync(path, member('two\nthree\n'));
    assert.deepEqual(await read(), ['two', 'three']);
    const whole = readFileSync(path).length;
    const half = member(`${'x'.repeat(10_000)}\n`);
    appendFileSync(path, half.subarray(0, half.length - 12));
    assert.deepEqual((await read()).length, 0);
    truncateSync(path, whole);
    assert.deepEqual(
      await read(),
      ['one', 'two', 'three'],
      'from the beginning: records are known again by their numbers',
    );
    appendFileSync(path, member('four\n'));
    assert.deepEqual(await read(), ['four']);
    reader.close();
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
});

test('lines that are no records are told once and passed over', async (t) => {
  const place = directory(t);
  const engine = new ScriptedEngine();
  const recorder = new Recorder(place, 'web-1');
  appendFileSync(recorder.path, 'no record\n{"v":1}\n');
  recorder.record(2);
  const said = { text: '' };
  await forward(place, engine, said);
  await assertAllThere(engine, recorder);
  assert.equal(said.text.match(/a line is no record/g)?.length, 1);
});

/** Undefined where this Node.js does not know zstd. */
const { zstdCompressSync } = zlib as unknown as { readonly zstdCompressSync?: (bytes: Uint8Array) => Uint8Array };

test('a recording that was packed by zstd is sent where Node.js knows it, and told of where not, once', async (t) => {
  const place = directory(t);
  const engine = new ScriptedEngine();
  const recorder = new Recorder(place, 'web-1');
  recorder.record(50);
  const text = readFileSync(recorder.path);
  rmSync(recorder.path);
  const half = text.indexOf('\n', text.length / 2) + 1;
  // Two frames, as of two files that were put behind each other.
  const packed = [text.subarray(0, half), text.subarray(half)].map((part) => zstdCompressSync?.(part) ?? part);
  writeFileSync(`${recorder.path}.1.zst`, Buffer.concat(packed));
  const other = new Recorder(place, 'web-2');
  other.record(5);
  const said = { text: '' };
  await forward(place, engine, said);
  const isKnown = zstdCompressSync !== undefined;
  await assertAllThere(engine, ...(isKnown ? [recorder, other] : [other]));
  if (isKnown) assert.equal(said.text, '');
  else
    assert.match(
      said.text,
      /^procwatch: cannot read \S+web-1\.jsonl\.1\.zst: this Node\.js does not know zstd; 22\.15 .*\n$/,
    );
});

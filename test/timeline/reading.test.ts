/** Recordings as a source: JSON Lines read back give the very same timeline, the selection chooses, and secrets are taken out. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { replacer } from '../../src/process/patterns.ts';
import type { ProcessRecord, StreamRecord } from '../../src/process/record.ts';
import { SELECT_ALL, type Selection } from '../../src/process/select.ts';
import { RecordedSource } from '../../src/recording/record-source.ts';
import { chooserOf } from '../../src/timeline/chooser.ts';
import { Collector } from '../../src/timeline/collector.ts';
import { withoutArguments, withRedactedTexts } from '../../src/timeline/without-secrets.ts';
import { jsonOf, readAll } from '../support/recordings.ts';
import { BUILD, briefs, exec, exit, fork, life, timelineOf } from './story.ts';

async function read(text: string) {
  const { records, recording } = await readAll(text);
  const batches = async function* () {
    yield records;
  };
  const source = new RecordedSource(batches(), () => recording.troubles.passed);
  const told: StreamRecord[] = [];
  for await (const batch of source.batches) told.push(...batch.map(({ record }) => record));
  return { source, records: told };
}

test('the timeline of a recording is that of the records', async () => {
  const { records } = await read(jsonOf(BUILD));
  assert.deepEqual(briefs(timelineOf(records as ProcessRecord[])), briefs(timelineOf(BUILD)));
});

test('what the start record says is kept, and the wall time of the first record', async () => {
  const start: StreamRecord = {
    event: 'start',
    at: BUILD[0].at,
    facts: { host: 'lovelace', kernel: '6.18.0', cpus: 4, version: '9' },
  };
  const { source } = await read(jsonOf([start, ...BUILD]));
  assert.deepEqual(source.facts(), {
    began: '2001-09-09T01:46:40.000000000Z',
    host: 'lovelace',
    kernel: '6.18.0',
    cpus: 4,
  });
});

test('kinds that are not known mean that somebody was there before', async () => {
  const strange = '{"event":"novel","mono_ns":"1000000000000","pid":5,"comm":"x","surprise":{"a":[1]}}';
  const { source, records } = await read(`what is this\n${strange}\n${jsonOf(BUILD)}`);
  assert.equal(source.refused, 2);
  assert.equal(records.length, BUILD.length + 1);
  assert.equal(timelineOf(records as ProcessRecord[]).lives.find(({ pid }) => pid === 5)?.began, 'before');
});

test('who was alive at the start has the time of its birth', () => {
  const start = { seconds: BUILD[0].at.seconds - 7, nanos: BUILD[0].at.nanos };
  const alive: ProcessRecord = { ...exec(0, 5, 'init'), event: 'alive', start };
  const life = timelineOf([alive, ...BUILD]).lives.find(({ pid }) => pid === 5);
  assert.equal(life?.began, 'told');
  assert.equal(life?.from, -7e9);
});

const chosen = (records: readonly ProcessRecord[], selection: Partial<Selection>): string[] => {
  const chooses = chooserOf({ ...SELECT_ALL, ...selection });
  return briefs(timelineOf(records, { chooses })).map((text) => text.replace(/ [\d.–]+ told$/, ''));
};
const named = (...names: readonly string[]) => names.map((name) => (text: string) => text === name);

test('a process is chosen by what it was at last, and hangs below the nearest that is drawn', () => {
  assert.deepEqual(chosen(BUILD, { name: { wanted: named('make', 'cc1'), unwanted: [] } }), [
    '100 make -j2',
    '102 cc1 a.c < 100',
    '104 cc1 b.c < 100',
    '106 cc1 c.c < 100',
  ]);
  assert.ok(!chosen(BUILD, { name: { wanted: [], unwanted: named('cc1') } }).some((text) => text.includes('cc1')));
});

test('by code and signal ends are chosen', () => {
  assert.deepEqual(chosen(BUILD, { code: { wanted: [1], unwanted: [] } }), ['103 cc -c b.c', '104 cc1 b.c < 103']);
});

test('a tree is a process and all that comes of it, while it lives', () => {
  assert.deepEqual(chosen(BUILD, { tree: { wanted: [101], unwanted: [] } }), ['101 cc -c a.c', '102 cc1 a.c < 101']);
  const reused = [...BUILD, fork(64, 101, 100), exec(65, 101, 'other'), exit(66, 101)];
  assert.equal(chosen(reused, { tree: { wanted: [], unwanted: [101] } }).length, 6);
});

test('lives that were not chosen go first when there are too many, without a trace', () => {
  const chooses = chooserOf({ ...SELECT_ALL, name: { wanted: named('cc1'), unwanted: [] } });
  const others = Array.from({ length: 500 }, (_, i) => life(1000 + i, 100, [i / 10, i / 10 + 1], 'other')).flat();
  const timeline = timelineOf([...BUILD, ...others], { chooses, limit: 60 });
  assert.deepEqual(timeline.bundles, []);
  assert.equal(timeline.tally.all.count, 3);
});

test('arguments are left out, or what a pattern finds in them, before anything sees them', () => {
  const secret = life(1, 9, [0, 10], 'login --token=hunter2');
  for (const [revise, command] of [
    [withoutArguments(), '[login]'],
    [withRedactedTexts(replacer('hunter2', '***')), "login $'--token=***'"],
  ] as const) {
    const collector = new Collector();
    collector.take(secret.map(revise));
    const timeline = collector.finish('', {});
    assert.ok(briefs(timeline)[0].includes(command.replace(/^login .*/, 'login ')), briefs(timeline)[0]);
    assert.ok(!JSON.stringify(timeline.lives[0].programs).includes('hunter2'));
  }
});

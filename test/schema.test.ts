/** The JSON Schema: fresh, strict where it should be, and true of every record that the other tests have written down. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { FIELDS } from '../src/format/fields.ts';
import { TASK_FIELD_NAMES } from '../src/ps/fields.ts';
import { root } from './docs/need.ts';
import {
  assertRecord,
  assertTask,
  EVENTS,
  mistakesIn,
  mistakesInTask,
  schema,
  taskSchema,
} from './schema/validator.ts';

const linesOf = (path: string): string[] => readFileSync(`${root}${path}`, 'utf8').split('\n');
const isRecord = (line: string): boolean => line.startsWith('{"v":');

const RECORDED = ['test/docs/sample.jsonl', ...readdirSync(`${root}test/golden`).map((name) => `test/golden/${name}`)];

const EXIT = {
  v: 1,
  seq: 3,
  time: '2026-11-21T09:58:31.149020715Z',
  mono_ns: '4028604345796',
  event: 'exit',
  pid: 10,
  tid: 10,
  args: ['ls'],
  exit_code: 0,
};

test('schema and types are what the generator writes now', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/schema.js', '--check'], {
    cwd: root,
    encoding: 'utf8',
  });
  assert.equal(status, 0, stderr);
});

test('every line of JSON in the golden transcripts and in the recording obeys it', () => {
  const records = RECORDED.flatMap(linesOf)
    .filter(isRecord)
    .map((line) => JSON.parse(line));
  for (const record of records) assertRecord(record);
  const events = new Set(records.map(({ event }) => event));
  for (const event of ['fork', 'exec', 'exit', 'uid', 'comm', 'lost', 'start', 'end'])
    assert.ok(events.has(event), event);
});

test('each event has a definition, and each field of the table a place in one', () => {
  const text = JSON.stringify(schema);
  for (const { name } of FIELDS) assert.ok(text.includes(`"${name}":{`), name);
  for (const event of ['fork', 'clone', 'exec', 'exit', 'found', 'lost', 'start', 'end'])
    assert.ok(EVENTS.includes(event));
});

const WRONG: Readonly<Record<string, object>> = {
  'a member nobody knows': { surprise: 1 },
  'a number for a text': { comm: 7 },
  'a text for a number': { pid: '10' },
  'a broken base64': { comm_base64: 'not base64!' },
  'a local time': { time: '2026-11-21T09:58:31.149020715+01:00' },
  'a number for the monotonic clock': { mono_ns: 4028604345796 },
  'another version': { v: 2 },
  'a fraction for an exit code': { exit_code: 0.5 },
  'a member of another event': { ruid: 0 },
  'no pid': { pid: undefined },
  'an event nobody knows': { event: 'surprise' },
};

test('a good record passes', () => assertRecord(EXIT));

for (const [name, change] of Object.entries(WRONG)) {
  test(`${name} is a mistake`, () => {
    const record = JSON.parse(JSON.stringify({ ...EXIT, ...change }));
    assert.equal(mistakesIn(record).length > 0, true);
  });
}

test('the schema as it is shipped takes the same records, and allows members of later versions', () => {
  const validate = new Ajv2020({ strictRequired: false }).compile(schema);
  assert.equal(validate(EXIT), true, JSON.stringify(validate.errors));
  assert.equal(validate({ ...EXIT, surprise: 1 }), true);
  assert.equal(validate({ ...EXIT, pid: 'ten' }), false);
});

const TASKS = readdirSync(`${root}test/ps/golden`)
  .flatMap((name) => linesOf(`test/ps/golden/${name}`))
  .filter(isRecord)
  .map((line) => JSON.parse(line));

test('every line of JSON in the transcripts of ps obeys the schema of ps, which has a place for each field', () => {
  for (const task of TASKS) assertTask(task);
  const known = new Set(TASKS.flatMap((task) => Object.keys(task)));
  for (const name of TASK_FIELD_NAMES) {
    assert.ok(known.has(name), `no transcript has ${name}`);
    assert.ok(JSON.stringify(taskSchema).includes(`"${name}":{`), name);
  }
});

const WRONG_OF_PS: Readonly<Record<string, object>> = {
  'a member nobody knows': { surprise: 1 },
  'a text for a number': { pid: '10' },
  'one text for the arguments': { args: 'ls' },
  'a local time': { start_time: '2026-11-21T09:58:31+01:00' },
  'another version': { v: 2 },
};
for (const [name, change] of Object.entries(WRONG_OF_PS)) {
  test(`in a line of ps ${name} is a mistake`, () => {
    assert.deepEqual(mistakesInTask(TASKS[0]), []);
    assert.equal(mistakesInTask({ ...TASKS[0], ...change }).length > 0, true);
  });
}

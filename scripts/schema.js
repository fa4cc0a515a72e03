// Writes schema/procwatch-v1.schema.json and src/format/json-records.ts, the form of every JSON record as JSON Schema and as types of
// TypeScript, and schema/procwatch-ps-v1.schema.json, that of the lines of `ps`: all from the tables of fields. `node scripts/schema.js`
// writes them; with `--check` it only compares, and fails if one is stale. It reads the sources, not dist/, so it cannot be out of
// date itself.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { register } from 'tsx/esm/api';

register();
const { FIELDS, fieldsOf } = await import('../src/format/fields.ts');
const { SCHEMA_VERSION } = await import('../src/format/json.ts');
const { STREAM_FIELDS } = await import('../src/format/stream-fields.ts');
const { FROM_PROGRAMS, WIRE_KINDS } = await import('../src/netlink/events.ts');
const { TASK_FIELDS } = await import('../src/ps/fields.ts');

const root = fileURLToPath(new URL('..', import.meta.url));
const SCHEMA = `schema/procwatch-v${SCHEMA_VERSION}.schema.json`;
const TASK_SCHEMA = `schema/procwatch-ps-v${SCHEMA_VERSION}.schema.json`;
const TYPES = 'src/format/json-records.ts';

/** Those of the kernel, and those that are made of them. */
const PROCESS_EVENTS = [
  ...WIRE_KINDS.flatMap((kind) => (kind === 'fork' ? ['fork', 'clone'] : [kind])),
  ...Object.keys(FROM_PROGRAMS),
  'found',
  'alive',
];
const STREAM_EVENTS = Object.keys(STREAM_FIELDS);

/** What every record has, beside its event. */
const HEAD = [
  { name: 'v', type: 'version', meaning: 'version of this format' },
  {
    name: 'seq',
    type: 'integer',
    meaning: 'number of the record in its stream, from 1 without gap: a gap is a record lost on its way',
  },
];
const TIMES = FIELDS.filter(({ name }) => name === 'time' || name === 'mono_ns');
/** Known of every process record; the others are absent where they are unknown. */
const ALWAYS = ['pid', 'tid'];

const UTC = '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{9}Z$';
const DIGITS = '^\\d+$';
const PATTERNS = { time: UTC, start_time: UTC, since: UTC, mono_ns: DIGITS, since_mono_ns: DIGITS };
const BASE64 = '^[A-Za-z0-9+/]*={0,2}$';

const FORMS = {
  version: { const: SCHEMA_VERSION },
  string: { type: 'string' },
  strings: { type: 'array', items: { type: 'string' } },
  integer: { type: 'integer', minimum: 0 },
  number: { type: 'number', minimum: 0 },
  boolean: { type: 'boolean' },
  counts: { type: 'object', additionalProperties: { type: 'integer', minimum: 0 } },
  ancestry: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        pid: { type: 'integer', minimum: 0 },
        comm: { type: 'string' },
        comm_base64: { type: 'string', pattern: BASE64 },
      },
      required: ['pid'],
    },
  },
};

/** A text from outside may not be UTF-8: then a twin has its bytes. */
const hasTwin = ({ type, ours }) => !ours && (type === 'string' || type === 'strings');
const twinMeaning = (name) => `the bytes of ${name}, where they are not UTF-8`;

function property({ name, type, meaning, values }) {
  const pattern = PATTERNS[name];
  return { description: meaning, ...FORMS[type], ...(pattern && { pattern }), ...(values && { enum: values }) };
}

function properties(field) {
  const twin = { description: twinMeaning(field.name), ...twinForm(field) };
  return [[field.name, property(field)], ...(hasTwin(field) ? [[`${field.name}_base64`, twin]] : [])];
}

function twinForm({ type }) {
  const text = { type: 'string', pattern: BASE64 };
  return type === 'strings' ? { type: 'array', items: text } : text;
}

const propertiesOf = (fields) => Object.fromEntries(fields.filter(({ name }) => name !== 'event').flatMap(properties));

function special(base, event, fields, required) {
  return {
    type: 'object',
    allOf: [{ $ref: `#/$defs/${base}` }],
    properties: { event: { const: event }, ...propertiesOf(fields) },
    required: ['event', ...required],
  };
}

const ofAll = FIELDS.filter(
  ({ carriers, name }) => carriers === 'all' && name !== 'event' && !TIMES.some((time) => time.name === name),
);
const ofSome = (event) => fieldsOf(event).filter(({ carriers }) => carriers !== 'all');
const streamFields = (event) => STREAM_FIELDS[event].map((field) => ({ ...field, ours: true }));
const head = [...HEAD, ...TIMES].map((field) => ({ ...field, ours: true }));
const namesOf = (fields) => fields.map(({ name }) => name);

/** Members unknown to it are allowed: a later procwatch may tell more under the same version. */
function schema() {
  const events = [...PROCESS_EVENTS, ...STREAM_EVENTS];
  const known = (event) => namesOf(streamFields(event).filter(({ optional }) => !optional));
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `procwatch record, version ${SCHEMA_VERSION}`,
    description: 'One line of procwatch --json. What is absent is unknown.',
    oneOf: events.map((event) => ({ $ref: `#/$defs/${event}` })),
    $defs: {
      anyRecord: { type: 'object', properties: propertiesOf(head), required: namesOf(head) },
      processRecord: {
        type: 'object',
        allOf: [{ $ref: '#/$defs/anyRecord' }],
        properties: propertiesOf(ofAll),
        required: ALWAYS,
      },
      ...Object.fromEntries(PROCESS_EVENTS.map((event) => [event, special('processRecord', event, ofSome(event), [])])),
      ...Object.fromEntries(
        STREAM_EVENTS.map((event) => [event, special('anyRecord', event, streamFields(event), known(event))]),
      ),
    },
  };
}

/** Which members a line has is chosen on the command line, so none but the version is required. */
function taskSchema() {
  const [version] = HEAD;
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: `procwatch ps, version ${SCHEMA_VERSION}`,
    description:
      'One line of procwatch ps --json: a process, or a thread. What is absent is unknown, or was not asked for.',
    type: 'object',
    properties: propertiesOf([{ ...version, ours: true }, ...TASK_FIELDS]),
    required: [version.name],
  };
}

const TYPE_NAMES = {
  version: String(SCHEMA_VERSION),
  string: 'string',
  strings: 'readonly string[]',
  integer: 'number',
  number: 'number',
  boolean: 'boolean',
  counts: 'Readonly<Record<string, number>>',
  ancestry: 'readonly AncestorJson[]',
};

const sentence = (text) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
const member = (name, type, meaning, isKnown) =>
  `  /** ${sentence(meaning)} */\n  readonly ${name}${isKnown ? '' : '?'}: ${type};`;

function members(field, isKnown) {
  const type = field.values ? field.values.map((value) => `'${value}'`).join(' | ') : TYPE_NAMES[field.type];
  const own = member(field.name, type, field.meaning, isKnown);
  const twin = member(`${field.name}_base64`, TYPE_NAMES[field.type], twinMeaning(field.name), false);
  return hasTwin(field) ? [own, twin] : [own];
}

const typeName = (event) => `${event.replace(/(?:^|-)(.)/g, (_, first) => first.toUpperCase())}Json`;

function extending(base, event, body) {
  return `export interface ${typeName(event)} extends ${base} {\n  readonly event: '${event}';\n${body.join('\n')}\n}\n`;
}

function types() {
  const shared = ofAll.flatMap((field) => members(field, ALWAYS.includes(field.name)));
  const union = (name, events) => `export type ${name} = ${events.map(typeName).join(' | ')};\n`;
  return [
    '/** The JSON records as types. Written by scripts/schema.js from the tables of fields. Do not edit. */\n',
    `interface HeadJson {\n${head.flatMap((field) => members(field, true)).join('\n')}\n}\n`,
    '/** A parent, or the parent of one. */\nexport interface AncestorJson {\n  readonly pid: number;\n  readonly comm?: string;\n  readonly comm_base64?: string;\n}\n',
    `/** What the record of every process event may carry. What is absent is unknown. */\nexport interface ProcessFieldsJson extends HeadJson {\n${shared.join('\n')}\n}\n`,
    ...PROCESS_EVENTS.map((event) => {
      const body = ofSome(event).flatMap((field) => members(field, false));
      return extending('ProcessFieldsJson', event, body);
    }),
    ...STREAM_EVENTS.map((event) => {
      const body = streamFields(event).flatMap((field) => members(field, !field.optional));
      return extending('HeadJson', event, body);
    }),
    '/** A record about a process. */',
    union('ProcessJson', PROCESS_EVENTS),
    union('JsonRecord', [...PROCESS_EVENTS, ...STREAM_EVENTS]),
  ].join('\n');
}

/** As the linter wants it, so that both can be checked in. */
function formatted(path, text) {
  const biome = `${root}node_modules/@biomejs/biome/bin/biome`;
  const { stdout, stderr, status } = spawnSync(process.execPath, [biome, 'format', `--stdin-file-path=${path}`], {
    cwd: root,
    input: text,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`${path}: ${stderr}`);
  return stdout;
}

const written = {
  [SCHEMA]: JSON.stringify(schema(), null, 2),
  [TASK_SCHEMA]: JSON.stringify(taskSchema(), null, 2),
  [TYPES]: types(),
};
for (const [path, text] of Object.entries(written)) {
  const fresh = formatted(path, text);
  if (!process.argv.includes('--check')) writeFileSync(root + path, fresh);
  else if (readFileSync(root + path, 'utf8') !== fresh) {
    console.error(`${path} is stale: run node scripts/schema.js`);
    process.exitCode = 1;
  }
}

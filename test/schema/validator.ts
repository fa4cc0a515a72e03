/**
 * Holds JSON records against the schema, more strictly than the schema itself: a member it does not know is a mistake here, where both are
 * ours. Any test that gets records may use it.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

interface Schema {
  readonly $defs: Readonly<Record<string, object>>;
}

const shipped = (name: string) =>
  JSON.parse(readFileSync(new URL(`../../schema/${name}.schema.json`, import.meta.url), 'utf8'));

export const schema: Schema = shipped('procwatch-v1');
/** Of one line of `ps`. */
export const taskSchema: object = shipped('procwatch-ps-v1');
/** Definitions that only others build on. */
const BASES = ['anyRecord', 'processRecord'];
export const EVENTS = Object.keys(schema.$defs).filter((name) => !BASES.includes(name));

const closed = Object.entries(schema.$defs).map(([name, definition]) => {
  return [name, BASES.includes(name) ? definition : { ...definition, unevaluatedProperties: false }];
});
const ajv = new Ajv2020({ allErrors: true, strict: true, strictRequired: false });
ajv.addSchema({ ...schema, $id: 'procwatch', $defs: Object.fromEntries(closed) });
const validators = new Map<string, ValidateFunction>();

function validatorOf(event: string): ValidateFunction | undefined {
  if (!validators.has(event) && EVENTS.includes(event)) {
    validators.set(event, ajv.compile({ $ref: `procwatch#/$defs/${event}` }));
  }
  return validators.get(event);
}

/** What is wrong with a record; empty if nothing is. */
export function mistakesIn(record: { readonly event: string }): string[] {
  const validate = validatorOf(record.event);
  if (validate === undefined) return [`there is no event ${record.event}`];
  return told(validate, record.event, record);
}

function told(validate: ValidateFunction, name: string, value: object): string[] {
  validate(value);
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${name}${instancePath} ${message}: ${JSON.stringify(params)}`,
  );
}

export function assertRecord(record: { readonly event: string }): void {
  assert.deepEqual(mistakesIn(record), [], JSON.stringify(record));
}

const validateTask = ajv.compile({ ...taskSchema, unevaluatedProperties: false });

/** The same of a line of `ps`. */
export const mistakesInTask = (task: object): string[] => told(validateTask, 'ps', task);

export function assertTask(task: object): void {
  assert.deepEqual(mistakesInTask(task), [], JSON.stringify(task));
}

/**
 * A record as an object, equal to what its line of JSON parses to. It stands on the same table of fields; a test holds both against each
 * other.
 */
import { plus } from '../process/moment.ts';
import type { Ancestor, LostRecord, ProcessRecord, StreamRecord } from '../process/record.ts';
import { readable, type Text } from '../process/text.ts';
import type { Field, FieldContext, Value } from './field.ts';
import { fieldsOf } from './fields.ts';
import { SCHEMA_VERSION } from './json.ts';
import type { JsonRecord } from './json-records.ts';
import { monotonicNanos, utcTime } from './times.ts';

type Members = Record<string, unknown>;

const base64 = (text: Text): string => Buffer.from(typeof text === 'string' ? text : text.bytes).toString('base64');
const isBroken = (text: Text): boolean => typeof text !== 'string';

function putText(members: Members, name: string, text: Text): void {
  members[name] = readable(text);
  if (isBroken(text)) members[`${name}_base64`] = base64(text);
}

function putList(members: Members, name: string, list: readonly Text[]): void {
  members[name] = list.map(readable);
  if (list.some(isBroken)) members[`${name}_base64`] = list.map(base64);
}

function ancestor({ pid, comm }: Ancestor): Members {
  const members: Members = { pid };
  if (comm !== undefined) putText(members, 'comm', comm);
  return members;
}

type Put = (members: Members, name: string, value: NonNullable<Value>) => void;
const asItIs: Put = (members, name, value) => {
  members[name] = value;
};

const PUT: Readonly<Record<Field['type'], Put>> = {
  string: (members, name, value) => putText(members, name, value as Text),
  strings: (members, name, value) => putList(members, name, value as readonly Text[]),
  ancestry: (members, name, value) => asItIs(members, name, (value as readonly Ancestor[]).map(ancestor) as never),
  // The number of an inode may be a bigint; JSON has numbers only.
  integer: (members, name, value) => asItIs(members, name, Number(value)),
  number: asItIs,
  boolean: asItIs,
};

function putLoss(members: Members, { reason, count, since }: LostRecord, context: FieldContext): void {
  members.reason = reason;
  if (count !== undefined) members.count = count;
  members.since = utcTime(plus(since, context.wallOffset));
  members.since_mono_ns = monotonicNanos(since);
}

function putProcess(members: Members, record: ProcessRecord, context: FieldContext): void {
  for (const { name, type, value, extra } of fieldsOf(record.event)) {
    const found = extra === undefined || context.extras.has(extra) ? value(record, context) : undefined;
    if (found !== undefined) PUT[type](members, name, found);
  }
}

/** @param seq its number in the stream */
export function objectOf(record: StreamRecord, seq: number, context: FieldContext): JsonRecord {
  const members: Members = { v: SCHEMA_VERSION, seq };
  if ('pid' in record) putProcess(members, record, context);
  else {
    members.time = utcTime(plus(record.at, context.wallOffset));
    members.mono_ns = monotonicNanos(record.at);
    members.event = record.event;
    if (context.host !== undefined) putText(members, 'host', context.host);
    if (record.event === 'lost') putLoss(members, record, context);
    else Object.assign(members, record.facts);
  }
  return members as unknown as JsonRecord;
}

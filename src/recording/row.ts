/**
 * From the JSON of one line to a record, by the table of fields that it was written by. Foreign: a member that is not of its type is taken
 * for absent, and nothing gets into a record that our own writer could not have put there.
 */
import { isUtf8 } from 'node:buffer';
import { newDraft, recordOf } from '../format/draft.ts';
import type { Field, Fill, Value } from '../format/field.ts';
import { FIELDS, fieldsOf } from '../format/fields.ts';
import { SCHEMA_VERSION } from '../format/json.ts';
import { quoted, safeJson } from '../format/json-text.ts';
import { STREAM_FIELDS } from '../format/stream-fields.ts';
import { monotonicMoment, wallMoment } from '../format/times.ts';
import { type Moment, minus } from '../process/moment.ts';
import {
  type Ancestor,
  type EndRecord,
  LOSS_REASONS,
  type LossReason,
  type LostRecord,
  type ProcessEventName,
  type ProcessRecord,
  type StartRecord,
  type StreamRecord,
} from '../process/record.ts';
import type { Text } from '../process/text.ts';
import { membersIn } from './members.ts';
import { keyOf, Origins } from './origins.ts';

/** What a line says beside the record. */
export interface Told {
  readonly wall: Moment;
  /** The wall clock minus the monotonic one, as it was. */
  readonly wallOffset: Moment;
  /** The name of the image's user. */
  readonly user: Text | undefined;
  /** Members that we do not know, as JSON, each behind a comma. */
  readonly others: string;
  /** Of a kind that we do not know. */
  readonly isStrange: boolean;
  /** Of a newer version of the format. */
  readonly isNewer: boolean;
  /** The machine. Foreign; undefined where nobody says. */
  readonly host: string | undefined;
  /** Whether the line itself names its machine, as those do that came from several. */
  readonly namesHost: boolean;
  /** Which boot of which machine: numbers of processes mean nothing beyond. Empty where nobody says. */
  readonly boot: string;
}

/** A record that was read: the same as one just made, and what stood beside it. */
export type ReadRecord = StreamRecord & { readonly told: Told };
export type ReadProcessRecord = ProcessRecord & { readonly told: Told };

type Row = Readonly<Record<string, unknown>>;
type Check = (value: unknown, row: Row, name: string, json: string) => NonNullable<Value> | undefined;

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));

/** Valid UTF-8 is plain text, whatever stands beside it. */
function textIn(value: unknown, twin: unknown): Text | undefined {
  if (typeof value !== 'string') return undefined;
  if (typeof twin !== 'string') return value;
  const bytes = bytesOf(twin);
  return isUtf8(bytes) ? value : { text: value, bytes };
}

function textsIn(value: unknown, twin: unknown): readonly Text[] | undefined {
  if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) return undefined;
  if (!Array.isArray(twin)) return value;
  return value.map((text: string, i) => textIn(text, twin[i]) ?? text);
}

function ancestorsIn(value: unknown): readonly Ancestor[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.flatMap((one: unknown) => {
    const row = (typeof one === 'object' && one !== null ? one : {}) as Row;
    return Number.isSafeInteger(row.pid) ? { pid: row.pid as number, comm: textIn(row.comm, row.comm_base64) } : [];
  });
}

/** Whole numbers beyond 2^53 lose their last digits in JSON.parse: those stand in the text. */
function integerIn(value: unknown, name: string, json: string): number | bigint | undefined {
  if (Number.isSafeInteger(value) && (value as number) >= 0) return value as number;
  if (!Number.isInteger(value) || (value as number) < 0) return undefined;
  const [, digits] = [...membersIn(json)].find(([one]) => one === name) ?? [];
  return digits !== undefined && /^\d{1,20}$/.test(digits) ? BigInt(digits) : undefined;
}

const CHECK: Readonly<Record<Field['type'], Check>> = {
  string: (value, row, name) => textIn(value, row[`${name}_base64`]),
  strings: (value, row, name) => textsIn(value, row[`${name}_base64`]),
  integer: (value, _, name, json) => integerIn(value, name, json),
  number: (value) => (typeof value === 'number' && value >= 0 ? value : undefined),
  boolean: (value) => (typeof value === 'boolean' ? value : undefined),
  ancestry: (value) => ancestorsIn(value),
};

interface Reader {
  readonly fill: Fill;
  readonly check: Check;
  readonly extra: Field['extra'];
}

/** Read before all others: without these it is no record. */
const HEAD: readonly string[] = ['v', 'seq', 'time', 'mono_ns', 'event'];

/** How each member of a kind of record is read; undefined where it is known and not read. */
function readersOf(fields: readonly Field[]): ReadonlyMap<string, Reader | undefined> {
  const readers = new Map<string, Reader | undefined>(HEAD.map((name) => [name, undefined]));
  for (const { name, type, fill, extra, ours } of fields) {
    if (!HEAD.includes(name)) readers.set(name, fill === 'elsewhere' ? undefined : { fill, extra, check: CHECK[type] });
    if (!ours && (type === 'string' || type === 'strings')) readers.set(`${name}_base64`, undefined);
  }
  return readers;
}

const READERS = new Map<string, ReadonlyMap<string, Reader | undefined>>();
/** Every kind there is: the compiler asks for a new one. */
const KINDS: Readonly<Record<ProcessEventName, true>> = {
  fork: true,
  clone: true,
  exec: true,
  exit: true,
  uid: true,
  gid: true,
  sid: true,
  ptrace: true,
  comm: true,
  coredump: true,
  found: true,
  alive: true,
  'exec-failed': true,
};
const PROCESS_EVENTS: ReadonlySet<string> = new Set(Object.keys(KINDS));

function readersFor(event: string): ReadonlyMap<string, Reader | undefined> {
  let readers = READERS.get(event);
  if (readers === undefined) {
    readers = readersOf(PROCESS_EVENTS.has(event) ? fieldsOf(event as ProcessEventName) : FIELDS);
    if (PROCESS_EVENTS.has(event)) READERS.set(event, readers);
  }
  return readers;
}

function othersIn(json: string, isKnown: (name: string) => boolean): string {
  let others = '';
  for (const [name, value] of membersIn(json)) {
    if (!isKnown(name)) others += `,${quoted(name)}:${safeJson(value)}`;
  }
  return others;
}

function lossOf(row: Row, at: Moment): LostRecord {
  const since = monotonicMoment(row.since_mono_ns) ?? at;
  const count = Number.isSafeInteger(row.count) && (row.count as number) >= 0 ? (row.count as number) : undefined;
  // A reason of a later version means that something is missing, no less.
  const reason = LOSS_REASONS.find((known) => known === row.reason) ?? ('overrun' satisfies LossReason);
  return { event: 'lost', at, since, reason, count };
}

const LOST_MEMBERS: ReadonlySet<string> = new Set([...HEAD, ...STREAM_FIELDS.lost.map(({ name }) => name)]);

/** All that is not in the head of every record. */
function factsOf(row: Row): StartRecord['facts'] {
  return Object.fromEntries(Object.entries(row).filter(([name]) => !HEAD.includes(name))) as StartRecord['facts'];
}

type Beside = Omit<Told, 'others'>;

function streamRecordOf(
  event: 'start' | 'end' | 'lost',
  row: Row,
  json: string,
  beside: Beside,
  at: Moment,
): ReadRecord {
  const told = { ...beside, others: '' };
  if (event === 'start') return { event, at, facts: factsOf(row), told };
  if (event === 'end') return { event, at, facts: factsOf(row) as EndRecord['facts'], told };
  const isWhole = Object.keys(row).every((name) => LOST_MEMBERS.has(name));
  const others = isWhole ? '' : othersIn(json, (name) => LOST_MEMBERS.has(name));
  return { ...lossOf(row, at), told: { ...told, others } };
}

function parsed(json: string): Row | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Row) : undefined;
  } catch {
    return undefined;
  }
}

const ZERO: Moment = { seconds: 0, nanos: 0 };

/** A start names its machine by itself, and says which boot of it begins. */
function machineOf({ host, boot_id }: Row, event: string, origins: Origins): Pick<Told, 'host' | 'namesHost' | 'boot'> {
  const named = typeof host === 'string' ? host : undefined;
  if (event === 'start') {
    const bootId = typeof boot_id === 'string' ? boot_id : origins.of(named).bootId;
    origins.begin({ host: named, bootId });
  }
  const origin = origins.of(named);
  return { host: origin.host, namesHost: named !== undefined && event !== 'start', boot: keyOf(origin) };
}

/**
 * Undefined for what is no record.
 * @param usage whether what processes used is wanted: it is not told unasked
 * @param origins what the lines before have said of their machines
 */
export function readRecord(
  json: string,
  usage: 'with usage' | 'without usage',
  origins = new Origins({}),
): ReadRecord | undefined {
  const row = parsed(json);
  const at = row && monotonicMoment(row.mono_ns);
  if (row === undefined || at === undefined || typeof row.event !== 'string') return undefined;
  const { event } = row;
  const wall = wallMoment(row.time);
  const wallOffset = wall === undefined ? ZERO : minus(wall, at);
  const isNewer = typeof row.v === 'number' && row.v > SCHEMA_VERSION;
  const machine = machineOf(row, event, origins);
  const told = { wall: wall ?? at, wallOffset, user: undefined, isStrange: false, isNewer, ...machine };
  if (event === 'start' || event === 'end' || event === 'lost') return streamRecordOf(event, row, json, told, at);
  if (!Number.isSafeInteger(row.pid) || (row.pid as number) < 0) return undefined;
  const readers = readersFor(event);
  const draft = newDraft();
  let hasOthers = false;
  for (const name in row) {
    const reader = readers.get(name);
    if (reader === undefined) {
      hasOthers ||= !readers.has(name);
      continue;
    }
    if (reader.extra === 'usage' && usage === 'without usage') continue;
    const value = reader.check(row[name], row, name, json);
    if (value !== undefined) reader.fill(draft, value);
  }
  // Of a program that could not be looked at only its account knows the file.
  if (usage === 'without usage' && draft.device === undefined) delete draft.inode;
  const record = recordOf(draft, event as ProcessEventName, { at, pid: row.pid as number, wallOffset });
  const others = hasOthers ? othersIn(json, (name) => readers.has(name)) : '';
  const isStrange = !PROCESS_EVENTS.has(event);
  return Object.assign(record, { told: { ...told, user: draft.user, others, isStrange } });
}

/**
 * JSON Lines: one flat object a record, its members in the order of the field table. Absent means unknown. A text
 * that is not UTF-8 has a twin ending in `_base64` with its bytes.
 */
import { BY_ITSELF } from '../cause/end-cause.ts';
import { plus } from '../process/moment.ts';
import type { Ancestor, LostRecord, ProcessEventName, ProcessRecord, StreamRecord } from '../process/record.ts';
import { readable, type Text } from '../process/text.ts';
import type { Usage } from '../usage/usage.ts';
import { type Field, type FieldContext, MICROS_IN, type Value } from './field.ts';
import { FIELDS, fieldsOf } from './fields.ts';
import type { Formatter } from './formatter.ts';
import { BY_HAND, JsonByHand, LAST_BY_HAND } from './json-by-hand.ts';
import { base64, isBroken, quoted, safeJson } from './json-text.ts';
import { LineBuffer } from './line-buffer.ts';
import { monotonicNanos, utcTime } from './times.ts';

export const SCHEMA_VERSION = 1;

/** `,"name":`, made once: these texts are written millions of times. */
const keyOf = (name: string): string => `,"${name}":`;
const base64KeyOf = (key: string): string => key.replace('":', '_base64":');
const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

export function writeText(out: LineBuffer, key: string, text: Text): void {
  out.ascii(key);
  out.text(quoted(readable(text)));
  if (!isBroken(text)) return;
  out.ascii(base64KeyOf(key));
  out.text(`"${base64(text)}"`);
}

export function writeList(out: LineBuffer, key: string, list: readonly Text[]): void {
  out.ascii(key);
  out.text(`[${list.map((text) => quoted(readable(text))).join(',')}]`);
  if (!list.some(isBroken)) return;
  out.ascii(base64KeyOf(key));
  out.text(JSON.stringify(list.map(base64)));
}

function writeAncestry(out: LineBuffer, key: string, ancestry: readonly Ancestor[]): void {
  out.ascii(`${key}[`);
  ancestry.forEach(({ pid, comm }, i) => {
    out.ascii(`${i === 0 ? '' : ','}{"pid":${pid}`);
    if (comm !== undefined) writeText(out, COMM_KEY, comm);
    out.ascii('}');
  });
  out.ascii(']');
}

const COMM_KEY = keyOf('comm');
const QUOTE = '"'.charCodeAt(0);

/** Writes a field's member of a record; nothing where it is unknown. */
type Member = (record: ProcessRecord, context: FieldContext, out: LineBuffer) => void;

/** How the value of each type is written behind its key. */
const WRITE: Record<
  Exclude<Field['type'], 'integer'>,
  (out: LineBuffer, key: string, value: NonNullable<Value>) => void
> = {
  string: (out, key, value) => writeText(out, key, value as Text),
  strings: (out, key, value) => writeList(out, key, value as readonly Text[]),
  ancestry: (out, key, value) => writeAncestry(out, key, value as readonly Ancestor[]),
  number(out, key, value) {
    out.ascii(key);
    out.decimal(value as number);
  },
  boolean(out, key, value) {
    out.ascii(key);
    out.ascii(value ? 'true' : 'false');
  },
};

function memberOf({ name, type, value, ours, put }: Field): Member {
  const key = keyOf(name);
  const opened = ascii(`${key}"`);
  if (put !== undefined) {
    const { of, write } = put;
    return (record, context, out) => {
      const moment = of(record);
      if (moment === undefined) return;
      out.raw(opened);
      write(moment, context, out);
      out.byte(QUOTE);
    };
  }
  if (ours) {
    return (record, context, out) => {
      const found = value(record, context);
      if (found === undefined) return;
      out.raw(opened);
      out.ascii(found as string);
      out.byte(QUOTE);
    };
  }
  if (type === 'integer') {
    const prefix = ascii(key);
    return (record, context, out) => {
      const found = value(record, context);
      if (found === undefined) return;
      out.raw(prefix);
      out.integer(found as number | bigint);
    };
  }
  const write = WRITE[type];
  return (record, context, out) => {
    const found = value(record, context);
    if (found !== undefined) write(out, key, found);
  };
}

/** Writes a member of what a process used; nothing where it is unknown. */
type UsedMember = (usage: Usage, out: LineBuffer) => void;

function usedMemberOf(name: string, { member, time }: NonNullable<Field['used']>): UsedMember {
  const prefix = ascii(keyOf(name));
  const micros = time && MICROS_IN[time];
  return (usage, out) => {
    const figure = usage[member];
    if (figure === undefined || figure === false) return;
    out.raw(prefix);
    if (figure === true) out.ascii('true');
    else if (micros === undefined) out.integer(figure);
    else out.millionths(figure * micros);
  };
}

/** The fields of one kind of record, in the table's order; those of the cause and of what was used come last. */
interface Layout {
  readonly byHand: boolean;
  readonly members: readonly Member[];
  readonly ofUsage: readonly UsedMember[];
  readonly ofCause: readonly Member[];
  readonly ofFailed: readonly Member[];
}

function layoutOf(event: ProcessEventName, extras: FieldContext['extras'], byHand: boolean): Layout {
  const fields = fieldsOf(event).filter(({ extra }) => extra === undefined || extras.has(extra));
  const first = byHand ? 1 + FIELDS.findIndex(({ name }) => name === LAST_BY_HAND) : 0;
  return {
    byHand,
    members: fields
      .filter(
        (field) => field.used === undefined && !field.ofCause && !field.ofFailed && FIELDS.indexOf(field) >= first,
      )
      .map(memberOf),
    ofFailed: fields.filter(({ ofFailed }) => ofFailed).map(memberOf),
    ofCause: fields.filter(({ ofCause }) => ofCause).map(memberOf),
    ofUsage: fields.flatMap(({ name, used }) => (used === undefined ? [] : usedMemberOf(name, used))),
  };
}

const HEAD = ascii(`{"v":${SCHEMA_VERSION},"seq":`);
/** What most ends have of it, and no more. */
const ENDED_BY_ITSELF = ascii(`${keyOf('cause')}"${BY_ITSELF.cause}"`);
const TAIL = ascii('}\n');

export class JsonFormatter implements Formatter {
  private readonly context: FieldContext;
  private readonly hand: JsonByHand | undefined;
  private readonly layouts = new Map<ProcessEventName, Layout>();
  private sequence = 0;

  /** `by`: all by the table, to hold what is written by hand against it. */
  constructor(context: FieldContext, by: 'hand' | 'table' = 'hand') {
    this.context = context;
    this.hand = by === 'hand' ? new JsonByHand(context) : undefined;
  }

  /** The next record has the number behind this one: others were written by somebody else. */
  continue(sequence: number): void {
    this.sequence = sequence;
  }

  format(record: StreamRecord): string {
    const out = new LineBuffer();
    this.write(record, out);
    return out.takeText();
  }

  write(record: StreamRecord, out: LineBuffer): void {
    out.raw(HEAD);
    out.integer(++this.sequence);
    if ('pid' in record) this.writeProcess(record, out);
    else out.text(this.ownMembers(record));
    out.raw(TAIL);
  }

  /** The members of a record that is about the stream and not about a process. */
  private ownMembers(record: Exclude<StreamRecord, ProcessRecord>): string {
    const wall = utcTime(plus(record.at, this.context.wallOffset));
    const when = `,"time":"${wall}","mono_ns":"${monotonicNanos(record.at)}","event":"${record.event}"`;
    if (record.event === 'lost') return when + this.lossMembers(record) + this.hostMember();
    const facts = safeJson(JSON.stringify(record.facts)).slice(1, -1);
    const host = 'host' in record.facts ? '' : this.hostMember();
    return facts === '' ? when + host : `${when},${facts}${host}`;
  }

  private hostMember(): string {
    const { host } = this.context;
    return host === undefined ? '' : `,"host":${quoted(readable(host))}`;
  }

  private lossMembers({ reason, count, since }: LostRecord): string {
    const from = utcTime(plus(since, this.context.wallOffset));
    const known = count === undefined ? '' : `,"count":${count}`;
    return `,"reason":"${reason}"${known},"since":"${from}","since_mono_ns":"${monotonicNanos(since)}"`;
  }

  private writeProcess(record: ProcessRecord, out: LineBuffer): void {
    let layout = this.layouts.get(record.event);
    if (layout === undefined) {
      const byHand = this.hand !== undefined && BY_HAND.has(record.event);
      layout = layoutOf(record.event, this.context.extras, byHand);
      this.layouts.set(record.event, layout);
    }
    if (layout.byHand) this.hand?.write(record, out);
    for (const write of layout.members) write(record, this.context, out);
    if (record.failed !== undefined) for (const write of layout.ofFailed) write(record, this.context, out);
    const cause = record.exit?.cause;
    if (cause === BY_ITSELF) out.raw(ENDED_BY_ITSELF);
    else if (cause !== undefined) for (const write of layout.ofCause) write(record, this.context, out);
    const usage = record.exit?.usage;
    if (usage !== undefined) for (const write of layout.ofUsage) write(usage, out);
  }
}

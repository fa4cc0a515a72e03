/**
 * JSON Lines: one flat object a record, its members in the order of the field table. Absent means unknown. A text
 * that is not UTF-8 has a twin ending in `_base64` with its bytes.
 *
 * The bytes of an image's members are kept with the image: forks share their parent's, and each exit repeats that of its exec.
 */
import type { Image } from '../process/image.ts';
import { plus } from '../process/moment.ts';
import type { Ancestor, LostRecord, ProcessEventName, ProcessRecord, StreamRecord } from '../process/record.ts';
import { type BrokenText, readable, type Text } from '../process/text.ts';
import type { Usage } from '../usage/usage.ts';
import { type Field, type FieldContext, fieldsOf, MICROS_IN, type Value } from './fields.ts';
import type { Formatter } from './formatter.ts';
import { LineBuffer } from './line-buffer.ts';
import { monotonicNanos, utcTime } from './times.ts';

export const SCHEMA_VERSION = 1;

/** Characters JSON may carry raw, but a terminal must not get: DEL, C1 and format characters such as the bidi controls. */
const UNSAFE_ON_TERMINALS = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;
const ASCII = /^[ -~]*$/;

/** Names come again and again: their quoted forms are kept, as many as fit. */
const KEPT = 2048;
const kept = new Map<string, Uint8Array>();

/** JSON text that is safe to look at too. */
function quoted(value: string): Uint8Array {
  const known = kept.get(value);
  if (known !== undefined) return known;
  const text = JSON.stringify(value);
  const safe = ASCII.test(text) ? text : text.replace(UNSAFE_ON_TERMINALS, unicodeEscape);
  const bytes = Buffer.from(safe);
  if (kept.size >= KEPT) kept.clear();
  kept.set(value, bytes);
  return bytes;
}

function unicodeEscape(character: string): string {
  let out = '';
  for (let i = 0; i < character.length; i++) out += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return out;
}

const base64 = (text: Text): string => Buffer.from(typeof text === 'string' ? text : text.bytes).toString('base64');
const isBroken = (text: Text): text is BrokenText => typeof text !== 'string';

/** `,"name":`, made once: these texts are written millions of times. */
const keyOf = (name: string): string => `,"${name}":`;
const base64KeyOf = (key: string): string => key.replace('":', '_base64":');
const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

export function writeText(out: LineBuffer, key: string, text: Text): void {
  out.ascii(key);
  out.raw(quoted(readable(text)));
  if (!isBroken(text)) return;
  out.ascii(base64KeyOf(key));
  out.text(`"${base64(text)}"`);
}

/** A text as members of an object, `"name":"…"`: a second one where it is not UTF-8. For what is written seldom. */
export function quotedText(name: string, text: Text): string[] {
  const member = `"${name}":${Buffer.from(quoted(readable(text))).toString()}`;
  return isBroken(text) ? [member, `"${name}_base64":"${base64(text)}"`] : [member];
}

export function writeList(out: LineBuffer, key: string, list: readonly Text[]): void {
  out.ascii(key);
  list.forEach((text, i) => {
    out.byte(i === 0 ? OPEN : COMMA);
    out.raw(quoted(readable(text)));
  });
  out.ascii(list.length === 0 ? '[]' : ']');
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
const OPEN = '['.charCodeAt(0);
const COMMA = ','.charCodeAt(0);
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

/** The fields of one kind of record, in the table's order, parted by what they are of. What was used comes last. */
interface Layout {
  readonly before: readonly Member[];
  readonly ofImage: readonly Member[];
  readonly after: readonly Member[];
  readonly ofUsage: readonly UsedMember[];
}

function layoutOf(event: ProcessEventName, extras: FieldContext['extras']): Layout {
  const fields = fieldsOf(event).filter(({ extra }) => extra === undefined || extras.has(extra));
  const first = fields.findIndex(({ ofImage }) => ofImage);
  return {
    before: fields.slice(0, first).map(memberOf),
    ofImage: fields.filter(({ ofImage }) => ofImage).map(memberOf),
    after: fields
      .slice(first)
      .filter(({ ofImage, used }) => !ofImage && used === undefined)
      .map(memberOf),
    ofUsage: fields.flatMap(({ name, used }) => (used === undefined ? [] : usedMemberOf(name, used))),
  };
}

const HEAD = ascii(`{"v":${SCHEMA_VERSION},"seq":`);
const TAIL = ascii('}\n');

export class JsonFormatter implements Formatter {
  private readonly context: FieldContext;
  private readonly layouts = new Map<ProcessEventName, Layout>();
  private readonly imageBytes = new WeakMap<Image, Uint8Array>();
  private readonly aside = new LineBuffer();
  private sequence = 0;

  constructor(context: FieldContext) {
    this.context = context;
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
    if (record.event === 'lost') return when + this.lossMembers(record);
    return `${when},${JSON.stringify(record.facts).slice(1, -1)}`;
  }

  private lossMembers({ reason, count, since }: LostRecord): string {
    const from = utcTime(plus(since, this.context.wallOffset));
    const known = count === undefined ? '' : `,"count":${count}`;
    return `,"reason":"${reason}"${known},"since":"${from}","since_mono_ns":"${monotonicNanos(since)}"`;
  }

  private writeProcess(record: ProcessRecord, out: LineBuffer): void {
    let layout = this.layouts.get(record.event);
    if (layout === undefined) {
      layout = layoutOf(record.event, this.context.extras);
      this.layouts.set(record.event, layout);
    }
    const { context } = this;
    for (const write of layout.before) write(record, context, out);
    out.raw(this.bytesOfImage(layout.ofImage, record));
    for (const write of layout.after) write(record, context, out);
    const usage = record.exit?.usage;
    if (usage !== undefined) for (const write of layout.ofUsage) write(usage, out);
  }

  private bytesOfImage(members: readonly Member[], record: ProcessRecord): Uint8Array {
    const { image } = record;
    const kept = this.imageBytes.get(image);
    if (kept !== undefined) return kept;
    for (const write of members) write(record, this.context, this.aside);
    const bytes = Buffer.from(this.aside.take());
    // A user whose name is still being asked for must get it later.
    const isFinal = image.uid === undefined || this.context.userName(image.uid) !== undefined;
    if (isFinal) this.imageBytes.set(image, bytes);
    return bytes;
  }
}

/**
 * JSON Lines: one flat object a record, written by concatenation in the order of the field table. Absent means unknown. A text
 * that is not UTF-8 has a twin ending in `_base64` with its bytes.
 *
 * The text of an image is kept with the image: forks share their parent's, and each exit repeats that of its exec.
 */
import type { Image } from '../process/image.ts';
import { plus } from '../process/moment.ts';
import type { Ancestor, LostRecord, ProcessEventName, ProcessRecord, StreamRecord } from '../process/record.ts';
import { type BrokenText, readable, type Text } from '../process/text.ts';
import { type Field, type FieldContext, fieldsOf, type Value } from './fields.ts';
import type { Formatter } from './formatter.ts';
import { monotonicNanos, utcTime } from './times.ts';

export const SCHEMA_VERSION = 1;

/** Characters JSON may carry raw, but a terminal must not get: DEL, C1 and format characters such as the bidi controls. */
const UNSAFE_ON_TERMINALS = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;
const ASCII = /^[ -~]*$/;

/** Names come again and again: their quoted forms are kept, as many as fit. */
const KEPT = 2048;
const kept = new Map<string, string>();

/** JSON text that is safe to look at too. */
function quoted(value: string): string {
  const known = kept.get(value);
  if (known !== undefined) return known;
  const text = JSON.stringify(value);
  const safe = ASCII.test(text) ? text : text.replace(UNSAFE_ON_TERMINALS, unicodeEscape);
  if (kept.size >= KEPT) kept.clear();
  kept.set(value, safe);
  return safe;
}

function unicodeEscape(character: string): string {
  let out = '';
  for (let i = 0; i < character.length; i++) out += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return out;
}

const base64 = (text: Text): string => Buffer.from(typeof text === 'string' ? text : text.bytes).toString('base64');
const isBroken = (text: Text): text is BrokenText => typeof text !== 'string';

/** `,"name":`, made once: these texts are joined millions of times. */
const keyOf = (name: string): string => `,"${name}":`;

function textMember(key: string, text: Text): string {
  if (!isBroken(text)) return key + quoted(text);
  return `${key}${quoted(text.text)}${base64Key(key)}"${base64(text)}"`;
}

function listMember(key: string, list: readonly Text[]): string {
  const shown = `${key}[${list.map((text) => quoted(readable(text))).join(',')}]`;
  return list.some(isBroken) ? `${shown}${base64Key(key)}${JSON.stringify(list.map(base64))}` : shown;
}

const base64Key = (key: string): string => key.replace('":', '_base64":');

function ancestryMember(key: string, ancestry: readonly Ancestor[]): string {
  const items = ancestry.map(
    ({ pid, comm }) => `{"pid":${pid}${comm === undefined ? '' : textMember(keyOf('comm'), comm)}}`,
  );
  return `${key}[${items.join(',')}]`;
}

/** A field's member in a record, or nothing where it is unknown. */
type Member = (record: ProcessRecord, context: FieldContext) => string;

const TEXT_OF = {
  string: (key, value) => textMember(key, value as Text),
  strings: (key, value) => listMember(key, value as readonly Text[]),
  ancestry: (key, value) => ancestryMember(key, value as readonly Ancestor[]),
  integer: (key, value) => key + value,
  number: (key, value) => key + value,
  boolean: (key, value) => key + value,
} as const satisfies Record<Field['type'], (key: string, value: NonNullable<Value>) => string>;

function memberOf({ name, type, value, ours }: Field): Member {
  const key = keyOf(name);
  if (ours) {
    const opened = `${key}"`;
    return (record, context) => {
      const found = value(record, context);
      return found === undefined ? '' : `${opened}${found}"`;
    };
  }
  const text = TEXT_OF[type];
  return (record, context) => {
    const found = value(record, context);
    return found === undefined ? '' : text(key, found);
  };
}

/** The fields of one kind of record, in the table's order, parted by what can be kept with the image. */
interface Layout {
  readonly before: readonly Member[];
  readonly ofImage: readonly Member[];
  readonly after: readonly Member[];
}

function layoutOf(event: ProcessEventName): Layout {
  const fields = fieldsOf(event);
  const first = fields.findIndex(({ ofImage }) => ofImage);
  return {
    before: fields.slice(0, first).map(memberOf),
    ofImage: fields.filter(({ ofImage }) => ofImage).map(memberOf),
    after: fields
      .slice(first)
      .filter(({ ofImage }) => !ofImage)
      .map(memberOf),
  };
}

export class JsonFormatter implements Formatter {
  private readonly context: FieldContext;
  private readonly layouts = new Map<ProcessEventName, Layout>();
  private readonly imageTexts = new WeakMap<Image, string>();
  private sequence = 0;

  constructor(context: FieldContext) {
    this.context = context;
  }

  format(record: StreamRecord): string {
    const head = `{"v":${SCHEMA_VERSION},"seq":${++this.sequence}`;
    if ('pid' in record) return `${head}${this.processMembers(record)}}\n`;
    const wall = utcTime(plus(record.at, this.context.wallOffset));
    const when = `,"time":"${wall}","mono_ns":"${monotonicNanos(record.at)}","event":"${record.event}"`;
    if (record.event === 'lost') return `${head}${when}${this.lossMembers(record)}}\n`;
    return `${head}${when},${JSON.stringify(record.facts).slice(1)}\n`;
  }

  private lossMembers({ reason, count, since }: LostRecord): string {
    const from = utcTime(plus(since, this.context.wallOffset));
    const known = count === undefined ? '' : `,"count":${count}`;
    return `,"reason":"${reason}"${known},"since":"${from}","since_mono_ns":"${monotonicNanos(since)}"`;
  }

  private processMembers(record: ProcessRecord): string {
    let layout = this.layouts.get(record.event);
    if (layout === undefined) {
      layout = layoutOf(record.event);
      this.layouts.set(record.event, layout);
    }
    let text = '';
    for (const member of layout.before) text += member(record, this.context);
    text += this.imageMembers(layout.ofImage, record);
    for (const member of layout.after) text += member(record, this.context);
    return text;
  }

  private imageMembers(members: readonly Member[], record: ProcessRecord): string {
    const { image } = record;
    const kept = this.imageTexts.get(image);
    if (kept !== undefined) return kept;
    let text = '';
    for (const member of members) text += member(record, this.context);
    // A user whose name is still being asked for must get it later.
    const isFinal = image.uid === undefined || this.context.userName(image.uid) !== undefined;
    if (isFinal) this.imageTexts.set(image, text);
    return text;
  }
}

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
import { type Field, type FieldContext, fieldsOf } from './fields.ts';
import type { Formatter } from './formatter.ts';
import { monotonicNanos, utcTime } from './times.ts';

export const SCHEMA_VERSION = 1;

/** Characters JSON may carry raw, but a terminal must not get: DEL, C1 and format characters such as the bidi controls. */
const UNSAFE_ON_TERMINALS = /[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu;
const ASCII = /^[ -~]*$/;

/** JSON text that is safe to look at too. */
function quoted(value: string): string {
  const text = JSON.stringify(value);
  return ASCII.test(text) ? text : text.replace(UNSAFE_ON_TERMINALS, unicodeEscape);
}

function unicodeEscape(character: string): string {
  let out = '';
  for (let i = 0; i < character.length; i++) out += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`;
  return out;
}

const base64 = (text: Text): string => Buffer.from(typeof text === 'string' ? text : text.bytes).toString('base64');
const isBroken = (text: Text): text is BrokenText => typeof text !== 'string';

function textMember(name: string, text: Text): string {
  if (!isBroken(text)) return `,"${name}":${quoted(text)}`;
  return `,"${name}":${quoted(text.text)},"${name}_base64":"${base64(text)}"`;
}

function listMember(name: string, list: readonly Text[]): string {
  const shown = `[${list.map((text) => quoted(readable(text))).join(',')}]`;
  if (!list.some(isBroken)) return `,"${name}":${shown}`;
  return `,"${name}":${shown},"${name}_base64":${JSON.stringify(list.map(base64))}`;
}

function ancestryMember(name: string, ancestry: readonly Ancestor[]): string {
  const items = ancestry.map(({ pid, comm }) => `{"pid":${pid}${comm === undefined ? '' : textMember('comm', comm)}}`);
  return `,"${name}":[${items.join(',')}]`;
}

function member({ name, type, value }: Field, record: ProcessRecord, context: FieldContext): string {
  const found = value(record, context);
  if (found === undefined) return '';
  switch (type) {
    case 'string':
      return textMember(name, found as Text);
    case 'strings':
      return listMember(name, found as readonly Text[]);
    case 'ancestry':
      return ancestryMember(name, found as readonly Ancestor[]);
    default:
      return `,"${name}":${found}`;
  }
}

/** The fields of one kind of record, in the table's order, parted by what can be kept with the image. */
interface Layout {
  readonly before: readonly Field[];
  readonly ofImage: readonly Field[];
  readonly after: readonly Field[];
}

function layoutOf(event: ProcessEventName): Layout {
  const fields = fieldsOf(event);
  const first = fields.findIndex(({ ofImage }) => ofImage);
  return {
    before: fields.slice(0, first).filter(({ ofImage }) => !ofImage),
    ofImage: fields.filter(({ ofImage }) => ofImage),
    after: fields.slice(first).filter(({ ofImage }) => !ofImage),
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
    for (const field of layout.before) text += member(field, record, this.context);
    text += this.imageMembers(layout.ofImage, record);
    for (const field of layout.after) text += member(field, record, this.context);
    return text;
  }

  private imageMembers(fields: readonly Field[], record: ProcessRecord): string {
    const { image } = record;
    const kept = this.imageTexts.get(image);
    if (kept !== undefined) return kept;
    let text = '';
    for (const field of fields) text += member(field, record, this.context);
    // A user whose name is still being asked for must get it later.
    const isFinal = image.uid === undefined || this.context.userName(image.uid) !== undefined;
    if (isFinal) this.imageTexts.set(image, text);
    return text;
  }
}

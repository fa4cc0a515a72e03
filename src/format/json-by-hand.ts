/**
 * The members that births (of threads too), execs and ends have in JSON, written out by hand: tens of thousands a second are made, and a call for each field
 * of a table costs more than the field. The table (fields.ts) stays the only source: names are taken from it, and a test holds what is
 * written here against what the table writes, for records of every kind.
 *
 * What an image gives is made once, and kept with it: forks share their parent's, and each exit repeats that of its exec.
 */
import type { Image } from '../process/image.ts';
import type { Moment } from '../process/moment.ts';
import type { ProcessEnd, ProcessRecord } from '../process/record.ts';
import type { Text } from '../process/text.ts';
import { outcomeOf } from '../process/wait-status.ts';
import { putAscii, putBytes, putDigits, putIfPlain, putInteger, putMillionths } from './byte-writing.ts';
import type { FieldContext } from './field.ts';
import { durationOf, inodeDigits } from './fields.ts';
import { textLetters } from './json-text.ts';
import type { LineBuffer } from './line-buffer.ts';
import { utcSecondOf } from './times.ts';

const ascii = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const NANOS = 1_000_000_000;
const NANO_DIGITS = 9;

/** What stands between the values, in the order of the table. */
const BEFORE = {
  time: ascii(',"time":"'),
  mono_ns: ascii('Z","mono_ns":"'),
  event: ascii('","event":"'),
  cpu: ascii('","cpu":'),
  noCpu: ascii('"'),
  pid: ascii(',"pid":'),
  tid: ascii(',"tid":'),
  ppid: ascii(',"ppid":'),
  parent_comm: ascii(',"parent_comm":'),
  inherited: ascii(',"image":"inherited"'),
  earlier: ascii(',"image":"earlier"'),
  thread: ascii(',"thread":true'),
  wait_status: ascii(',"wait_status":'),
  exit_code: ascii(',"exit_code":'),
  signal: ascii(',"signal":"'),
  dumped: ascii('","core_dumped":true'),
  notDumped: ascii('","core_dumped":false'),
  duration_s: ascii(',"duration_s":'),
  start_time: ascii(',"start_time":"'),
  start_mono_ns: ascii('Z","start_mono_ns":"'),
  quote: ascii('"'),
} as const;

/** The last of these fields, by the table's order: what comes behind it is the table's to write. */
export const LAST_BY_HAND = 'start_mono_ns';
export const BY_HAND: ReadonlySet<string> = new Set(['fork', 'clone', 'exec', 'exit']);

/** What is kept with an image. */
const KEPT_LETTERS = 2048;

/** All of the above with the longest values, but for what an image gives and for texts that need care. */
const ROOM = 640;

const PLAIN = /^[ !#-[\]-~]*$/;
/** The same, with the zeros between arguments. */
const PLAIN_ARGS = /^[\0 !#-[\]-~]*$/;

const member = (name: string, value: string): string => `,"${name}":${value}`;
const text = (name: string, value: Text | undefined): string => {
  if (value === undefined) return '';
  return typeof value === 'string' && PLAIN.test(value) ? `,"${name}":"${value}"` : textLetters(name, value);
};

function argsLetters({ argsLetters: letters, args }: Image): string {
  if (letters !== undefined && PLAIN_ARGS.test(letters)) {
    const all = letters.endsWith('\0') ? letters.slice(0, -1) : letters;
    return `,"args":["${all.replaceAll('\0', '","')}"]`;
  }
  return args === undefined ? '' : textLetters('args', args);
}

function pathLetters(name: 'exe' | 'cwd', image: Image): string {
  const missing = image[`${name}Missing`];
  const deleted = image[`${name}Deleted`] ? member(`${name}_deleted`, 'true') : '';
  return text(name, image[name]) + deleted + (missing === undefined ? '' : member(`${name}_missing`, `"${missing}"`));
}

function imageLetters(image: Image, { userName }: FieldContext): string {
  const { file, uid, argsTotal, missing } = image;
  const device = file?.device === undefined ? '' : member('exe_dev', `"${file.device}"`);
  const inode = file === undefined ? '' : member('exe_inode', String(file.inode));
  const digits = inodeDigits(image);
  const exact = digits === undefined ? '' : member('exe_inode_digits', `"${digits}"`);
  const cut = argsTotal === undefined ? '' : member('args_truncated', String(argsTotal));
  const who = uid === undefined ? '' : member('uid', String(uid)) + text('user', userName(uid));
  const gone = missing === undefined ? '' : member('missing', `"${missing}"`);
  const program =
    text('comm', image.comm) + pathLetters('exe', image) + text('path', image.path) + device + inode + exact;
  return program + argsLetters(image) + cut + pathLetters('cwd', image) + who + gone;
}

function putMono({ seconds, nanos }: Moment, bytes: Uint8Array, at: number): number {
  return seconds > 0
    ? putDigits(bytes, putInteger(bytes, at, seconds), nanos, NANO_DIGITS)
    : putInteger(bytes, at, nanos);
}

export class JsonByHand {
  private readonly context: FieldContext;
  /** The second that was written last, as bytes up to its point. */
  private second = Number.NaN;
  private secondBytes: Uint8Array = new Uint8Array(0);

  constructor(context: FieldContext) {
    this.context = context;
  }

  write(record: ProcessRecord, out: LineBuffer): void {
    const image = this.lettersOf(record.image);
    const bytes = out.room(ROOM + image.length);
    let at = this.putWhen(record, bytes, out.length);
    at = putInteger(bytes, putBytes(bytes, at, BEFORE.pid), record.pid);
    at = putInteger(bytes, putBytes(bytes, at, BEFORE.tid), record.tid);
    if (record.ppid !== undefined) at = putInteger(bytes, putBytes(bytes, at, BEFORE.ppid), record.ppid);
    if (record.parentComm !== undefined) {
      out.advance(at);
      this.writeParent(record.parentComm, out, image.length);
    } else out.advance(at);
    this.writeRest(record, image, out);
  }

  private putWhen({ at: moment, event, cpu }: ProcessRecord, bytes: Uint8Array, start: number): number {
    let at = this.putWall(moment, this.context.wallOffset, bytes, putBytes(bytes, start, BEFORE.time));
    at = putMono(moment, bytes, putBytes(bytes, at, BEFORE.mono_ns));
    at = putAscii(bytes, putBytes(bytes, at, BEFORE.event), event);
    if (cpu === undefined) return putBytes(bytes, at, BEFORE.noCpu);
    return putInteger(bytes, putBytes(bytes, at, BEFORE.cpu), cpu);
  }

  /** Up to the last digit. */
  private putWall(moment: Moment, wallOffset: Moment, bytes: Uint8Array, start: number): number {
    const nanos = moment.nanos + wallOffset.nanos;
    const carry = nanos < NANOS ? 0 : 1;
    const second = moment.seconds + wallOffset.seconds + carry;
    if (second !== this.second) {
      this.second = second;
      this.secondBytes = ascii(utcSecondOf(second));
    }
    return putDigits(bytes, putBytes(bytes, start, this.secondBytes), nanos - carry * NANOS, NANO_DIGITS);
  }

  private writeParent(name: Text, out: LineBuffer, more: number): void {
    const bytes = out.room(ROOM + more);
    const at = typeof name === 'string' ? putIfPlain(bytes, putBytes(bytes, out.length, BEFORE.parent_comm), name) : -1;
    if (at >= 0) return out.advance(at);
    out.letters(textLetters('parent_comm', name));
  }

  private writeRest(record: ProcessRecord, image: string, out: LineBuffer): void {
    const bytes = out.room(ROOM + image.length);
    let at = out.length + bytes.write(image, out.length, 'latin1');
    if (record.imageOf !== undefined) at = putBytes(bytes, at, BEFORE[record.imageOf]);
    if (record.event === 'exit') {
      if (record.thread) at = putBytes(bytes, at, BEFORE.thread);
      if (record.exit !== undefined) at = this.putEnd(record.exit, bytes, at);
    }
    out.advance(at);
  }

  private putEnd({ waitStatus, duration, start, startOffset }: ProcessEnd, bytes: Uint8Array, from: number): number {
    let at = from;
    if (waitStatus !== undefined) {
      at = putInteger(bytes, putBytes(bytes, at, BEFORE.wait_status), waitStatus);
      const end = outcomeOf(waitStatus);
      if (end.kind === 'code') at = putInteger(bytes, putBytes(bytes, at, BEFORE.exit_code), end.code);
      else {
        at = putAscii(bytes, putBytes(bytes, at, BEFORE.signal), end.signal);
        at = putBytes(bytes, at, end.coreDumped ? BEFORE.dumped : BEFORE.notDumped);
      }
    }
    if (duration !== undefined) {
      at = putMillionths(bytes, putBytes(bytes, at, BEFORE.duration_s), durationOf(duration) * 1e6);
    }
    if (start === undefined) return at;
    const offset = startOffset ?? this.context.wallOffset;
    at = this.putWall(start, offset, bytes, putBytes(bytes, at, BEFORE.start_time));
    return putBytes(bytes, putMono(start, bytes, putBytes(bytes, at, BEFORE.start_mono_ns)), BEFORE.quote);
  }

  private lettersOf(image: Image): string {
    const { kept, uid } = image;
    // It may be known later only, and it may change.
    const user = uid === undefined ? undefined : this.context.userName(uid);
    if (kept !== undefined && kept.by === this && kept.user === user) return kept.letters;
    const letters = imageLetters(image, this.context);
    // Of texts that need care a letter becomes six: thousands of such images may be alive.
    if (letters.length <= KEPT_LETTERS) image.kept = { by: this, letters, user };
    return letters;
  }
}

/** What a field of a record is: its name, type, meaning, who carries it, its value and its column. */
import type { Moment } from '../process/moment.ts';
import type { Ancestor, ProcessEventName, ProcessRecord } from '../process/record.ts';
import type { Text } from '../process/text.ts';
import type { Usage } from '../usage/usage.ts';
import type { Draft } from './draft.ts';
import type { LineBuffer } from './line-buffer.ts';

export type Extra = 'ancestry' | 'cgroup' | 'usage' | 'host';

/** What a formatter knows besides the record. */
export interface FieldContext {
  /** CLOCK_REALTIME minus CLOCK_MONOTONIC. */
  readonly wallOffset: Moment;
  /** The fields to tell that are not told unasked. */
  readonly extras: ReadonlySet<Extra>;
  /** The name of a user id; undefined while it is unknown. */
  userName(uid: number): Text | undefined;
  /** Whether records of several machines stand beside each other, so that each has to say whose it is. */
  readonly tellsHosts?: boolean;
  /** The machine of the record, where it is told. */
  readonly host?: Text | undefined;
}

export type Value = number | bigint | boolean | Text | readonly Text[] | readonly Ancestor[] | undefined;
export type FieldType = 'string' | 'integer' | 'number' | 'boolean' | 'strings' | 'ancestry';

export type Fill = (draft: Draft, value: NonNullable<Value>) => void;

/** Carried by all records, or by these. */
type Carriers = 'all' | readonly ProcessEventName[];

export interface Field {
  readonly name: string;
  readonly type: FieldType;
  readonly meaning: string;
  readonly carriers: Carriers;
  readonly value: (record: ProcessRecord, context: FieldContext) => Value;
  /** Puts the value, as JSON had it, back where it came from; `elsewhere`: it follows from others, and is not read. */
  readonly fill: Fill | 'elsewhere';
  /** A text of our own making, plain ASCII: it needs no escaping anywhere. */
  readonly ours?: true;
  /** The value is a moment: which, and how it is written without making a text of it. */
  readonly put?: {
    readonly of: (record: ProcessRecord) => Moment | undefined;
    readonly write: (moment: Moment, context: FieldContext, out: LineBuffer) => void;
  };
  /** Depends on nothing but the image: formatters may keep its text with the image. */
  readonly ofImage?: true;
  /** Told only where somebody wants it, since it costs something to know. */
  readonly extra?: Extra;
  /** A figure of what the process used: which, and the unit that `value` makes seconds of where it is a time. */
  readonly used?: { readonly member: keyof Usage; readonly time: keyof typeof MICROS_IN | undefined };
  /** Told of an end whose cause is known, and of no other. */
  readonly ofCause?: true;
  /** Told where something could not be executed. */
  readonly ofFailed?: true;
  readonly column: { readonly width: number; readonly align: 'left' | 'right' };
  /** The cell, where it reads better than the plain value. Already safe for a terminal. */
  readonly cell?: (record: ProcessRecord, context: FieldContext) => string;
}

export const MICRO = 1e6;
/** Microseconds in one of them. */
export const MICROS_IN = { nanos: 1 / 1000, micros: 1 } as const;

/** Puts a value that was read where it belongs. */
export const set = <Holder, Name extends keyof Holder>(holder: Holder, name: Name, value: unknown): void => {
  holder[name] = value as Holder[Name];
};

export const LEFT = (width: number) => ({ width, align: 'left' }) as const;
export const RIGHT = (width: number) => ({ width, align: 'right' }) as const;

/** The ring's memory as numbers: fields of a record by the place at which it begins. Pure; makes no object for a record. */
import { FACT } from '../bpf/fact-record.ts';
import { asBuffer, momentOf } from '../bpf/record-fields.ts';
import type { Moment } from '../process/moment.ts';

/** A ring that is looked at without being emptied (src/bpf/ring.ts). */
export interface FactRing {
  readonly bytes: Uint8Array;
  /** Bytes of records whose room was not given back. */
  readonly held: number;
  look(take: (at: number, length: number, position: number) => void, most?: number): number;
  release(position?: number): void;
}

/** Index into the ring's bytes at which a record begins; -1 for none. */
export type Place = number;
export const NONE: Place = -1;

/** Of a record in a ring: u32 length with two marks, u32 for the kernel. */
export const HEADER_BYTES = 8;
const LENGTH = 0x3fffffff;

export class FactView {
  readonly bytes: Buffer;
  readonly words: Uint32Array;

  constructor({ bytes }: Pick<FactRing, 'bytes'>) {
    this.bytes = asBuffer(bytes);
    this.words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >>> 2);
  }

  /** Only until room is given back. */
  u32(place: Place, field: number): number {
    return this.words[(place + field) >>> 2];
  }

  /** A field that is a u64 of nanoseconds. */
  moment(place: Place, field: number): Moment {
    return momentOf(this.u32(place, field + 4), this.u32(place, field));
  }

  /** Bytes of a record: its length stands right before it. */
  length(place: Place): number {
    return this.words[(place - HEADER_BYTES) >>> 2] & LENGTH;
  }

  /** Of the process of a record, as the halves of a u64: with its number it says which process. */
  birth(place: Place): string {
    return `${this.u32(place, FACT.start + 4)}.${this.u32(place, FACT.start)}`;
  }
}

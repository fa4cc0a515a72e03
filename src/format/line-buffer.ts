/**
 * Bytes of lines on their way out. Joining thirty short strings a record costs a microsecond and a kilobyte of garbage; writing their
 * bytes into one buffer costs a quarter of that and none.
 */
import { putAscii, putBytes, putDigits, putInteger, putMillionths } from './byte-writing.ts';

const FIRST_BYTES = 64 * 1024;
/** Room for a line of megabytes is not kept for the next, which is most likely short. */
const KEPT_BYTES = 1024 * 1024;
/** Bytes of one UTF-16 unit in UTF-8, at the most. */
const WIDEST = 3;
/** Of a number with its sign and its point. */
const NUMBER_BYTES = 24;

export class LineBuffer {
  private space = Buffer.allocUnsafe(FIRST_BYTES);
  private used = 0;

  get length(): number {
    return this.used;
  }

  /** For whoever writes by hand: the bytes, with room for so many more behind `length`. Then `advance` says how far it was written. */
  room(more: number): Buffer {
    if (this.used + more > this.space.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.space.length * 2, this.used + more));
      larger.set(this.space.subarray(0, this.used));
      this.space = larger;
    }
    return this.space;
  }

  advance(to: number): void {
    this.used = to;
  }

  /** Any text. */
  text(text: string): void {
    this.used += this.room(text.length * WIDEST).write(text, this.used);
  }

  /** A short text that is known to be ASCII. */
  ascii(text: string): void {
    this.used = putAscii(this.room(text.length), this.used, text);
  }

  /** Bytes that came as letters, one each (Latin 1). */
  letters(text: string): void {
    this.used += this.room(text.length).write(text, this.used, 'latin1');
  }

  /** Bytes made before. */
  raw(source: Uint8Array): void {
    this.used = putBytes(this.room(source.length), this.used, source);
  }

  /** A whole number. */
  integer(value: number | bigint): void {
    if (typeof value === 'bigint' || value < 0 || !Number.isSafeInteger(value)) return this.ascii(String(value));
    this.used = putInteger(this.room(NUMBER_BYTES), this.used, value);
  }

  /** A number from 0 up, to six decimals; zeros at the end are left out. */
  decimal(value: number): void {
    this.millionths(value * 1e6);
  }

  /** The same of a number of millionths. */
  millionths(value: number): void {
    this.used = putMillionths(this.room(NUMBER_BYTES), this.used, value);
  }

  /** The lowest `count` digits of a whole number below 2^31, zeros in front. */
  digits(value: number, count: number): void {
    this.used = putDigits(this.room(count), this.used, value, count);
  }

  byte(value: number): void {
    this.room(1)[this.used++] = value;
  }

  /** All that was written, valid until something is written again, and an empty buffer. */
  take(): Uint8Array {
    const taken = this.space.subarray(0, this.used);
    this.used = 0;
    if (this.space.length > KEPT_BYTES) this.space = Buffer.allocUnsafe(FIRST_BYTES);
    return taken;
  }

  /** The same, as text. */
  takeText(): string {
    const text = this.space.toString('utf8', 0, this.used);
    this.used = 0;
    return text;
  }
}

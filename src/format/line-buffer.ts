/**
 * Bytes of lines on their way out. Joining thirty short strings a record costs a microsecond and a kilobyte of garbage; writing their
 * bytes into one buffer costs a quarter of that and none. So the hot format writes here, and this file is where speed is
 * allowed to look like work.
 */
const FIRST_BYTES = 64 * 1024;
/** Up to here a loop copies faster than the call that would do it. */
const LOOP_BYTES = 24;
/** Bytes of one UTF-16 unit in UTF-8, at the most. */
const WIDEST = 3;
const ZERO = 48;
const POINT = 46;
const INT32_MAX = 2 ** 31 - 1;

export class LineBuffer {
  private bytes = Buffer.allocUnsafe(FIRST_BYTES);
  private used = 0;

  get length(): number {
    return this.used;
  }

  private reserve(more: number): void {
    if (this.used + more <= this.bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.bytes.length * 2, this.used + more));
    larger.set(this.bytes.subarray(0, this.used));
    this.bytes = larger;
  }

  /** Any text. */
  text(text: string): void {
    this.reserve(text.length * WIDEST);
    this.used += this.bytes.write(text, this.used);
  }

  /** A short text that is known to be ASCII. */
  ascii(text: string): void {
    const { length } = text;
    this.reserve(length);
    const { bytes } = this;
    let at = this.used;
    for (let i = 0; i < length; i++) bytes[at++] = text.charCodeAt(i);
    this.used = at;
  }

  /** Bytes made before. */
  raw(source: Uint8Array): void {
    const { length } = source;
    this.reserve(length);
    const { bytes } = this;
    if (length > LOOP_BYTES) bytes.set(source, this.used);
    else for (let i = 0, at = this.used; i < length; i++) bytes[at++] = source[i];
    this.used += length;
  }

  /** A whole number. */
  integer(value: number | bigint): void {
    if (typeof value === 'bigint' || value < 0 || value > INT32_MAX) return this.ascii(String(value));
    let digits = 1;
    for (let limit = 10; value >= limit; limit *= 10) digits++;
    this.digits(value, digits);
  }

  /** A number from 0 up, to six decimals; zeros at the end are left out. */
  decimal(value: number): void {
    this.millionths(value * 1e6);
  }

  /** The same of a number of millionths. */
  millionths(value: number): void {
    const micros = Math.round(value);
    const whole = Math.floor(micros / 1e6);
    this.integer(whole);
    let rest = micros - whole * 1e6;
    if (rest === 0) return;
    let places = 6;
    for (; rest % 10 === 0; rest /= 10) places--;
    this.byte(POINT);
    this.digits(rest, places);
  }

  /** The lowest `count` digits of a whole number below 2^31, zeros in front. */
  digits(value: number, count: number): void {
    this.reserve(count);
    const { bytes } = this;
    let rest = value | 0;
    for (let at = this.used + count - 1; at >= this.used; at--) {
      const next = (rest / 10) | 0;
      bytes[at] = ZERO + (rest - next * 10);
      rest = next;
    }
    this.used += count;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.used++] = value;
  }

  /** All that was written, valid until something is written again, and an empty buffer. */
  take(): Uint8Array {
    const taken = this.bytes.subarray(0, this.used);
    this.used = 0;
    return taken;
  }

  /** The same, as text. */
  takeText(): string {
    const text = this.bytes.toString('utf8', 0, this.used);
    this.used = 0;
    return text;
  }
}

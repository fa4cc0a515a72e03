/** Pieces of bytes to lines. A line that is longer than any record can be is never held in memory: it is only told of. */

const NEWLINE = 10;
export const LONGEST_LINE = 16 * 2 ** 20;

/** A line is the bytes from `from` up to `to`, without its end; valid during the call. */
export type TakeLine = (bytes: Buffer, from: number, to: number, number: number) => void;

export class LineSplitter {
  private readonly take: TakeLine;
  private readonly tooLong: (number: number) => void;
  /** The beginning of a line whose end has not come yet. */
  private parts: Buffer[] = [];
  private held = 0;
  private isTooLong = false;
  /** Lines so far. */
  private count = 0;

  constructor(take: TakeLine, tooLong: (number: number) => void) {
    this.take = take;
    this.tooLong = tooLong;
  }

  /** Copies what has to be kept. */
  push(piece: Uint8Array): void {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    let from = 0;
    if (this.held > 0 || this.isTooLong) {
      const end = bytes.indexOf(NEWLINE);
      if (end < 0) return this.hold(bytes);
      this.hold(bytes.subarray(0, end));
      this.endLine();
      from = end + 1;
    }
    for (;;) {
      const end = bytes.indexOf(NEWLINE, from);
      if (end < 0) break;
      this.take(bytes, from, end, ++this.count);
      from = end + 1;
    }
    if (from < bytes.length) this.hold(bytes.subarray(from));
  }

  private hold(bytes: Buffer): void {
    if (this.isTooLong) return;
    this.held += bytes.length;
    if (this.held <= LONGEST_LINE) return void this.parts.push(Buffer.from(bytes));
    this.isTooLong = true;
    this.parts = [];
    this.held = 0;
  }

  private endLine(): void {
    const number = ++this.count;
    const line = Buffer.concat(this.parts);
    const { isTooLong } = this;
    this.parts = [];
    this.held = 0;
    this.isTooLong = false;
    if (isTooLong) this.tooLong(number);
    else this.take(line, 0, line.length, number);
  }

  /** A last line without its end, if there is one: whether it is whole is for the reader to say. */
  takeRest(): { readonly bytes: Buffer; readonly number: number } | undefined {
    if (this.isTooLong) this.endLine();
    if (this.held === 0) return undefined;
    const bytes = Buffer.concat(this.parts);
    this.parts = [];
    this.held = 0;
    return { bytes, number: ++this.count };
  }

  get lines(): number {
    return this.count;
  }
}

/** One recording, read line by line as it grows: whole lines only, with the place after each. */
import type { Tail } from './recording-files.ts';

const NEWLINE = '\n'.charCodeAt(0);
/** What has no end by then is no record. */
const MOST_LINE_BYTES = 16 * 2 ** 20;

export interface PlacedLine {
  /** With its newline. */
  readonly bytes: Buffer;
  /** Behind it, in the file; of a compressed one, in what it decompresses to. */
  readonly end: number;
}

export class LineReader {
  private readonly tail: Tail;
  private rest: Buffer = Buffer.alloc(0);
  private at: number;

  constructor(tail: Tail) {
    this.tail = tail;
    this.at = tail.offset;
  }

  /** The lines of what can be read at the moment, some at a time; undefined where there is nothing new. */
  async read(): Promise<PlacedLine[] | undefined> {
    const { rewinds } = this.tail;
    const chunk = await this.tail.read();
    if (this.tail.rewinds > rewinds) {
      this.rest = Buffer.alloc(0);
      this.at = 0;
    }
    if (chunk === undefined) return undefined;
    const bytes = this.rest.length === 0 ? Buffer.from(chunk) : Buffer.concat([this.rest, chunk]);
    const lines: PlacedLine[] = [];
    let start = 0;
    for (let newline = bytes.indexOf(NEWLINE); newline >= 0; newline = bytes.indexOf(NEWLINE, start)) {
      lines.push({ bytes: bytes.subarray(start, newline + 1), end: this.at + newline + 1 });
      start = newline + 1;
    }
    this.at += start;
    this.rest = bytes.subarray(start);
    if (this.rest.length > MOST_LINE_BYTES) {
      this.at += this.rest.length;
      this.rest = Buffer.alloc(0);
    }
    return lines;
  }

  close(): void {
    this.tail.close();
  }
}

/** One recording, read once from its beginning to its end: lines to records, in batches, and what is wrong with it told. */

import { eventAt } from './line-head.ts';
import type { LineSource } from './line-source.ts';
import { LineSplitter } from './line-splitter.ts';
import { Origins } from './origins.ts';
import { type ReadRecord, readRecord } from './row.ts';
import { Troubles } from './troubles.ts';
import { unpacked } from './unpacked.ts';

/** What of a recording is wanted. */
export interface Interest {
  /** Whether a line of ours, whose event's name begins at `event`, may be needed; all are where this is absent. */
  readonly wants?: (bytes: Buffer, from: number, event: number, to: number) => boolean;
  /** What processes used is not told unasked. */
  readonly usage: 'with usage' | 'without usage';
  /** Nothing that comes later is needed. Asked after each piece, with the last record of it. */
  readonly isEnough?: (bytes: Buffer, from: number) => boolean;
}

const ALL: Interest = { usage: 'with usage' };
const BOM = '\ufeff';
/** Records of one moment may come in any order: what is settled late is told late. */
const BACKWARDS_SECONDS = 5;

export class Recording {
  readonly name: string;
  readonly troubles: Troubles;
  private readonly source: LineSource;
  private readonly interest: Interest;
  private readonly splitter: LineSplitter;
  private batch: ReadRecord[] = [];
  /** In seconds, by machine: clocks of two are not the same. */
  private readonly latest = new Map<string | undefined, number>();
  private lastBytes: Buffer = Buffer.alloc(0);
  private lastFrom = -1;
  private readonly origins: Origins;

  /** @param tell gets lines for stderr */
  constructor(source: LineSource, tell: (line: string) => void, interest: Interest = ALL) {
    this.name = source.name;
    this.source = source;
    this.origins = new Origins(source);
    this.interest = interest;
    this.troubles = new Troubles(source.name === '-' ? 'stdin' : source.name, tell);
    this.splitter = new LineSplitter(
      (bytes, from, to, number) => this.take(bytes, from, to, number),
      (number) => this.troubles.met('too long', number),
    );
  }

  /** Batches are not empty. */
  async *batches(): AsyncGenerator<readonly ReadRecord[], void> {
    const { splitter } = this;
    for await (const piece of unpacked(this.name, this.source.pieces, (words) => this.troubles.cut(words))) {
      splitter.push(piece);
      if (this.batch.length > 0) yield this.takeBatch();
      if (this.lastFrom >= 0 && this.interest.isEnough?.(this.lastBytes, this.lastFrom)) return this.troubles.sum();
    }
    const rest = splitter.takeRest();
    // A last line without its end is whole if it can be read.
    if (rest !== undefined) this.parse(rest.bytes.toString(), rest.number, 'cut off');
    if (this.batch.length > 0) yield this.takeBatch();
    this.troubles.sum();
  }

  private takeBatch(): ReadRecord[] {
    const { batch } = this;
    this.batch = [];
    return batch;
  }

  private take(bytes: Buffer, from: number, to: number, number: number): void {
    const event = eventAt(bytes, from, to);
    if (event >= 0) {
      this.lastBytes = bytes;
      this.lastFrom = from;
      if (this.interest.wants?.(bytes, from, event, to) === false) return;
    }
    this.parse(bytes.toString('utf8', from, to), number, 'no record');
  }

  private parse(line: string, number: number, otherwise: 'no record' | 'cut off'): void {
    const json = number === 1 && line.startsWith(BOM) ? line.slice(1) : line;
    if (json.trim() === '') return;
    if (json.startsWith('\0')) {
      this.troubles.met('zeros', number);
      const rest = json.replace(/^\0+/, '');
      if (rest.trim() !== '') this.parse(rest, number, otherwise);
      return;
    }
    const record = readRecord(json, this.interest.usage, this.origins);
    if (record === undefined) this.troubles.met(otherwise, number);
    else this.add(record, number);
  }

  private add(record: ReadRecord, number: number): void {
    const { wall, isNewer, isStrange, host } = record.told;
    if (isNewer) this.troubles.met('newer', number);
    if (isStrange) this.troubles.met('unknown kind', number);
    const before = record.event === 'start' ? undefined : this.latest.get(host);
    if (before !== undefined && wall.seconds < before - BACKWARDS_SECONDS) this.troubles.met('backwards', number);
    if (before !== wall.seconds) this.latest.set(host, wall.seconds);
    this.batch.push(record);
  }
}

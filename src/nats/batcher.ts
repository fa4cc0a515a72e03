/** Gathers lines into messages: one for each kind of record and stretch of time, of a size that a server takes. */
import type { Outgoing } from './engine.ts';
import { type Envelope, headerOf, messageId } from './envelope.ts';
import type { LineFacts } from './record-line.ts';
import { subjectOf } from './subject.ts';

/** Of lines in a message; one line alone may have more. */
export const MOST_BYTES = 256 * 1024;
/** Beyond that a server would refuse the message, again and again (its `max_payload` is 1 MiB). */
const MOST_LINE_BYTES = 1000 * 1024;

/** Whose records follow. */
export interface Stream {
  /** The host's, as in subjects. */
  readonly token: string;
  readonly bootId: string;
  readonly run: string;
}

interface Gathered {
  readonly lines: Uint8Array[];
  bytes: number;
  first: number;
  last: number;
}

export class Batcher {
  private readonly wallMs: () => number;
  private readonly open = new Map<string, Gathered>();
  /** By kind: the last number that went out before. */
  private readonly sent = new Map<string, number>();
  private readonly ready: Outgoing[] = [];
  private stream: Stream;
  private before: number;
  /** Bytes that wait to be taken. */
  bytes = 0;

  /** @param before all records up to this number have been kept already */
  constructor(stream: Stream, wallMs: () => number, before = 0) {
    this.stream = stream;
    this.wallMs = wallMs;
    this.before = before;
  }

  /** Another stream begins; what was gathered belongs to the last one. */
  turnTo(stream: Stream, before = 0): void {
    this.closeAll();
    this.sent.clear();
    this.stream = stream;
    this.before = before;
  }

  /**
   * False for a line that is too long for any message, and is left out.
   * @param line with its newline; kept, so it must not change any more
   */
  add(line: Uint8Array, { seq, kind }: LineFacts): boolean {
    if (line.length > MOST_LINE_BYTES) return false;
    let gathered = this.open.get(kind);
    if (gathered !== undefined && gathered.bytes + line.length > MOST_BYTES) {
      this.close(kind, gathered);
      gathered = undefined;
    }
    if (gathered === undefined) {
      gathered = { lines: [], bytes: 0, first: seq, last: seq };
      this.open.set(kind, gathered);
    }
    gathered.lines.push(line);
    gathered.bytes += line.length;
    gathered.last = seq;
    this.bytes += line.length;
    return true;
  }

  private close(kind: string, { lines, first, last }: Gathered): void {
    this.open.delete(kind);
    const { token, bootId, run } = this.stream;
    const after = Math.min(this.sent.get(kind) ?? this.before, first - 1);
    const envelope: Envelope = { bootId, run, after, first, last, count: lines.length, sentMs: this.wallMs() };
    this.sent.set(kind, last);
    this.ready.push({
      subject: subjectOf(token, kind),
      id: messageId(token, kind, envelope),
      header: headerOf(envelope),
      body: lines.length === 1 ? lines[0] : Buffer.concat(lines),
    });
  }

  private closeAll(): void {
    for (const [kind, gathered] of this.open) this.close(kind, gathered);
  }

  /** All that was gathered, as messages. */
  take(): Outgoing[] {
    this.closeAll();
    this.bytes = 0;
    return this.ready.splice(0);
  }
}

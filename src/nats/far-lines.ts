/**
 * The lines that hosts sent, out of an engine: checked, each once, with its host, in the order of time. What is no record, or not where it
 * belongs, is counted and never shown.
 */
import { quoted, safeJson } from '../format/json-text.ts';
import type { Host } from '../host/host.ts';
import { Seen } from './covered.ts';
import type { Engine, Incoming } from './engine.ts';
import { type Envelope, envelopeOf } from './envelope.ts';
import { Merge } from './merge.ts';
import { factsOfRow, parsedRow } from './record-line.ts';
import { filtersFor, partsOf } from './subject.ts';

/** Hosts send every tenth of a second, and networks are slower than that: who is later than this comes out of order. */
export const MERGE_WINDOW_MS = 2000;
/** Clocks of hosts may differ from the server's by so much for `since` to find all of theirs. */
const CLOCKS_MS = 5 * 60_000;

export interface FarRequest {
  /** Whole names, where they are known: then the server selects. */
  readonly hosts?: readonly string[] | undefined;
  /** Which of those that come are wanted. */
  readonly isWanted?: ((host: string) => boolean) | undefined;
  /** What must be heard; undefined for everything. */
  readonly events?: readonly string[] | undefined;
  /** Only what arrived since; undefined for as much as `sinceMs` needs. */
  readonly fromMs?: number | undefined;
  /** By the records' own time, in milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly follows: boolean;
}

/** A record's line, and whose it is: pids of two hosts, or of two boots, have nothing to do with each other. */
export interface FarLine {
  readonly host: string;
  readonly bootId: string;
  readonly run: string;
  readonly seq: number;
  readonly kind: string;
  readonly time: string;
  readonly arrivedMs: number;
  /** JSON without a newline, safe to look at, with `host`. */
  readonly text: string;
}

/** Why something was not shown. */
export type Refusal = 'subject' | 'header' | 'record' | 'place';

const FORM = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/;

/** With as many digits as records have, so that texts compare as times do. */
const isoOf = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : new Date(ms).toISOString().replace('Z', '000000Z');

/** A `start` names its host itself, and perhaps not by the name it sends under. */
function withHost(text: string, row: Readonly<Record<string, unknown>>, host: string): string {
  if ('host' in row) return safeJson(JSON.stringify({ ...row, host }));
  return `${safeJson(text.slice(0, text.lastIndexOf('}')))},"host":${quoted(host)}}`;
}

export class FarLines {
  private readonly host: Pick<Host, 'after'>;
  private readonly engine: Engine;
  private readonly request: FarRequest;
  private readonly since: string | undefined;
  private readonly until: string | undefined;
  private readonly seen = new Seen();
  readonly refused: Record<Refusal, number> = { subject: 0, header: 0, record: 0, place: 0 };
  /** Records that came more than once. */
  repeated = 0;
  /** As they came: bytes of lines. */
  bytes = 0;

  constructor(host: Pick<Host, 'after'>, engine: Engine, request: FarRequest) {
    this.host = host;
    this.engine = engine;
    this.request = request;
    this.since = isoOf(request.sinceMs);
    this.until = isoOf(request.untilMs);
  }

  async *batches(): AsyncIterable<readonly FarLine[]> {
    const { hosts, events, sinceMs, fromMs, follows } = this.request;
    const subjects = filtersFor(hosts, events);
    const since = fromMs ?? sinceMs;
    const from = since === undefined ? undefined : since - CLOCKS_MS;
    const messages = this.engine.read({ subjects, sinceMs: from, follows })[Symbol.asyncIterator]();
    const merge = new Merge<FarLine>(MERGE_WINDOW_MS);
    try {
      let next = messages.next();
      for (;;) {
        const got = follows && !merge.isEmpty ? await this.orQuiet(next) : await next;
        if (got === 'quiet') yield merge.flush();
        else {
          if (got.done) break;
          next = messages.next();
          merge.add(this.linesIn(got.value));
          const ready = merge.take();
          if (ready.length > 0) yield ready;
        }
      }
    } finally {
      await messages.return?.();
    }
    if (!merge.isEmpty) yield merge.flush();
  }

  private async orQuiet<T>(next: Promise<T>): Promise<T | 'quiet'> {
    let timer: { cancel(): void } | undefined;
    const quiet = new Promise<'quiet'>((resolve) => {
      timer = this.host.after(MERGE_WINDOW_MS, () => resolve('quiet'));
    });
    const got = await Promise.race([next, quiet]);
    timer?.cancel();
    return got;
  }

  private refuse(why: Refusal): void {
    this.refused[why]++;
  }

  private linesIn(message: Incoming): FarLine[] {
    this.bytes += message.body.length;
    const place = partsOf(message.subject);
    if (place === undefined) {
      this.refuse('subject');
      return [];
    }
    if (this.request.isWanted?.(place.host) === false) return [];
    const envelope = envelopeOf(message.header ?? '');
    if (envelope === undefined) {
      this.refuse('header');
      return [];
    }
    const { bootId, run, after, last } = envelope;
    const covered = this.seen.of(`${message.subject} ${bootId} ${run}`);
    const texts = Buffer.from(message.body).toString().split('\n');
    const lines = texts.flatMap((text) => (text === '' ? [] : (this.lineOf(text, message, place, envelope) ?? [])));
    const fresh = lines.filter(({ seq }) => !covered.has(seq));
    this.repeated += lines.length - fresh.length;
    covered.add(after, last);
    return fresh.filter(({ time }) => this.isInTime(time));
  }

  private isInTime(time: string): boolean {
    return (this.since === undefined || time >= this.since) && (this.until === undefined || time < this.until);
  }

  private lineOf(
    text: string,
    { arrivedMs }: Incoming,
    { host, kind }: { host: string; kind: string },
    { bootId, run, first, last }: Envelope,
  ): FarLine | undefined {
    const row = parsedRow(text);
    const facts = row && factsOfRow(row);
    if (row === undefined || facts === undefined || !FORM.test(facts.time)) {
      this.refuse('record');
      return undefined;
    }
    const { seq, time } = facts;
    if (facts.kind !== kind || seq < first || seq > last) {
      this.refuse('place');
      return undefined;
    }
    return { host, bootId, run, seq, kind, time, arrivedMs, text: withHost(text, row, host) };
  }
}

/** What was refused, in so many words; undefined where nothing was. */
export function refusalNotice(refused: Readonly<Record<Refusal, number>>): string | undefined {
  const { subject, header, record, place } = refused;
  const messages = subject + header;
  const lines = record + place;
  if (messages + lines === 0) return undefined;
  return `procwatch: not shown: ${messages} messages and ${lines} lines that are no records, or not where they belong\n`;
}

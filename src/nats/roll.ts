/** Who is there: what an engine knows of each host that has sent, from headers and from its last `start`. */
import type { Engine } from './engine.ts';
import { type Envelope, envelopeOf } from './envelope.ts';
import { factsOfRow, parsedRow } from './record-line.ts';
import { partsOf, ROOT } from './subject.ts';

export interface HostRow {
  readonly host: string;
  kernel?: string | undefined;
  version?: string | undefined;
  /** Arrival of the last message, by the server's clock. */
  lastMs: number;
  /** Records in the time asked for. */
  recent: number;
  /** As far as they were counted. */
  lost: number;
  /** The host's clock against the server's, what the way takes included; negative if it is behind. */
  clockMs?: number;
}

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

export class Roll {
  private readonly engine: Engine;
  private readonly isWanted: (host: string) => boolean;
  private readonly rows = new Map<string, HostRow>();

  constructor(engine: Engine, isWanted: (host: string) => boolean) {
    this.engine = engine;
    this.isWanted = isWanted;
  }

  /** @param sinceMs from when on records are counted for the rate */
  async take(sinceMs: number): Promise<readonly HostRow[]> {
    await this.readLast();
    await this.readStarts();
    await this.readLosses();
    await this.readRates(sinceMs);
    return [...this.rows.values()].sort((a, b) => (a.host < b.host ? -1 : 1));
  }

  private rowOf(subject: string): HostRow | undefined {
    const parts = partsOf(subject);
    if (parts === undefined || !this.isWanted(parts.host)) return undefined;
    const known = this.rows.get(parts.host);
    if (known !== undefined) return known;
    const row: HostRow = { host: parts.host, lastMs: 0, recent: 0, lost: 0 };
    this.rows.set(parts.host, row);
    return row;
  }

  private async *headers(subjects: string, sinceMs: number | undefined, only: 'headers' | 'last headers') {
    for await (const message of this.engine.read({ subjects: [subjects], sinceMs, only, follows: false })) {
      const envelope = envelopeOf(message.header ?? '');
      const row = envelope === undefined ? undefined : this.rowOf(message.subject);
      if (envelope !== undefined && row !== undefined) yield { row, envelope, message } as const;
    }
  }

  private async readLast(): Promise<void> {
    for await (const { row, envelope, message } of this.headers(`${ROOT}.*.>`, undefined, 'last headers')) {
      if (message.arrivedMs < row.lastMs) continue;
      row.lastMs = message.arrivedMs;
      row.clockMs = (envelope as Envelope).sentMs - message.arrivedMs;
    }
  }

  private async *records(kind: string, only: 'last' | undefined) {
    const request = { subjects: [`${ROOT}.*.${kind}`], follows: false, ...(only && { only }) };
    for await (const { subject, body } of this.engine.read(request)) {
      const row = this.rowOf(subject);
      if (row === undefined) continue;
      for (const line of Buffer.from(body).toString().split('\n')) {
        const record = parsedRow(line);
        if (record !== undefined && factsOfRow(record)?.kind === kind) yield { row, record } as const;
      }
    }
  }

  private async readStarts(): Promise<void> {
    for await (const { row, record } of this.records('start', 'last')) {
      row.kernel = text(record.kernel);
      row.version = text(record.version);
    }
  }

  private async readLosses(): Promise<void> {
    for await (const { row, record } of this.records('lost', undefined)) {
      if (typeof record.count === 'number') row.lost += record.count;
    }
  }

  private async readRates(sinceMs: number): Promise<void> {
    for await (const { row, envelope } of this.headers(`${ROOT}.*.>`, sinceMs, 'headers')) row.recent += envelope.count;
  }
}

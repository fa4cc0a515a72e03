/** Lines on their way to an engine, as an output stream like any other: bounded by who writes, told by `pending`, done by `flushed`. */
import type { Host, OutputStream } from '../host/host.ts';
import { Batcher, type Stream } from './batcher.ts';
import { Publisher } from './publisher.ts';
import { factsOfLine, type LineFacts } from './record-line.ts';
import { streamAt } from './stream-of-lines.ts';
import type { WritableEngine } from './unreachable.ts';

/** After the last record it is waited so long for what is not acknowledged. */
const LAST_MS = 10_000;
const NEWLINE = '\n'.charCodeAt(0);
/** So much at once is a message already. */
const ENOUGH_BYTES = 256 * 1024;

export interface NatsOutputSettings {
  readonly address: string;
  /** The name to send under; undefined for the host's own. */
  readonly hostName: string | undefined;
  /** The host's own name. */
  readonly ownHost: string;
  /** Whose records come before any `start`. */
  readonly stream: Stream;
  readonly latencyMs: number;
  /** What may wait where nobody counts what does not fit: beside a file, which has it all. */
  readonly mostBytes: number;
}

export class NatsOutput implements OutputStream {
  readonly isTerminal = false;
  readonly endsByItself = true;
  private readonly host: Host;
  private readonly engine: WritableEngine;
  private readonly settings: NatsOutputSettings;
  private readonly batcher: Batcher;
  private stream: Stream;
  private readonly publisher: Publisher;
  private timer: { cancel(): void } | undefined;
  private unsent = 0;
  private tooLong = 0;
  private onFailure: (code: string) => void = () => {};

  constructor(host: Host, engine: WritableEngine, settings: NatsOutputSettings) {
    this.host = host;
    this.engine = engine;
    this.settings = settings;
    this.stream = settings.stream;
    this.batcher = new Batcher(settings.stream, () => host.wallMs());
    this.publisher = new Publisher(engine, host);
  }

  size(): undefined {
    return undefined;
  }

  /** Whole lines. */
  write(chunk: string | Uint8Array): void {
    if (this.pending() > this.settings.mostBytes) {
      this.unsent += 1;
      return;
    }
    // Who wrote them may use their place again.
    const bytes = Buffer.from(chunk);
    for (let start = 0; start < bytes.length; ) {
      const newline = bytes.indexOf(NEWLINE, start);
      const end = newline < 0 ? bytes.length : newline + 1;
      const line = bytes.subarray(start, end);
      const facts = factsOfLine(line);
      if (facts !== undefined) this.take(line, facts);
      start = end;
    }
    if (this.batcher.bytes >= ENOUGH_BYTES) this.flush();
    else if (this.batcher.bytes > 0) this.timer ??= this.host.after(this.settings.latencyMs, () => this.flush());
  }

  private take(line: Uint8Array, facts: LineFacts): void {
    if (facts.start !== undefined) {
      this.stream = streamAt(this.stream, facts, this.settings);
      this.batcher.turnTo(this.stream, facts.seq - 1);
    }
    if (!this.batcher.add(line, facts)) this.tooLong++;
  }

  private flush(): void {
    this.timer?.cancel();
    this.timer = undefined;
    this.publisher.give(this.batcher.take());
  }

  pending(): number {
    return this.batcher.bytes + this.publisher.bytes;
  }

  onError(listener: (code: string) => void): void {
    this.onFailure = listener;
  }

  async flushed(): Promise<void> {
    this.flush();
    let timer: { cancel(): void } | undefined;
    const late = new Promise<void>((resolve) => {
      timer = this.host.after(LAST_MS, resolve);
    });
    await Promise.race([this.publisher.settled(), late]);
    timer?.cancel();
    const why = this.publisher.trouble;
    const left = this.publisher.close();
    await this.engine.close();
    const { address } = this.settings;
    if (this.unsent > 0) {
      this.host.stderr.write(
        `procwatch: ${address} was away for too long: not all was sent; procwatch forward sends what is in a file\n`,
      );
    }
    if (this.tooLong > 0) this.host.stderr.write(`procwatch: ${this.tooLong} records were too long to be sent\n`);
    if (left === 0) return;
    this.host.stderr.write(
      `procwatch: ${left} ${left === 1 ? 'message was' : 'messages were'} not acknowledged by ${address}${why === undefined ? '' : `: ${why}`}\n`,
    );
    this.onFailure('ETIMEDOUT');
  }
}

/** Several outputs as one: the records are the same in all of them. */
export class Tee implements OutputStream {
  readonly isTerminal = false;
  readonly parts: readonly OutputStream[];
  private readonly counted: readonly OutputStream[];

  /** @param counted those whose fullness is that of the whole */
  constructor(outputs: readonly OutputStream[], counted: readonly OutputStream[]) {
    this.parts = outputs;
    this.counted = counted;
  }

  size(): undefined {
    return undefined;
  }

  write(chunk: string | Uint8Array): void {
    for (const output of this.parts) output.write(chunk);
  }

  pending(): number {
    return Math.max(...this.counted.map((output) => output.pending()));
  }

  onError(listener: (code: string) => void): void {
    for (const output of this.parts) output.onError(listener);
  }

  async flushed(): Promise<void> {
    await Promise.all(this.parts.map((output) => output.flushed()));
  }
}

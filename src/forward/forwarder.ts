/**
 * Follows the recordings of a directory and sends what was not sent, in the order in which it was recorded. What the engine has acknowledged is
 * noted from time to time; what was acknowledged after the last note is sent again after a restart, and a reader knows it again.
 */
import type { Host } from '../host/host.ts';
import { Batcher, MOST_BYTES, type Stream } from '../nats/batcher.ts';
import { Covered } from '../nats/covered.ts';
import type { Publisher } from '../nats/publisher.ts';
import { factsOfLine } from '../nats/record-line.ts';
import { streamAt } from '../nats/stream-of-lines.ts';
import { type Followed, follow } from './followed.ts';
import type { PlacedLine } from './line-reader.ts';
import { keyOf, type Note, noteText } from './note.ts';
import type { RecordingFile, RecordingFiles } from './recording-files.ts';
import { Rounds, type Span } from './rounds.ts';

/** How often to look for what is new, and to write down what is done. */
const LOOK_MS = 200;
const NOTE_MS = 1000;
/** What is read ahead of the acknowledgements. */
const AHEAD_BYTES = 16 * 2 ** 20;

export interface ForwardSettings {
  readonly directory: string;
  readonly isMeant: (name: string) => boolean;
  readonly notePath: string;
  readonly hostName: string | undefined;
  readonly ownHost: string;
}

export class Forwarder {
  private readonly host: Pick<Host, 'after' | 'wallMs' | 'stderr'>;
  private readonly files: RecordingFiles;
  private readonly publisher: Publisher;
  private readonly settings: ForwardSettings;
  private readonly note: Note;
  private readonly followed = new Map<string, Followed>();
  /** What was given to the publisher, acknowledged or not. */
  private readonly given = new Map<string, Covered>();
  private readonly rounds: Rounds;
  private batcher: Batcher | undefined;
  private batched: Stream | undefined;
  private spans: Span[] = [];
  private isStopped = false;
  private wake: () => void = () => {};
  /** Files without a first record, by the size at which they had none. */
  private readonly unclear = new Map<string, number>();

  constructor(
    host: Pick<Host, 'after' | 'wallMs' | 'stderr'>,
    files: RecordingFiles,
    publisher: Publisher,
    settings: ForwardSettings,
    note: Note,
  ) {
    this.host = host;
    this.files = files;
    this.publisher = publisher;
    this.settings = settings;
    this.note = note;
    this.rounds = new Rounds(note);
    for (const [key, covered] of note.streams) this.given.set(key, Covered.from(covered.toJSON()));
    publisher.onAcknowledged = (message) => this.rounds.acknowledge(message);
  }

  /**
   * @param follows false: until all that there is was acknowledged
   * @param lastMs when stopped, so long for what is on its way
   */
  async run(follows: boolean, lastMs: number): Promise<void> {
    let noted = this.host.wallMs();
    while (!this.isStopped) {
      const hasSent = await this.look();
      if (this.host.wallMs() - noted >= NOTE_MS || (!hasSent && this.publisher.bytes === 0)) {
        this.writeNote();
        noted = this.host.wallMs();
      }
      if (!hasSent && !follows && this.publisher.bytes === 0) break;
      if (!hasSent) await this.pause(LOOK_MS);
    }
    if (this.isStopped) await Promise.race([this.publisher.settled(), this.pause(lastMs)]);
    this.writeNote();
    for (const { reader } of this.followed.values()) reader.close();
  }

  /** After what is being read. */
  stop(): void {
    this.isStopped = true;
    this.wake();
  }

  private pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      this.host.after(milliseconds, resolve);
    });
  }

  /** Looks at every file once; whether there was anything to send. */
  private async look(): Promise<boolean> {
    await this.findNew();
    let hasSent = false;
    const inOrder = [...this.followed.values()].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    for (const file of inOrder) {
      if (this.isStopped) break;
      if (await this.readOn(file)) hasSent = true;
    }
    return hasSent;
  }

  private async findNew(): Promise<void> {
    const there = this.files
      .list(this.settings.directory)
      .filter(({ path }) => this.settings.isMeant(path.slice(path.lastIndexOf('/') + 1)));
    for (const file of there) {
      const known = this.followed.get(file.id);
      if (known !== undefined) known.path = file.path;
      else if (file.size > 0 && this.unclear.get(file.id) !== file.size) await this.follow(file);
    }
    const ids = new Set(there.map(({ id }) => id));
    for (const [id, file] of this.followed) if (!ids.has(id)) await this.leave(file);
    for (const map of [this.note.files, this.unclear]) for (const id of map.keys()) if (!ids.has(id)) map.delete(id);
  }

  /** A file that is gone has its last lines read by the descriptor that is still open. */
  private async leave(file: Followed): Promise<void> {
    while (await this.readOn(file)) if (this.isStopped) return;
    this.followed.delete(file.id);
    file.reader.close();
  }

  private async follow(file: RecordingFile): Promise<void> {
    const { id, path, size } = file;
    // Told and looked at again only when it has grown.
    this.unclear.set(id, size);
    try {
      const followed = await follow(this.files, file, this.note.files.get(id));
      if (followed === undefined) return;
      this.unclear.delete(id);
      this.followed.set(id, followed);
    } catch (error) {
      this.host.stderr.write(`procwatch: cannot read ${path}: ${(error as Error).message}\n`);
    }
  }

  private async readOn(file: Followed): Promise<boolean> {
    if (file.isBroken) return false;
    const lines = await this.linesOf(file);
    if (lines === undefined) return false;
    for (const line of lines) this.take(file, line);
    this.flush(file);
    while (this.publisher.bytes > AHEAD_BYTES && !this.isStopped) await this.pause(10);
    return true;
  }

  private async linesOf(file: Followed): Promise<PlacedLine[] | undefined> {
    try {
      return await file.reader.read();
    } catch (error) {
      file.isBroken = true;
      this.host.stderr.write(`procwatch: cannot read ${file.path} any further: ${(error as Error).message}\n`);
      return undefined;
    }
  }

  private take(file: Followed, { bytes, end }: PlacedLine): void {
    file.offset = end;
    const facts = factsOfLine(bytes);
    if (facts === undefined) return this.refuse(file);
    const stream = streamAt(file.stream, facts, this.settings);
    const isSame = file.stream !== undefined && keyOf(stream) === keyOf(file.stream);
    if (!isSame) {
      this.flush(file);
      file.stream = stream;
      file.seq = 0;
    }
    const key = keyOf(stream);
    const above = facts.seq > file.seq && file.seq > 0 ? file.seq : facts.seq - 1;
    file.seq = facts.seq;
    const given = this.givenOf(key);
    if (given.has(facts.seq)) {
      // What comes next must not cover what is perhaps still on its way.
      this.batched = undefined;
      return;
    }
    if (!this.batcherFor(stream, above).add(bytes, facts)) {
      this.host.stderr.write(`procwatch: ${file.path}: record ${facts.seq} is too long to be sent\n`);
    }
    given.add(above, facts.seq);
    this.span(key, above, facts.seq);
    if ((this.batcher?.bytes ?? 0) >= 4 * MOST_BYTES) this.flush(file);
  }

  private refuse(file: Followed): void {
    if (++file.refused === 1)
      this.host.stderr.write(`procwatch: ${file.path}: a line is no record, and was passed over\n`);
  }

  private givenOf(key: string): Covered {
    const known = this.given.get(key);
    if (known !== undefined) return known;
    const covered = new Covered();
    this.given.set(key, covered);
    return covered;
  }

  private span(key: string, above: number, upto: number): void {
    const last = this.spans.at(-1);
    if (last?.key === key && last.upto === above) last.upto = upto;
    else this.spans.push({ key, above, upto });
  }

  private batcherFor(stream: Stream, before: number): Batcher {
    if (this.batcher === undefined) this.batcher = new Batcher(stream, () => this.host.wallMs(), before);
    else if (this.batched === undefined || keyOf(this.batched) !== keyOf(stream)) this.batcher.turnTo(stream, before);
    this.batched = stream;
    return this.batcher;
  }

  private flush(file: Followed): void {
    const messages = this.batcher?.take() ?? [];
    const { stream, first, offset, seq } = file;
    const place = stream === undefined ? undefined : { offset, first, stream, seq };
    this.rounds.add(messages, { fileId: file.id, place, spans: this.spans });
    this.spans = [];
    this.publisher.give(messages);
  }

  private writeNote(): void {
    if (!this.rounds.isNew) return;
    this.files.writeNote(this.settings.notePath, noteText(this.note));
    this.rounds.isNew = false;
  }
}

/** A recording into memory, and out of it when there is a reason: each time into a file of its own. */
import { escapeText } from '../format/escape.ts';
import { JsonFormatter } from '../format/json.ts';
import { LineBuffer } from '../format/line-buffer.ts';
import { type Moment, minus, secondsBetween } from '../process/moment.ts';
import type { StreamRecord } from '../process/record.ts';
import { discardOldest, nextName } from '../recording/ended-files.ts';
import { packingOf } from '../recording/file-names.ts';
import { Flight } from '../recording/flight.ts';
import { RecordingFile } from '../recording/recording-file.ts';
import type { DumpTrigger } from './dump-trigger.ts';
import type { Last } from './record-options.ts';
import { CHUNK_BYTES, type Subject, Tape } from './tape.ts';

/** What a time alone may take. */
const FLIGHT_BYTES = 256 * 2 ** 20;

export interface FlightOptions {
  readonly last: Last;
  readonly keep: number | undefined;
  /** The name that those of the files are made of. */
  readonly path: string;
  readonly trigger: DumpTrigger;
  /** A line for stderr. */
  readonly tell: (line: string) => void;
}

const inWords = (count: number): string => `${count.toLocaleString('en-US')} record${count === 1 ? '' : 's'}`;

export class FlightTape extends Tape {
  private readonly options: FlightOptions;
  private readonly flight: Flight;
  private readonly formatter: JsonFormatter;
  private isEmpty = true;

  constructor(subject: Subject, options: FlightOptions) {
    super(subject);
    const { seconds, bytes = FLIGHT_BYTES } = options.last;
    this.options = options;
    this.flight = new Flight({ seconds, bytes });
    this.formatter = new JsonFormatter(this.context);
  }

  begin(at: Moment): void {
    const { plan, monitor, selection } = this.subject;
    if (plan.state) this.flight.begin(monitor.state(at, selection));
  }

  take(records: readonly StreamRecord[]): void {
    const now = this.subject.host.now();
    const wall = this.wall(now);
    for (const record of records) {
      this.count(record);
      this.formatter.write(record, this.lines);
      if (this.lines.length > CHUNK_BYTES) this.flight.take(this.lines.take(), wall);
    }
    this.flight.take(this.lines.take(), wall);
    this.isEmpty &&= records.length === 0;
    const reason = this.options.trigger.reasonIn(records, now);
    if (reason !== undefined) this.dump(reason);
  }

  care(): void {}

  /** The same, of all that has happened until now. */
  dumpNow(reason: string): void {
    this.subject.monitor.wake();
    this.dump(reason);
  }

  /** The window, as a recording of its own. */
  dump(reason: string): void {
    const { host } = this.subject;
    const { path, keep, tell } = this.options;
    const now = host.now();
    this.flight.trim(this.wall(now));
    try {
      const name = nextName(host.fileSystem, path);
      const count = this.writeAs(name, reason);
      tell(`procwatch: ${name}: ${inWords(count)}, ${this.length(now)}: ${escapeText(reason)}\n`);
      discardOldest(host.fileSystem, path, keep);
    } catch (error) {
      tell(`procwatch: nothing could be written out: ${escapeText((error as Error).message)}\n`);
    }
  }

  /** Under another name until it is whole. Returns how many records the window held. */
  private writeAs(name: string, reason: string): number {
    const { host } = this.subject;
    const { path, tell } = this.options;
    const part = `${name}.part`;
    if (host.fileSystem.identity(part) !== undefined) host.fileSystem.remove(part);
    const seconds = (): number => this.wall(host.now()).seconds;
    const file = new RecordingFile(host, { path: part, packing: packingOf(path), seconds, tell });
    const count = this.write(file, reason);
    file.close();
    if (file.isFailing) throw new Error(`${part} is not whole`);
    host.fileSystem.rename(part, name);
    return count;
  }

  private length(now: Moment): string {
    const { began, isShort } = this.flight;
    const seconds = began === undefined ? 0 : Math.max(0, secondsBetween(began, this.wall(now)));
    return `the last ${seconds.toFixed(1)} s${isShort ? ' (there was no room for more)' : ''}`;
  }

  private write(file: RecordingFile, reason: string): number {
    const formatter = new JsonFormatter(this.context);
    const lines = new LineBuffer();
    let sequence = 0;
    const put = (record: StreamRecord): void => {
      formatter.write(record, lines);
      sequence++;
      if (lines.length > CHUNK_BYTES) file.write(lines.take());
    };
    const { began } = this.flight;
    const at = began === undefined ? this.subject.host.now() : minus(began, this.context.wallOffset);
    put(this.startAt(at));
    for (const record of this.flight.state(at)) put(record);
    const told = this.flight.lines(sequence, (bytes) => {
      lines.raw(bytes);
      if (lines.length > CHUNK_BYTES) file.write(lines.take());
    });
    const count = Object.values(told).reduce((sum, many) => sum + many, 0);
    formatter.continue(sequence + count);
    put(this.endFor(reason, told));
    file.write(lines.take());
    return count;
  }

  async end(): Promise<void> {
    if (!this.isEmpty) this.dump('the end of the recording');
  }

  /** What could not be written out was told then. */
  readonly isUnwritten = false;

  get kept(): number {
    return this.flight.bytes;
  }
}

/** A recording into a file that is there all the time, or into a stream: when it turns to the next file, and what it could not write. */
import { JsonFormatter } from '../format/json.ts';
import type { OutputStream } from '../host/host.ts';
import { Sink } from '../pipeline/sink.ts';
import { type Moment, secondsBetween } from '../process/moment.ts';
import type { LostRecord, StreamRecord } from '../process/record.ts';
import type { RecordingFile } from '../recording/recording-file.ts';
import { CHUNK_BYTES, type Subject, Tape } from './tape.ts';

/** Between two attempts at another file. */
const PATIENCE_SECONDS = 1;

/** When a file is to end. */
export interface Turning {
  readonly rotateSize: number | undefined;
  readonly rotateTime: number | undefined;
}

export class FileTape extends Tape {
  private readonly options: Turning;
  private readonly output: OutputStream;
  private readonly file: RecordingFile | undefined;
  private readonly sink: Sink;
  private readonly formatter: JsonFormatter;
  private lastRoom: Moment;
  private began: Moment;
  /** When there could be no other file. */
  private failed: Moment | undefined;
  /** A server has not got everything. */
  private isUnsent = false;

  constructor(subject: Subject, options: Turning, output: OutputStream, file: RecordingFile | undefined) {
    super(subject);
    this.options = options;
    this.output = output;
    this.file = file;
    this.sink = new Sink(output, subject.plan.queueBytes);
    this.formatter = new JsonFormatter(this.context);
    this.began = subject.host.now();
    this.lastRoom = this.began;
    if (subject.plan.far.to.length > 0) {
      output.onError(() => {
        this.isUnsent = true;
      });
    }
  }

  begin(at: Moment): void {
    const { plan, monitor, selection } = this.subject;
    this.began = at;
    this.told = {};
    this.lost = 0;
    this.put(this.startAt(at));
    if (plan.state) for (const record of monitor.state(at, selection)) this.put(record);
    this.sink.write(this.lines.take());
  }

  private put(record: StreamRecord): void {
    this.count(record);
    this.formatter.write(record, this.lines);
    if (this.lines.length > CHUNK_BYTES) this.sink.write(this.lines.take());
  }

  take(records: readonly StreamRecord[]): void {
    if (!this.sink.admits(records.length)) return;
    const gap = this.outputLoss();
    if (gap !== undefined) this.put(gap);
    for (const record of records) this.put(record);
    this.sink.write(this.lines.take());
    this.care();
  }

  /** What had no room, told as soon as there is some again. */
  private outputLoss(): LostRecord | undefined {
    const since = this.lastRoom;
    const at = this.subject.host.now();
    this.lastRoom = at;
    const count = this.sink.takeDropped();
    return count === 0 ? undefined : { event: 'lost', reason: 'output', count, at, since };
  }

  care(): void {
    const { file, options } = this;
    if (file === undefined || file.isFailing) return;
    const age = secondsBetween(this.began, this.subject.host.now()) * 1000;
    const isLarge = options.rotateSize !== undefined && file.bytes >= options.rotateSize;
    const isOld = options.rotateTime !== undefined && age >= options.rotateTime;
    if (isLarge || isOld) this.turn(file, 'rotate');
  }

  /** Where somebody else has renamed the file, or removed it. */
  reopen(): void {
    if (this.file !== undefined) this.turn(this.file, 'reopen');
  }

  /** Looks for the file by its name. */
  lookAfter(): void {
    if (this.file !== undefined && !this.file.isFailing && !this.file.isThere) this.reopen();
  }

  private turn(file: RecordingFile, how: 'rotate' | 'reopen'): void {
    const now = this.subject.host.now();
    if (this.failed !== undefined && secondsBetween(this.failed, now) < PATIENCE_SECONDS) return;
    this.failed = file.prepare(how) ? undefined : now;
    if (this.failed !== undefined) return;
    this.put(this.endFor(how === 'rotate' ? 'rotated' : 'reopened'));
    this.sink.write(this.lines.take());
    file.turn();
    this.begin(now);
  }

  async end(reason: string): Promise<void> {
    const gap = this.outputLoss();
    if (gap !== undefined) this.put(gap);
    this.put(this.endFor(reason));
    this.sink.write(this.lines.take());
    await this.output.flushed();
  }

  /** Something could not be written until the very end. */
  get isUnwritten(): boolean {
    return this.isUnsent || (this.file?.isFailing ?? false);
  }

  get kept(): number {
    return this.file?.bytes ?? 0;
  }
}

/**
 * The flight recorder: the last minutes, or megabytes, as lines in memory, and the state at their beginning. What falls out of the window is
 * read again to keep that state true: a dump tells who was there when the window began, not when procwatch was started.
 */
import { SCHEMA_VERSION } from '../format/json.ts';
import type { Moment } from '../process/moment.ts';
import { compareMoments } from '../process/moment.ts';
import type { ProcessRecord } from '../process/record.ts';
import type { Proc } from '../process/table.ts';
import { unheard } from '../process/teller.ts';
import { Family } from './family.ts';
import { eventAt, nameAt, wallAt } from './line-head.ts';
import { readRecord } from './row.ts';

/** Lines of about one moment. */
interface Block {
  readonly bytes: Buffer;
  /** Of its last line, on the wall clock. */
  readonly until: Moment;
}

export interface Span {
  /** Undefined: as many as fit. */
  readonly seconds: number | undefined;
  readonly bytes: number;
}

const BLOCK_BYTES = 64 * 1024;
const BLOCK_SECONDS = 1;
const NEWLINE = 10;
const DIGITS_FROM = `{"v":${SCHEMA_VERSION},"seq":`.length;
const COMMA = 44;

function* linesOf(bytes: Buffer): Generator<readonly [from: number, to: number]> {
  for (let from = 0; from < bytes.length; ) {
    const end = bytes.indexOf(NEWLINE, from);
    yield [from, end];
    from = end + 1;
  }
}

const before = ({ seconds, nanos }: Moment, many: number): Moment => ({ seconds: seconds - many, nanos });

export class Flight {
  private readonly span: Span;
  /** Those who were there when the window began. */
  private readonly base = new Family([]);
  private blocks: Block[] = [];
  private held = 0;
  private open: Uint8Array[] = [];
  private openBytes = 0;
  private openSince: Moment | undefined;
  /** Until when there was more in memory than was asked for. */
  private isFull = false;

  constructor(span: Span) {
    this.span = span;
  }

  /** Who is there at the start. */
  begin(state: readonly ProcessRecord[]): void {
    for (const record of state) this.base.take(record);
    this.base.settle();
  }

  get bytes(): number {
    return this.held + this.openBytes;
  }

  /** Some whole lines of ours. @param wall the wall clock now */
  take(lines: Uint8Array, wall: Moment): void {
    if (lines.length === 0) return;
    this.openSince ??= wall;
    this.open.push(Buffer.from(lines));
    this.openBytes += lines.length;
    if (this.openBytes >= BLOCK_BYTES || wall.seconds - this.openSince.seconds >= BLOCK_SECONDS) this.close(wall);
    this.discard(wall);
  }

  private close(wall: Moment): void {
    if (this.openBytes === 0) return;
    const bytes = Buffer.concat(this.open);
    this.blocks.push({ bytes, until: wall });
    this.held += bytes.length;
    this.open = [];
    this.openBytes = 0;
    this.openSince = undefined;
  }

  private discard(wall: Moment): void {
    const { seconds, bytes } = this.span;
    const limit = seconds === undefined ? undefined : before(wall, seconds);
    while (this.blocks.length > 0) {
      const isLate = limit !== undefined && compareMoments(this.blocks[0].until, limit) < 0;
      const isMuch = this.bytes > bytes;
      if (!isLate && !isMuch) break;
      this.isFull ||= !isLate && seconds !== undefined;
      this.forget(this.blocks.shift() as Block);
    }
  }

  private forget({ bytes }: Block): void {
    this.held -= bytes.length;
    for (const [from, to] of linesOf(bytes)) this.learn(bytes, from, to);
  }

  private learn(bytes: Buffer, from: number, to: number): void {
    const record = readRecord(bytes.toString('utf8', from, to), 'without usage');
    if (record !== undefined && 'pid' in record) this.base.take(record);
  }

  /** What is in the window: to be asked for the state first, which is then that of its beginning. */
  trim(wall: Moment): void {
    this.close(wall);
    this.discard(wall);
    const { seconds } = this.span;
    const [first] = this.blocks;
    if (first === undefined || seconds === undefined) return;
    const limit = before(wall, seconds);
    let kept = 0;
    for (const [from, to] of linesOf(first.bytes)) {
      const isOurs = eventAt(first.bytes, from, to) >= 0;
      if (isOurs && compareMoments(wallAt(first.bytes, from), limit) >= 0) break;
      this.learn(first.bytes, from, to);
      kept = to + 1;
    }
    this.held -= kept;
    if (kept === first.bytes.length) this.blocks.shift();
    else this.blocks[0] = { ...first, bytes: first.bytes.subarray(kept) };
  }

  /** When the window began: the time of its first line; undefined where there is none. */
  get began(): Moment | undefined {
    const [first] = this.blocks;
    return first && wallAt(first.bytes, 0);
  }

  /** Whether it is shorter than was asked for, since there was too much of it. */
  get isShort(): boolean {
    return this.isFull;
  }

  /** Who was there when the window began. @param at the monotonic clock then */
  state(at: Moment): ProcessRecord[] {
    return [...this.base.table.all()].filter(({ ended }) => !ended).map((proc) => this.aliveOf(proc, at));
  }

  private aliveOf(proc: Proc, at: Moment): ProcessRecord {
    const { table } = this.base;
    const ppid = this.base.parentOf(proc);
    return {
      ...unheard('found', proc.pid, proc.image, at),
      event: 'alive',
      inferred: false,
      ppid,
      parentComm: ppid === undefined ? undefined : table.named(ppid, proc)?.image.comm,
      imageOf: proc.imageOf,
      cgroup: proc.cgroup,
      start: proc.start,
    };
  }

  /** Its lines, numbered from there on. Returns how many of each event there were. */
  lines(sequence: number, write: (bytes: Uint8Array) => void): Record<string, number> {
    const told: Record<string, number> = {};
    let number = sequence;
    for (const { bytes } of this.blocks) {
      for (const [from, to] of linesOf(bytes)) {
        write(Buffer.from(`{"v":${SCHEMA_VERSION},"seq":${++number}`));
        write(bytes.subarray(bytes.indexOf(COMMA, from + DIGITS_FROM), to + 1));
        const event = nameAt(bytes, eventAt(bytes, from, to));
        told[event] = (told[event] ?? 0) + 1;
      }
    }
    return told;
  }
}

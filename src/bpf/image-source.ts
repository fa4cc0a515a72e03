/**
 * Images out of the capture in the kernel: no race, no read of /proc, whatever the delay. An exec event and its record are joined by
 * pid and time: the record is written right before the event, and no process executes again before its first event was sent, so the
 * newest record not younger than the event is the one. What has no record is read as before.
 */
import type { EventOf, WireEvent } from '../netlink/events.ts';
import type { Image } from '../process/image.ts';
import type { ImageCapture, UnheardExec } from '../process/image-capture.ts';
import type { ImageSource } from '../process/image-source.ts';
import { type Moment, ticksOf } from '../process/moment.ts';
import type { ProcessFacts } from '../process/proc-reader.ts';
import type { ExecCapture } from './exec-capture.ts';
import { decodeExec, type ExecRecord } from './exec-record.ts';
import { Unclaimed } from './unclaimed.ts';

/** A busy record, another CPU's that is being written this moment, is finished in less time than this many looks take. */
const LOOKS = 3;
/**
 * Between a record and its event lies a microsecond, more only if the process was kept from running just there. While no record was ever
 * lost the gap means nothing; after that an old record could be taken for one that is missing.
 */
const GAP_SECONDS = { sure: Number.POSITIVE_INFINITY, doubtful: 0.1 } as const;

export class BpfImageSource implements ImageCapture {
  private readonly records: ExecCapture;
  private readonly fallback: ImageSource;
  private readonly links: ImageSource | undefined;
  private readonly unclaimed = new Unclaimed();
  private lost = 0;
  private gap: number = GAP_SECONDS.sure;
  private readonly joined = new Map<EventOf<'exec'>, ExecRecord>();

  /** `fallback` answers for execs without a record, `links` gives exe and cwd, which no record has, where they are wanted. */
  constructor(records: ExecCapture, fallback: ImageSource, links: ImageSource | undefined) {
    this.records = records;
    this.fallback = fallback;
    this.links = links;
  }

  /** To be called after the socket was read: then every exec of the batch has its record in the ring. */
  capture(events: readonly WireEvent[], wanted: (exec: EventOf<'exec'>) => boolean): boolean {
    this.joined.clear();
    // Each record has its event: without one there is nothing new in the ring worth a system call.
    if (!events.some(({ kind }) => kind === 'exec')) return false;
    this.drain();
    for (const event of events) {
      if (event.kind === 'exec') this.join(event);
    }
    const hasLinks = this.links?.capture(events, (exec) => this.joined.has(exec) && wanted(exec)) ?? false;
    return this.fallback.capture(events, (exec) => !this.joined.has(exec) && wanted(exec)) || hasLinks;
  }

  private drain(): void {
    for (const bytes of this.records.drain()) this.unclaimed.add(bytes);
    this.lost += this.records.takeLost();
    if (this.lost > 0) this.gap = GAP_SECONDS.doubtful;
  }

  private join(event: EventOf<'exec'>): void {
    let bytes = this.unclaimed.take(event.tgid, event.stamp, this.gap);
    for (let look = 0; bytes === undefined && look < LOOKS; look++) {
      this.drain();
      bytes = this.unclaimed.take(event.tgid, event.stamp, this.gap);
    }
    const record = bytes && decodeExec(bytes);
    if (record !== undefined) this.joined.set(event, record);
  }

  confirm(later: readonly WireEvent[]): void {
    this.fallback.confirm(later);
    this.links?.confirm(later);
  }

  of(exec: EventOf<'exec'>): ProcessFacts | 'unread' | undefined {
    const record = this.joined.get(exec);
    if (record === undefined) return this.fallback.of(exec);
    const read = this.links?.of(exec);
    return factsOf(record, typeof read === 'object' ? read.image : undefined);
  }

  /** Execs without a record, because the ring was full, since this was last asked. */
  takeLost(): number {
    const { lost } = this;
    this.lost = 0;
    return lost;
  }

  /** Records from before this moment whose event never came: the event was lost, the exec was not. Oldest first. */
  takeUnheard(before: Moment): UnheardExec[] {
    this.drain();
    const records = this.unclaimed.takeBefore(before).flatMap((bytes) => decodeExec(bytes) ?? []);
    return records.map((record) => ({ pid: record.tgid, at: record.at, facts: factsOf(record) }));
  }

  close(): void {
    this.records.close();
  }
}

/** What a process is right after this exec: it runs, and an exec has left it one thread. */
export function factsOf(record: ExecRecord, read: Pick<Image, 'exe' | 'cwd'> = {}): ProcessFacts {
  const { comm, start } = record;
  return {
    stat: {
      comm,
      state: 'R',
      ppid: record.parentTgid,
      threads: 1,
      startTicks: ticksOf(start),
      waitStatus: 0,
    },
    image: imageOf(record, read),
  };
}

type Growing = { -readonly [K in keyof Image]: Image[K] };

/** Member by member, for what is unknown is absent, and a spread for each would cost more than the decoding. */
function imageOf({ comm, effectiveUid, args, argsTotal, path, file }: ExecRecord, { exe, cwd }: Image): Image {
  const image: Growing = { comm, uid: effectiveUid };
  if (args !== undefined) image.args = args;
  if (argsTotal !== undefined) image.argsTotal = argsTotal;
  if (path !== undefined) image.path = path;
  if (file !== undefined) image.file = file;
  if (exe !== undefined) image.exe = exe;
  if (cwd !== undefined) image.cwd = cwd;
  return image;
}

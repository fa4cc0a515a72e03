/**
 * The witness that saw it: programs in the kernel wrote what each exec runs and how each process ended before the connector told the
 * event, so every event that is read has its record in the ring already. No look at /proc, no race, no hurry.
 *
 * An event and its record are joined by pid and time. The end of a first thread without a record is not the end of its process: that comes
 * later, in a record for which no event is heard any more.
 */
import { FACT, FACT_KIND } from '../bpf/fact-record.ts';
import type { EventOf, WireEvent } from '../netlink/events.ts';
import type { Readiness } from '../netlink/socket.ts';
import { lookAt } from '../process/last-look.ts';
import { compareMoments, type Moment, plus, secondsBetween } from '../process/moment.ts';
import type { ProcReader } from '../process/proc-reader.ts';
import type { Acquaintance, ProcessExit, Told, Unheard, Witness, Witnessed } from '../process/witness.ts';
import { FactEnd, toldBy } from './fact-end.ts';
import { FactIndex } from './fact-index.ts';
import { type FactRing, NONE, type Place } from './fact-view.ts';
import { RepeatedEnds } from './repeated-ends.ts';
import { withRestOfArgs } from './rest-of-args.ts';

/** The programs in the kernel, and their ring. */
export interface FactSource extends FactRing {
  /** Records that found the ring full since this was last asked; exact. */
  takeLost(): number;
  /** For a moment more than one thread may have been the last (kernels before 6.16): an end may be told twice. */
  readonly mayRepeatEnds: boolean;
  /** Called when there is something that no event will tell. */
  onReadable(listener: () => void): Readiness;
  close(): void;
}

export interface KernelFactOptions extends Acquaintance {
  /** The ends of other threads than the first are heard too. */
  readonly hearsThreads: boolean;
  /** For what the kernel had no room to tell. */
  readonly reader: ProcReader;
  readonly now: () => Moment;
}

/** A record that another CPU is writing this moment is finished in less time than this many looks take. */
const LOOKS = 3;
/**
 * Between a record and its event lies a microsecond, more only if the process was kept from running just there. While no record was ever
 * lost the gap means nothing; after that an old record could be taken for one that is missing.
 */
const GAP_SECONDS = { sure: Number.POSITIVE_INFINITY, doubtful: 0.1 } as const;
/** The end of the first thread is told so long after the record at the latest; after that it was told before, or never will be. */
const GRACE_SECONDS = 0.02;
const ASKED_SECONDS = 1;

export class KernelFacts implements Witness {
  readonly isPatient = true;
  private readonly source: FactSource;
  private readonly options: KernelFactOptions;
  private readonly index: FactIndex;
  /** Processes that live on without their first thread. */
  private readonly leaderless = new Set<number>();
  /** Events of our own, and their records. */
  private readonly made = new Map<WireEvent, Place>();
  private readonly repeated: RepeatedEnds;
  private lost = 0;
  private asked: Moment = { seconds: 0, nanos: 0 };
  private gap: number = GAP_SECONDS.sure;
  /** What happened before may have no record. */
  private doubtfulUntil: Moment | undefined;

  constructor(source: FactSource, options: KernelFactOptions) {
    this.source = source;
    this.options = options;
    this.index = new FactIndex(source);
    this.repeated = new RepeatedEnds(this.index, source);
  }

  /** To be called after the socket was read: then every event of the batch has its record in the ring. */
  attend({ events, at, full }: Witnessed): boolean {
    this.index.look();
    if (this.index.isCrowded || secondsBetween(this.asked, at) > ASKED_SECONDS) this.askLost(at);
    // What happened after this may have causes that were not read yet.
    this.addStrays(events, full && events.length > 0 ? events[events.length - 1].stamp : at);
    return false;
  }

  /** Records are missing only where the ring was full, and where one is missed: else the kernel need not be asked with every batch. */
  private askLost(at: Moment): void {
    this.asked = at;
    const lost = this.source.takeLost();
    if (lost === 0) return;
    this.lost += lost;
    this.gap = GAP_SECONDS.doubtful;
    this.doubtfulUntil = this.options.now();
  }

  /** Ends that no event tells, since the first thread had ended before, become events of their own. */
  private addStrays(events: WireEvent[], bound: Moment): void {
    if (!this.index.hasStrays) return;
    const { index } = this;
    const ends = endsOf(events);
    const strays = index.takeStrays((place) => {
      const at = index.moment(place, FACT.at);
      if (compareMoments(at, bound) > 0) return false;
      const tgid = index.u32(place, FACT.tgid);
      const isLate = secondsBetween(at, bound) > GRACE_SECONDS;
      if (this.options.hearsThreads && !isLate && !ends.has(index.u32(place, FACT.tid))) return false;
      const leader = ends.get(tgid);
      if (leader !== undefined) return compareMoments(leader, at) < 0;
      return this.leaderless.has(tgid) || isLate;
    });
    for (const place of strays) {
      // Not before its last thread.
      const last = ends.get(index.u32(place, FACT.tid));
      if (!this.repeated.has(place)) events.push(this.eventOf(place, last ?? index.moment(place, FACT.at)));
    }
  }

  private eventOf(place: Place, at: Moment): WireEvent {
    const { index } = this;
    const tgid = index.u32(place, FACT.tgid);
    const event: EventOf<'exit'> = {
      kind: 'exit',
      stamp: { cpu: index.u32(place, FACT.cpu), sequence: 0, seconds: at.seconds, nanos: at.nanos },
      tid: tgid,
      tgid,
      status: index.u32(place, FACT.status),
      exitSignal: 0,
      parentTid: 0,
      parentTgid: index.u32(place, FACT.parentTgid),
    };
    this.made.set(event, place);
    return event;
  }

  heed(): void {}

  executed({ tgid, stamp }: EventOf<'exec'>): Told | undefined {
    const place = this.find(() => this.index.takeExec(tgid, stamp, this.gap));
    if (place === NONE) return this.seenNow(tgid);
    return withRestOfArgs(this.options.reader, tgid, toldBy(this.index, place, this.options.bootOffset));
  }

  private find(take: () => Place): Place {
    let place = take();
    for (let look = 0; place === NONE && look < LOOKS && this.index.look() > 0; look++) place = take();
    if (place === NONE) this.askLost(this.options.now());
    return place;
  }

  /** For an exec without a record: what runs under its number now, unless that is known to have come later. */
  private seenNow(pid: number): Told | undefined {
    const facts = this.options.reader.facts(pid);
    this.index.look();
    const start = this.options.startOf(pid);
    if (facts === undefined || start === undefined || this.index.hasMore(pid)) return undefined;
    return { image: facts.image, ppid: facts.stat.ppid, start, startExact: false };
  }

  ended(event: EventOf<'exit'>): ProcessExit | undefined {
    const { tid, tgid, stamp } = event;
    if (tid !== tgid) return undefined;
    const place =
      this.made.get(event) ?? this.find(() => this.index.takeEnd(tgid, stamp, this.gap, () => this.birth(tgid)));
    if (place === NONE) return this.withoutRecord(event);
    this.leaderless.delete(tgid);
    this.repeated.add(place);
    return new FactEnd(event, this.index, place, this.options.bootOffset);
  }

  /** On CLOCK_BOOTTIME. */
  private birth(pid: number): Moment | undefined {
    const start = this.options.startOf(pid);
    return start && plus(start, this.options.bootOffset());
  }

  /** The first thread ended, and its process did not; or the record is lost, and a look must do. */
  private withoutRecord(event: EventOf<'exit'>): ProcessExit | undefined {
    const { tgid: pid, stamp, parentTgid, status } = event;
    const isSure = this.doubtfulUntil === undefined || compareMoments(stamp, this.doubtfulUntil) > 0;
    const verdict = isSure ? undefined : lookAt(pid, this.options.reader);
    if (verdict?.is === 'ended') return { pid, last: event, parentTgid, status, zombie: verdict.stat };
    this.leaderless.add(pid);
    return undefined;
  }

  succeeded(pid: number): undefined {
    this.leaderless.delete(pid);
  }

  forget(pid: number): void {
    this.leaderless.delete(pid);
  }

  addLeaderless(pid: number): void {
    this.leaderless.add(pid);
  }

  readonly unsettled = 0;

  settle(): ProcessExit[] {
    return [];
  }

  rest(): boolean {
    this.made.clear();
    this.index.release();
    return this.index.hasStrays;
  }

  takeUnheard(before: Moment): Unheard[] {
    const { index } = this;
    return index.takeBefore(before).flatMap((place): Unheard[] => {
      const [pid, at] = [index.u32(place, FACT.tgid), index.moment(place, FACT.at)];
      const isExec = index.u32(place, FACT.kind) === FACT_KIND.exec;
      const told = index.length(place) > FACT.endBytes ? toldBy(index, place, this.options.bootOffset) : undefined;
      if (isExec) return told === undefined ? [] : [{ event: 'exec', pid, at, told, status: undefined }];
      if (this.repeated.has(place)) return [];
      return [{ event: 'exit', pid, at, told, status: index.u32(place, FACT.status) }];
    });
  }

  takeLost(how?: 'all'): number {
    if (how === 'all') this.askLost(this.options.now());
    const { lost } = this;
    this.lost = 0;
    return lost;
  }

  close(): void {
    this.source.close();
  }
}

/** When threads ended, by their ids. */
function endsOf(events: readonly WireEvent[]): Map<number, Moment> {
  const ends = new Map<number, Moment>();
  for (const event of events) if (event.kind === 'exit') ends.set(event.tid, event.stamp);
  return ends;
}

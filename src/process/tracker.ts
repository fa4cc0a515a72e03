/**
 * The enrich stage: batches of the kernel's events in, records that say who it was and how it ended out. Applies the exit rule;
 * who a process is it asks the subjects, and facts come only through them, the reader and the image source.
 */
import type { FailedExec } from '../attempts/walks.ts';
import type { Death } from '../cause/cause-book.ts';
import { BY_ITSELF, type EndCause } from '../cause/end-cause.ts';
import type { EventOf, WireEvent, WireKind } from '../netlink/events.ts';
import { type Hearing, hearsWholeLives } from '../netlink/filter.ts';
import { isOver } from './exits.ts';
import { changed, type Image, UNKNOWN_IMAGE } from './image.ts';
import { type Clocks, type Moment, plus, secondsBetween } from './moment.ts';
import type { ProcessFacts, ProcReader } from './proc-reader.ts';
import type { ProcessStat } from './procstat.ts';
import type { ProcessEnd, ProcessRecord } from './record.ts';
import type { Selection, Selector } from './select.ts';
import { withSenders } from './senders.ts';
import { stateOf } from './state.ts';
import { isNear, isSameStart, procOf, type Subjects, unknownProc } from './subjects.ts';
import type { Proc } from './table.ts';
import { type Detail, Teller, type Wants } from './teller.ts';
import { rawOf, textOf } from './text.ts';
import type { ProcessExit, Unheard, Witness } from './witness.ts';

/** What may be told without an event: ends and finds of a rescan, and execs that only the capture saw. */
export interface Infers {
  readonly ends: boolean;
  readonly finds: boolean;
  readonly execs: boolean;
}

export interface TrackerOptions {
  readonly hearing: Hearing;
  /** Which events become records; the others only keep the table true. */
  readonly shows: (event: WireEvent) => boolean;
  /** Ends of single threads become records too. */
  readonly threads: boolean;
  /** Which conclusions of a rescan become records. */
  readonly infers: Infers;
  readonly reader: Pick<ProcReader, 'facts'>;
  readonly subjects: Subjects;
  readonly clocks: () => Clocks;
  readonly wants: Wants;
  readonly selector: Selector;
  /** Roots of the trees to keep membership of. */
  readonly treeRoots: readonly number[];
  /** Why processes end, where somebody wants to know. */
  readonly causes?: EndCauses | undefined;
  /** What could not be executed, where somebody wants to know. */
  readonly failedExecs?: FailedExecs | undefined;
}

/** Who knows what a process could not execute right before its end. */
export interface FailedExecs {
  before(end: WireEvent): FailedExec | undefined;
}

/** Who knows of an end by its status, and by more of it where that does not say all. */
export interface EndCauses {
  /** By a code, and nobody asked for it: nothing more is to be known. */
  isByItself(pid: number, status: number): boolean;
  of(death: Death): EndCause | undefined;
}

/** What happened to which process, of all that changes who it is. */
function changesIn(events: readonly WireEvent[]): Map<number, Set<WireKind>> {
  const changes = new Map<number, Set<WireKind>>();
  for (const { kind, tid, tgid } of events) {
    if (tid !== tgid || !CHANGING.has(kind)) continue;
    const found = changes.get(tgid);
    if (found === undefined) changes.set(tgid, new Set([kind]));
    else found.add(kind);
  }
  return changes;
}

const CHANGING: ReadonlySet<WireKind> = new Set(['fork', 'exec', 'comm', 'uid']);

/** What is still known of an image from before the changes that were read together with it. */
function imageBefore(image: Image, changes: ReadonlySet<WireKind>): Image {
  if (changes.has('exec')) return UNKNOWN_IMAGE;
  return changed(image, {
    ...(changes.has('comm') && { comm: undefined }),
    ...(changes.has('uid') && { uid: undefined }),
  });
}

export class Tracker {
  /** Whom to ask what events leave out. */
  witness: Witness;
  private readonly options: TrackerOptions;
  private readonly subjects: Subjects;
  private readonly hearsWholeLives: boolean;
  /** Events before are missing. */
  private doubtfulUntil: Moment | undefined;
  private wallOffset: Moment | undefined;
  private readonly teller: Teller;
  /** Roots of trees that were not there at the start: the next process of that number, and no later one. */
  private readonly rootsToCome = new Set<number>();

  constructor(options: TrackerOptions, witness: Witness) {
    this.options = options;
    this.witness = witness;
    this.hearsWholeLives = hearsWholeLives(options.hearing);
    this.subjects = options.subjects;
    this.teller = new Teller(this.subjects, options.wants, (proc) => options.selector.mayShow(proc));
  }

  get table(): Subjects['table'] {
    return this.subjects.table;
  }

  /**
   * Takes in the processes there are. To be called after the subscription stands, so that nothing falls between. `queued` is what was
   * heard until the scan was done, and is to be tracked yet: the scan saw what came of it, and not what was before.
   */
  seed(scan: ReadonlyMap<number, ProcessFacts>, queued: readonly WireEvent[] = []): void {
    this.begin();
    const changes = changesIn(queued);
    for (const [pid, facts] of scan) {
      const changed = changes.get(pid);
      // Its birth is still to come, and all that it became since.
      if (isOver(facts.stat) || (changed?.has('fork') && this.hearsWholeLives)) continue;
      const image = changed === undefined ? facts.image : imageBefore(facts.image, changed);
      const proc = this.table.add(procOf(pid, { stat: facts.stat, image }, this.subjects.bootOffset));
      proc.startOffset = this.wallOffset;
      // Without whole lives heard, nobody knows what it has become since.
      if (!this.hearsWholeLives) proc.imageOf = 'earlier';
      if (facts.stat.state === 'Z') this.witness.addLeaderless(pid);
    }
    const { treeRoots } = this.options;
    if (treeRoots.length > 0) this.table.markTrees(treeRoots);
    for (const root of treeRoots) if (this.table.living(root) === undefined) this.rootsToCome.add(root);
  }

  /** Whether records of this process can be shown at all, by what is known without reading anything. */
  mayShow(pid: number): boolean {
    return this.options.selector.takesAll || this.options.selector.mayShow(this.subjects.of(pid));
  }

  /** Who is there, as far as the table knows. */
  state(at: Moment, selection: Selection): ProcessRecord[] {
    this.begin();
    return stateOf(this.subjects, at, selection, this.options.wants.cgroup);
  }

  private begin(): void {
    const clocks = this.options.clocks();
    this.wallOffset = clocks.wallOffset;
    this.subjects.begin(clocks);
  }

  /** Turns one batch, in time order and attended by the witness, into records; or a part of it. */
  track(events: readonly WireEvent[], from = 0, to = events.length): ProcessRecord[] {
    this.begin();
    for (let i = from; i < to; i++) this.take(events[i], i);
    return this.teller.take();
  }

  /** What could not be executed and is over. */
  tellFailed(all: readonly FailedExec[]): ProcessRecord[] {
    for (const failed of all) {
      const proc = this.subjects.of(failed.attempt.pid);
      this.teller.tellFailed(proc, failed);
    }
    return this.teller.take();
  }

  /** Events are missing here: whoever was believed alive before may have ended, and its number may be another's. */
  doubt(at: Moment): void {
    this.doubtfulUntil = at;
  }

  private isDoubtful({ start }: Proc): boolean {
    if (this.doubtfulUntil === undefined) return false;
    return start === undefined || secondsBetween(start, this.doubtfulUntil) > 0;
  }

  /** Ends whoever was believed to have this number, if it is proven to be another's; `stat`: of its holder now, where that is known. */
  private endReplaced(pid: number, at: Moment, isIts: (proc: Proc) => boolean): void {
    const proc = this.table.living(pid);
    if (proc === undefined || !this.isDoubtful(proc) || isIts(proc)) return;
    this.witness.forget(pid);
    if (this.options.infers.ends) this.teller.infer('exit', proc, at, undefined);
    this.table.end(proc);
  }

  /** Looks again at the ends that are still open. */
  settle(): ProcessRecord[] {
    this.begin();
    for (const exit of this.witness.settle()) this.finish(exit);
    return this.teller.take();
  }

  private take(event: WireEvent, index: number): void {
    if (this.rootsToCome.size > 0 && event.kind !== 'exit') {
      this.meet(event.kind === 'fork' ? event.parentTgid : event.tgid);
    }
    switch (event.kind) {
      case 'fork':
        return this.takeFork(event);
      case 'exec':
        return this.takeExec(event);
      case 'exit':
        return this.takeExit(event, index);
      case 'comm':
        return this.takeComm(event);
      case 'uid':
      case 'gid':
        return this.takeIds(event);
      case 'ptrace':
        return this.tellOf(event, {
          tracer: event.tracerTgid === 0 ? undefined : { pid: event.tracerTgid, tid: event.tracerTid },
        });
      case 'sid':
        return this.tellOf(event, {});
      case 'coredump':
        return this.tellOf(event, { ppid: event.parentTgid || undefined });
      default:
        event satisfies never;
    }
  }

  /** The root of a tree that was there at the start, and was not seen: its birth would have been heard before all else of it. */
  private meet(pid: number): void {
    if (this.table.living(pid) !== undefined || !this.rootsToCome.delete(pid)) return;
    const root = this.table.add(unknownProc(pid));
    root.trees = [pid];
  }

  /** An event that changes nothing the table knows. */
  private tellOf(event: WireEvent, detail: Detail): void {
    if (!this.options.shows(event)) return;
    const name = event.kind === 'fork' ? 'clone' : event.kind;
    this.teller.tell(name, event, this.subjects.of(event.tgid), detail);
  }

  private takeFork(event: EventOf<'fork'>): void {
    if (event.tid !== event.tgid) return this.tellOf(event, {});
    const before = this.witness.succeeded(event.tgid);
    if (before !== undefined) this.finish(before);
    this.endReplaced(event.tgid, event.stamp, () => false);
    const child = this.subjects.born(event);
    child.startOffset = this.wallOffset;
    if (this.renew(child, event)) child.imageOf = 'inherited';
    if (this.rootsToCome.delete(child.pid)) child.trees = [...child.trees, child.pid];
    if (this.options.shows(event)) this.teller.tell('fork', event, child, { ppid: event.parentTgid });
  }

  /** Name and user as the witness saw them with this event: where changes of them are not heard. True if that was news. */
  private renew(proc: Proc, event: EventOf<'fork'> | EventOf<'exit'>): boolean {
    const who = this.witness.whoNow?.(event);
    const { comm, uid } = proc.image;
    if (who === undefined || (uid === who.uid && comm !== undefined && rawOf(comm) === rawOf(who.comm))) return false;
    proc.image = changed(proc.image, who);
    return true;
  }

  private takeExec(event: EventOf<'exec'>): void {
    this.witness.forget(event.tgid);
    const told = this.witness.executed(event);
    if (typeof told === 'object') this.endReplaced(event.tgid, event.stamp, ({ start }) => isNear(start, told.start));
    const proc = this.subjects.executed(event.tgid, told);
    if (this.options.shows(event)) this.teller.tell('exec', event, proc, {});
  }

  private takeIds(event: EventOf<'uid'> | EventOf<'gid'>): void {
    const ids = { real: event.realId, effective: event.effectiveId };
    const proc = this.subjects.of(event.tgid);
    if (event.kind === 'uid' && event.tid === event.tgid) proc.image = changed(proc.image, { uid: event.effectiveId });
    if (this.options.shows(event)) this.teller.tell(event.kind, event, proc, { ids });
  }

  private takeComm(event: EventOf<'comm'>): void {
    const proc = this.subjects.of(event.tgid);
    const image = changed(proc.image, { comm: textOf(event.comm) });
    if (event.tid === event.tgid) proc.image = image;
    if (this.options.shows(event)) this.teller.tell('comm', event, proc, { image });
  }

  private takeExit(event: EventOf<'exit'>, index: number): void {
    const isLeader = event.tid === event.tgid;
    const previous = isLeader ? this.subjects.takePrevious(event.tgid) : undefined;
    if (previous !== undefined) return this.tellEnd(previous, event, event.parentTgid, event.status);
    const exit = this.witness.ended(event, index);
    // The end of the leader that ends its process is told once, as that of the process.
    if (exit === undefined || !isLeader) this.tellThreadEnd(event);
    if (exit !== undefined) this.finish(exit);
  }

  private finish(exit: ProcessExit): void {
    const { last, parentTgid, status } = exit;
    this.endReplaced(exit.pid, last.stamp, ({ start }) => {
      const { zombie } = exit;
      return start === undefined || zombie === undefined || isSameStart(start, zombie, this.subjects.bootOffset);
    });
    const proc = this.subjects.ended(exit);
    this.renew(proc, last);
    if (status !== 0 || !this.options.hearing.onlyFailures) this.tellEnd(proc, last, parentTgid, status, exit);
  }

  private tellEnd(
    proc: Proc,
    event: EventOf<'exit'>,
    parentTgid: number,
    status: number | undefined,
    exit?: ProcessExit,
  ): void {
    const ofProcess = event.tid === event.tgid ? event : { ...event, tid: event.tgid };
    if (!this.options.shows(ofProcess)) return;
    const duration = proc.start && {
      seconds: Math.max(0, secondsBetween(proc.start, event.stamp)),
      exact: proc.startExact,
    };
    // With a place for what is still to come, which would cost more to make room for later.
    const cause = status === undefined ? undefined : this.causeOf(proc, event.stamp, status, exit);
    const startOffset = proc.startOffset ?? this.wallOffset;
    const end: ProcessEnd = { waitStatus: status, start: proc.start, startOffset, duration, usage: undefined, cause };
    const failed = status === 0 ? undefined : this.options.failedExecs?.before(event);
    const detail = parentTgid === 0 ? { exit: end, failed } : { exit: end, failed, ppid: parentTgid };
    this.teller.tell('exit', ofProcess, proc, detail);
  }

  private causeOf(proc: Proc, at: Moment, status: number, exit: ProcessExit | undefined): EndCause | undefined {
    const { causes, reader, wants } = this.options;
    if (causes === undefined) return undefined;
    if (causes.isByItself(proc.pid, status)) return BY_ITSELF;
    const { subjects } = this;
    const birth = exit?.birth ?? (proc.start && plus(proc.start, subjects.bootOffset));
    const cause = causes.of({ pid: proc.pid, at, status, birth });
    return cause && withSenders(cause, { subjects, reader, wantsCgroup: wants.cgroup });
  }

  private tellThreadEnd(event: EventOf<'exit'>): void {
    if (!this.options.threads || !this.options.shows(event)) return;
    const exit: ProcessEnd = { waitStatus: event.status, start: undefined, duration: undefined };
    this.teller.tell('exit', event, this.subjects.of(event.tgid), { thread: true, exit });
  }

  /** Execs and ends whose events were lost, and which were witnessed all the same. */
  repair(unheard: readonly Unheard[]): ProcessRecord[] {
    this.begin();
    for (const one of unheard) {
      if (one.event === 'exec') this.repairExec(one);
      else this.repairEnd(one);
    }
    return this.teller.take();
  }

  private repairExec({ pid, at, told }: Unheard): void {
    const isNew = this.hearsWholeLives && this.table.living(pid) === undefined;
    const proc = this.subjects.executed(pid, told);
    if (isNew) proc.trees = this.table.parentOf(proc)?.trees ?? proc.trees;
    if (isNew && this.options.infers.finds) this.teller.infer('found', proc, at, undefined);
    if (this.options.infers.execs) this.teller.infer('exec', proc, at, undefined);
  }

  private repairEnd({ pid, at, status }: Unheard): void {
    const proc = this.table.living(pid);
    this.witness.forget(pid);
    if (proc === undefined || this.isBornAfter(proc, at)) return;
    if (this.options.infers.ends) this.teller.infer('exit', proc, at, status);
    this.table.end(proc);
  }

  /**
   * The table against a scan of /proc that began `at`: what vanished has ended, what was never heard of is found. All that was queued
   * when the scan was done must have been tracked before.
   */
  reconcile(scan: ReadonlyMap<number, ProcessStat>, at: Moment): ProcessRecord[] {
    this.begin();
    if (!this.hearsWholeLives) return [];
    for (const proc of this.table.takePrevious()) {
      if (this.options.infers.ends) this.teller.infer('exit', proc, at, undefined);
    }
    for (const proc of [...this.table.all()]) {
      const stat = scan.get(proc.pid);
      if (proc.ended || this.isBornAfter(proc, at) || this.isAlive(proc, stat)) continue;
      this.witness.forget(proc.pid);
      if (this.options.infers.ends) this.teller.infer('exit', proc, at, stat?.waitStatus || undefined);
      this.table.end(proc);
    }
    for (const [pid, stat] of scan) {
      if (this.table.living(pid) === undefined && !isOver(stat)) this.find(pid, at);
    }
    return this.teller.take();
  }

  private isBornAfter({ start }: Proc, at: Moment): boolean {
    return start !== undefined && secondsBetween(at, start) > 0;
  }

  private isAlive({ start }: Proc, stat: ProcessStat | undefined): boolean {
    if (stat === undefined || isOver(stat)) return false;
    return start === undefined || isSameStart(start, stat, this.subjects.bootOffset);
  }

  private find(pid: number, at: Moment): void {
    const facts = this.options.reader.facts(pid);
    if (facts === undefined) return;
    const proc = this.table.add(procOf(pid, facts, this.subjects.bootOffset));
    proc.trees = this.table.parentOf(proc)?.trees ?? proc.trees;
    if (this.options.infers.finds) this.teller.infer('found', proc, at, undefined);
  }
}

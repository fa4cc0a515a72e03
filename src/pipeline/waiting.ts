/**
 * Waiting for processes that are not our children. Two witnesses of every end: the kernel's events, which carry the status, and a
 * process descriptor, which cannot be lost, cannot mean another process, and since kernel 6.15 knows the status after the
 * reaping. Either alone is enough to come to an end; a status that none of them knows stays unknown.
 */
import type { Host, Kernel } from '../host/host.ts';
import { isOver } from '../process/exits.ts';
import { UNKNOWN_IMAGE } from '../process/image.ts';
import { compareMoments, type Moment, momentOfTicks } from '../process/moment.ts';
import type { Pidfd } from '../process/pidfd.ts';
import type { ProcessFacts } from '../process/proc-reader.ts';
import type { ProcessRecord, StreamRecord } from '../process/record.ts';
import { unheard } from '../process/teller.ts';
import type { Monitor } from './monitor.ts';

/** One thing waited for. Without a pid it is not there yet. */
export interface Target {
  /** As the user named it. */
  readonly label: string;
  pid: number | undefined;
  end: { readonly waitStatus: number | undefined } | undefined;
}

/** One process waited for, under all the names it was given. */
interface Awaited {
  readonly pid: number;
  readonly targets: Target[];
  /** Undefined where the kernel has none, and where the process was gone before one could be opened. */
  readonly pidfd: Pidfd | undefined;
  /** As read when the waiting began: proven to be this process's by the descriptor, where there is one. */
  readonly facts: ProcessFacts | undefined;
  /** Events before this are about an earlier holder of the number. */
  readonly since: Moment | undefined;
  /** It was gone before we could get hold of it: only an event can tell its status. */
  readonly wasGone: boolean;
  /** Known by the number that events have for it, which is not ours: nothing but events can tell its end. */
  readonly isForeign: boolean;
  /** Its end may be among the events that were lost, so an event that names its number may be about the next holder. */
  doubtful: boolean;
}

/** What it needs of the pipeline: to take in what is queued, and to look at the ends that no event settled. */
type Events = Pick<Monitor, 'wake' | 'lookAgain'>;

type Listener = (targets: readonly Target[], record: ProcessRecord) => void;

/** Between the end of a process and its event or its reaping lie microseconds, on a loaded machine milliseconds. */
const PATIENCE_MS = [0, 1, 2, 5, 10, 20, 50, 100, 300] as const;
/** So many looks an end whose status is known already waits for its event, which has the exact time of it. */
const LOOKS_FOR_EVENT = 3;
/** How often to look where the kernel has no process descriptors. */
const LOOK_MS = 500;

export class Waiting {
  private readonly host: Pick<Host, 'now' | 'after'>;
  private readonly kernel: Kernel;
  /** Undefined where the connector is not available. */
  private readonly monitor: Events | undefined;
  private readonly onEnd: Listener;
  private readonly numbers: 'ours' | 'foreign';
  /** By number. Two have the same only while the end of the first is not settled. */
  private readonly awaited = new Map<number, Awaited[]>();
  private readonly timers = new Map<Awaited, { cancel(): void }>();

  /** @param numbers of events: where they are foreign, those of processes here mean others there */
  constructor(
    host: Pick<Host, 'now' | 'after'>,
    kernel: Kernel,
    monitor: Events | undefined,
    onEnd: Listener,
    numbers: 'ours' | 'foreign' = 'ours',
  ) {
    this.numbers = numbers;
    this.host = host;
    this.kernel = kernel;
    this.monitor = monitor;
    this.onEnd = onEnd;
  }

  /** Gets hold of a process that is there now. Nothing is told before `begin`. */
  add(target: Target, pid: number): 'added' | 'gone' | 'thread' {
    const [same] = (this.awaited.get(pid) ?? []).filter(({ isForeign }) => !isForeign);
    if (same !== undefined) {
      same.targets.push(target);
      return 'added';
    }
    const pidfd = this.kernel.openPidfd(pid);
    if (pidfd === 'gone' || pidfd === 'thread') return pidfd;
    if (pidfd === 'unsupported') {
      const facts = this.read(pid);
      if (facts === undefined && !this.kernel.reader.exists(pid)) return 'gone';
      this.await(target, pid, { facts });
    } else this.await(target, pid, { pidfd, facts: this.factsOf(pidfd) });
    return 'added';
  }

  /** A process that was just heard to execute a program. It may have ended since, and its number may be another's by now. */
  adopt(target: Target, { pid, image, at }: ProcessRecord): void {
    if (this.numbers === 'foreign') {
      this.await(target, pid, { isForeign: true, since: at });
      return;
    }
    const found = this.kernel.openPidfd(pid);
    const pidfd = typeof found === 'string' ? undefined : found;
    const facts = pidfd === undefined ? this.read(pid) : this.factsOf(pidfd);
    const isIts =
      found !== 'gone' &&
      facts !== undefined &&
      compareMoments(momentOfTicks(facts.stat.startTicks, this.kernel.clocks().bootOffset), at) <= 0;
    if (!isIts) pidfd?.close();
    const held = isIts ? { pidfd, facts: { ...facts, image } } : { wasGone: true };
    const one = this.await(target, pid, { ...held, since: at });
    // Not now: this is called in the midst of a batch, and to ask for more events would mix up their order.
    this.after(one, 0, () => this.watch(one));
  }

  private await(target: Target, pid: number, held: Partial<Awaited>): Awaited {
    const nothing = { pidfd: undefined, facts: undefined, since: undefined };
    const flags = { wasGone: false, isForeign: false, doubtful: false };
    const one: Awaited = { ...nothing, ...flags, ...held, pid, targets: [target] };
    this.awaited.set(pid, [...(this.awaited.get(pid) ?? []), one]);
    return one;
  }

  /** At once where that can be: who ends this moment has been read by then. */
  private read(pid: number): ProcessFacts | undefined {
    const facts = this.kernel.reader.factsAtOnce(pid);
    return facts === 'later' ? this.kernel.reader.facts(pid) : facts;
  }

  /** Facts that are surely about the process of this descriptor: it had its number before and after they were read. */
  private factsOf(pidfd: Pidfd): ProcessFacts | undefined {
    const number = pidfd.procPid();
    const facts = number === undefined ? undefined : this.read(number);
    return pidfd.procPid() === number ? facts : undefined;
  }

  get pids(): ReadonlySet<number> {
    return new Set(this.awaited.keys());
  }

  private all(): Awaited[] {
    return [...this.awaited.values()].flat();
  }

  private isOpen(one: Awaited): boolean {
    return this.awaited.get(one.pid)?.includes(one) ?? false;
  }

  /** To be called when the events flow: tells the ends there are already, in the order of `add`, and then those to come. */
  begin(): void {
    for (const one of this.all()) this.watch(one);
  }

  private watch(one: Awaited): void {
    if (!this.isOpen(one) || one.isForeign) return;
    const { pidfd, facts, wasGone } = one;
    const isZombie = pidfd === undefined ? facts !== undefined && isOver(facts.stat) : pidfd.state() !== 'alive';
    if (pidfd === undefined || isZombie) this.conclude(one, isZombie && !wasGone ? LOOKS_FOR_EVENT : 0);
    else {
      pidfd.onEnd(() => {
        pidfd.ignore();
        this.conclude(one, 0);
      });
    }
  }

  /** What the events tell. */
  take(records: readonly StreamRecord[]): void {
    if (records.some(({ event }) => event === 'lost')) this.doubt();
    for (const record of records) {
      if (!('pid' in record) || record.event !== 'exit' || record.thread) continue;
      const one = this.awaited.get(record.pid)?.find((one) => this.isAbout(one, record));
      if (one !== undefined) this.finish(one, record.exit?.waitStatus, record);
    }
  }

  private doubt(): void {
    for (const one of this.all()) {
      if (!one.isForeign && one.pidfd?.state() !== 'alive') one.doubtful = true;
    }
  }

  /** Whether this end of a process of its number is its own. */
  private isAbout({ pid, pidfd, since, doubtful, isForeign }: Awaited, { at, exit }: ProcessRecord): boolean {
    if (isForeign !== (this.numbers === 'foreign')) return false;
    if (exit?.waitStatus === undefined) return false;
    if (since !== undefined && compareMoments(at, since) < 0) return false;
    if (pidfd === undefined) return !doubtful;
    if (pidfd.state() === 'alive') return false;
    const known = pidfd.waitStatus();
    if (known !== undefined) return known === exit.waitStatus;
    // As long as nobody has reaped it, nobody else can have its number.
    return !doubtful || pidfd.procPid() === pid;
  }

  /** The process seems to have ended: asks for its status until one is found or patience ends. */
  private conclude(one: Awaited, look: number): void {
    if (!this.isOpen(one)) return;
    this.monitor?.wake();
    this.monitor?.lookAgain();
    if (!this.isOpen(one)) return;
    if (this.isThere(one)) return this.after(one, LOOK_MS, () => this.conclude(one, 0));
    const status = this.statusOf(one);
    const isEnough = status !== undefined && (this.monitor === undefined || look >= LOOKS_FOR_EVENT);
    if (isEnough || look >= PATIENCE_MS.length) return this.finish(one, status);
    this.after(one, PATIENCE_MS[look], () => this.conclude(one, look + 1));
  }

  /** Without a descriptor: whether the process that was there at the beginning still is. */
  private isThere({ pid, pidfd, facts, wasGone }: Awaited): boolean {
    if (pidfd !== undefined || wasGone) return false;
    const stat = this.kernel.reader.stat(pid);
    if (stat === undefined) return this.kernel.reader.exists(pid);
    return !isOver(stat) && (facts === undefined || stat.startTicks === facts.stat.startTicks);
  }

  /** From the descriptor, or from what is left of the process in /proc; never from another process that got its number. */
  private statusOf({ pid, pidfd, facts, wasGone }: Awaited): number | undefined {
    const { reader } = this.kernel;
    if (wasGone) return undefined;
    if (pidfd === undefined) {
      const status = reader.zombieStatus(pid);
      return facts !== undefined && reader.stat(pid)?.startTicks === facts.stat.startTicks ? status : undefined;
    }
    const reaped = pidfd.waitStatus();
    const number = pidfd.procPid();
    if (reaped !== undefined || number === undefined) return reaped;
    const status = reader.zombieStatus(number);
    return pidfd.procPid() === number ? status : undefined;
  }

  private finish(one: Awaited, waitStatus: number | undefined, heard?: ProcessRecord): void {
    this.release(one);
    for (const target of one.targets) target.end = { waitStatus };
    this.onEnd(one.targets, heard ?? this.concluded(one, waitStatus));
  }

  /** The record of an end that no event told. */
  private concluded({ pid, facts }: Awaited, waitStatus: number | undefined): ProcessRecord {
    const record = unheard('exit', pid, facts?.image ?? UNKNOWN_IMAGE, this.host.now());
    const start = facts && momentOfTicks(facts.stat.startTicks, this.kernel.clocks().bootOffset);
    const exit = { waitStatus, start, duration: undefined };
    return { ...record, imageOf: facts && 'earlier', exit };
  }

  private after(one: Awaited, milliseconds: number, task: () => void): void {
    this.timers.set(one, this.host.after(milliseconds, task));
  }

  private release(one: Awaited): void {
    const others = this.awaited.get(one.pid)?.filter((other) => other !== one) ?? [];
    if (others.length > 0) this.awaited.set(one.pid, others);
    else this.awaited.delete(one.pid);
    this.timers.get(one)?.cancel();
    this.timers.delete(one);
    one.pidfd?.close();
  }

  /** Lets go of all that is left: an open descriptor would keep the program from ending. */
  close(): void {
    for (const one of this.all()) this.release(one);
  }
}

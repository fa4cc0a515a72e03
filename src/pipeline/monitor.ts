/**
 * The pipeline from the kernel to records: subscription, source, order, enrichment, selection. Every command that follows processes
 * stands on it. What happens beside the events, each in a file of its own, is started and stopped here.
 */
import type { AttemptSource } from '../attempts/attempt.ts';
import { type FailedExec, QUIET_SECONDS } from '../attempts/walks.ts';
import type { FactSource } from '../facts/kernel-facts.ts';
import type { Host, Kernel } from '../host/host.ts';
import type { WireEvent } from '../netlink/events.ts';
import { type Hearing, hearsWholeLives } from '../netlink/filter.ts';
import type { EventStream } from '../process/event-stream.ts';
import type { FactWishes } from '../process/fact-wishes.ts';
import { foreignReader } from '../process/foreign-reader.ts';
import { compareMoments, type Moment, minus } from '../process/moment.ts';
import { inTimeOrder, putInTime } from '../process/order.ts';
import type { ProcessFacts, ProcReader } from '../process/proc-reader.ts';
import type { LostRecord, ProcessRecord, StreamRecord } from '../process/record.ts';
import { redactRecord, redactRecords } from '../process/redact.ts';
import { ReadScan, type Scan, WalkedScan } from '../process/scan.ts';
import type { Selection, Selector } from '../process/select.ts';
import type { Wants } from '../process/teller.ts';
import { type Infers, Tracker } from '../process/tracker.ts';
import type { Acquaintance, Witness } from '../process/witness.ts';
import type { UsageSource } from '../usage/usage-source.ts';
import { Attempts } from './attempts.ts';
import { Backlog, type DrainedBatch } from './backlog.ts';
import { Causes } from './causes.ts';
import { Gaps } from './gaps.ts';
import { Heartbeat } from './heartbeat.ts';
import { Losses } from './losses.ts';
import { Rescan } from './rescan.ts';
import { Settling } from './settling.ts';
import { subscribe } from './subscribing.ts';
import { type Pacing, PromptWakeups, together, type Wakeups, WindowedWakeups } from './wakeups.ts';
import { Witnesses, type WitnessOptions } from './witnesses.ts';

export interface MonitorOptions extends WitnessOptions {
  /** Where events come from: the connector, with this hearing and buffer, unless given. Closed with the monitor. */
  readonly stream?: EventStream | undefined;
  readonly shows: (event: WireEvent) => boolean;
  readonly threads: boolean;
  readonly infers: Infers;
  readonly selector: Selector;
  readonly treeRoots: readonly number[];
  readonly wants: Wants;
  readonly bufferBytes: number;
  /** In the order of time, not of arrival. */
  readonly ordered: boolean;
  /** How long an event may wait for others, in milliseconds, where nothing is lost by that. Asked again for each window. */
  readonly latencyMs?: () => number;
  /** What the processes used that end. Closed with the monitor. */
  readonly usage?: UsageSource;
  /** Ends that no event settled are looked at again and again, unless somebody else sees to them. */
  readonly looksAgain?: false;
}

/** What the programs in the kernel are to tell, and what is then still to be heard of the connector. */
export interface FactPlan {
  readonly wishes: Omit<FactWishes, 'wakes' | 'args'>;
  readonly hearing: Hearing;
}

/** What the pipeline needs of a host. */
type Monitored = Pick<Host, 'now' | 'after' | 'random' | 'pid'>;

/** Batches handled in one wake-up before the event loop gets its turn. */
const ROUNDS = 256;
/** What was witnessed so long ago, and whose event was not read yet, has lost it. */
const UNHEARD_SECONDS = 1;
/** Between a record and its event lie microseconds, on a loaded machine milliseconds. */
const GRACE_SECONDS = 0.02;

export class Monitor {
  readonly stream: EventStream;
  private readonly host: Monitored;
  private readonly kernel: Kernel;
  private readonly reader: ProcReader;
  private readonly witnesses: Witnesses;
  private readonly options: MonitorOptions;
  private readonly backlog: Backlog;
  private readonly losses: Losses;
  private readonly gaps = new Gaps();
  private readonly heartbeat: Heartbeat;
  private readonly rescan: Rescan;
  private readonly settling: Settling;
  private hearing: Hearing;
  private facts: { readonly source: FactSource; readonly since: Moment } | undefined;
  private causes: Causes | undefined;
  private attempts: Attempts | undefined;
  private quiet: { cancel(): void } | undefined;
  private scan: Scan;
  private tracker: Tracker | undefined;
  private wakeups: Wakeups | undefined;
  private carry: { cancel(): void } | undefined;
  /** To be done before anything is told. */
  private first: (() => void) | undefined;
  /** Of the batch that was handled last: whether more was queued, and until when it reached. */
  private last: { readonly isMore: boolean; readonly until: Moment } | undefined;
  private onRecords: (records: StreamRecord[]) => void = () => {};

  /** Subscribes, if nobody has; throws a Failure that says why where that is impossible. */
  constructor(host: Monitored, kernel: Kernel, options: MonitorOptions) {
    this.stream = options.stream ?? subscribe(host, kernel, options);
    const { foreign } = this.stream;
    const ours = options.readsArgs === false ? kernel.readerWithoutArgs : kernel.reader;
    const isOurs = foreign?.proc !== 'others';
    const reader = isOurs ? ours : foreignReader(ours, { inEvents: foreign.self, inProc: host.pid });
    const after = (milliseconds: number, task: () => void) => host.after(milliseconds, task);
    this.host = host;
    this.kernel = kernel;
    this.witnesses = new Witnesses(reader, options, () => host.now());
    this.reader = this.witnesses.reader;
    this.options = options;
    this.hearing = this.stream.hearing;
    this.losses = new Losses(() => host.now());
    this.backlog = new Backlog(this.stream, () => host.now());
    this.scan = new ReadScan(this.reader);
    this.heartbeat = new Heartbeat(this.stream, after, (isDeaf) => this.beaten(isDeaf));
    this.rescan = new Rescan(after, () => this.repair());
    this.settling = new Settling(after, this.openEnds());
  }

  /** Datagrams that were not the kernel's, or not understood, since the start. */
  get refused(): Readonly<Record<string, number>> {
    return this.stream.refused;
  }

  /** Records that a pattern judged by the beginning of their arguments, since the rest is not known. */
  get judgedCut(): number {
    return this.options.selector.judgedCut;
  }

  /** Whether any process of these trees lives, as far as is known. */
  livesIn(roots: readonly number[]): boolean {
    for (const { ended, trees } of this.tracker?.table.all() ?? []) {
      if (!ended && roots.some((root) => trees.includes(root))) return true;
    }
    return false;
  }

  /** False from a loss until the table is true again: there may be processes that nobody told about. */
  get isCertain(): boolean {
    return !this.rescan.isWanted;
  }

  /**
   * Has programs in the kernel tell what events leave out, where that can be had; resolves to the reason where it cannot. A kernel that does
   * this also shows its list of processes. Between subscribing and `start`: what happens meanwhile is queued.
   */
  async useFacts({ wishes, hearing }: FactPlan): Promise<string | undefined> {
    if (this.stream.source === 'bpf') return this.useWalk();
    const args = this.options.readsArgs === false ? 'without' : 'with';
    const opened = await this.kernel.openFacts({ ...wishes, args, wakes: 'untold' });
    if ('reason' in opened) return opened.reason;
    this.facts = { source: opened, since: this.host.now() };
    this.hearing = hearing;
    this.stream.rehear(hearing);
    return this.useWalk();
  }

  private async useWalk(): Promise<undefined> {
    if (!hearsWholeLives(this.hearing)) return undefined;
    // Now, for later the rights to it may have been given up.
    const walk = await this.kernel.openWalk();
    if (!('reason' in walk)) this.scan = new WalkedScan(walk, this.reader);
    return undefined;
  }

  /** Has programs in the kernel tell why processes end; resolves to the reason where that cannot be had. As `useFacts`, before `start`. */
  async useCauses(): Promise<string | undefined> {
    const opened = await this.kernel.openCauses();
    if ('reason' in opened) return opened.reason;
    this.causes = new Causes(opened);
    return undefined;
  }

  /** Has programs in the kernel tell which execs fail. As `useFacts`, before `start`. */
  async useAttempts(tells: 'every try' | 'walks'): Promise<AttemptSource | { readonly reason: string }> {
    const opened = await this.kernel.openAttempts(this.options.readsArgs === false ? 'without' : 'with');
    if ('hook' in opened) this.attempts = new Attempts(opened, tells, this.options.redact);
    return opened;
  }

  /** @param known the processes to know from the start; all there are, unless given */
  start(onRecords: (records: StreamRecord[]) => void, known?: readonly number[]): void {
    this.onRecords = onRecords;
    const { hearing, reader, options, kernel, witnesses } = this;
    const facts = this.facts?.source;
    const subjects = witnesses.subjects(hearing, this.tells ? 'facts' : 'looks');
    const acquaintance: Acquaintance = {
      startOf: (pid) => subjects.table.living(pid)?.start,
      bootOffset: () => subjects.bootOffset,
    };
    const own = this.stream.witness({ ...acquaintance, reader, now: () => this.host.now() });
    const witness = own === undefined ? witnesses.witness(hearing, facts, acquaintance) : witnesses.edited(own);
    const { causes, attempts: failedExecs } = this;
    const tracker = new Tracker(
      { ...options, hearing, reader, subjects, causes, failedExecs, clocks: () => kernel.clocks() },
      witness,
    );
    this.tracker = tracker;
    this.seed(tracker, known);
    this.first = () => this.beginBefore(tracker, acquaintance);
    if (!this.backlog.isEmpty()) this.carryOn();
    options.usage?.start();
    this.wakeups = this.wakeupsFor(witness);
    this.wakeups.start(() => this.takeTurn());
    this.heartbeat.start();
  }

  private wakeupsFor({ isPatient }: Witness): Wakeups {
    const { host } = this;
    const pacing: Pacing = {
      now: () => toMilliseconds(host.now()),
      after: (milliseconds, task) => host.after(milliseconds, task),
    };
    const { latencyMs } = this.options;
    const isHurried = !isPatient || this.options.wants.cgroup;
    const also = this.attempts === undefined ? [] : [this.attempts.source];
    if (!this.tells || isHurried || latencyMs === undefined) {
      return new PromptWakeups(pacing, together([this.stream, ...also]), isHurried ? 'hurried' : 'patient');
    }
    const sources = this.facts === undefined ? [this.stream] : [this.stream, this.facts.source];
    return new WindowedWakeups(pacing, [...sources, ...also], { mostMs: latencyMs, capacity: this.stream.capacity });
  }

  /** Whether programs in the kernel tell what events leave out. */
  private get tells(): boolean {
    return this.facts !== undefined || this.stream.source === 'bpf';
  }

  /** Where the table is not the authority, there is nobody who must be known beforehand. */
  private seed(tracker: Tracker, known: readonly number[] | undefined): void {
    const needsAll = !this.tells || hearsWholeLives(this.hearing);
    const everybody = () => (needsAll ? this.scan.facts() : new Map<number, ProcessFacts>());
    const scan = known === undefined ? everybody() : this.reader.factsOfAll(known);
    tracker.seed(scan, this.backlog.drainAll());
  }

  /** What happened before the programs were there has no facts: a look must do. */
  private beginBefore(tracker: Tracker, acquaintance: Acquaintance): void {
    const { facts } = this;
    if (facts === undefined || !this.backlog.reachesBack(facts.since)) return;
    const { witness } = tracker;
    const looks = this.witnesses.looks(acquaintance);
    tracker.witness = this.witnesses.edited(looks);
    for (const batch of this.backlog.takeBefore(facts.since)) this.handle(batch, tracker);
    // Twice: an end that no event told must be seen two times.
    this.tell([...tracker.settle(), ...tracker.settle()]);
    for (const pid of looks.open()) witness.addLeaderless(pid);
    tracker.witness = witness;
  }

  /** Takes what is queued, tells it, and leaves. */
  stop(): void {
    this.wake();
    this.tell(this.gaps.takeRest());
    this.tell([], this.takeLoss(this.stream.takeDrops()));
    this.tellUnseen(this.tracker?.witness.takeLost('all') ?? 0);
    this.causes?.askLost(this.host.now());
    this.tellUnexplained();
    this.lookAgain();
    this.lookAgain();
    this.tellFailed(this.attempts?.quiet('all') ?? []);
    this.quiet?.cancel();
    for (const one of [this.heartbeat, this.rescan, this.settling]) one.stop();
    this.carry?.cancel();
    this.wakeups?.stop();
    this.stream.close();
    this.facts?.source.close();
    this.causes?.close();
    this.attempts?.close();
    this.scan.close();
    this.options.usage?.close(this.onRecords);
  }

  /** Resolves when all records made so far have been handed over: some wait a moment for their usage. */
  async settled(): Promise<void> {
    await this.options.usage?.settled();
  }

  /** Looks at the ends that no event settled. Goes on by itself, unless `looksAgain` is false. */
  lookAgain(): ProcessRecord[] {
    const records = this.tracker?.settle() ?? [];
    this.tell(records);
    return records;
  }

  private openEnds() {
    const unsettled = (): number => this.tracker?.witness.unsettled ?? 0;
    return {
      get unsettled() {
        return unsettled();
      },
      look: () => {
        this.wake();
        return this.lookAgain().length > 0;
      },
    };
  }

  /** Who is there, by all that was told until now; to be asked where whole lives are heard. */
  state(at: Moment, selection: Selection): ProcessRecord[] {
    const all = this.tracker?.state(at, selection) ?? [];
    const { redact } = this.options;
    return redact === undefined ? all : all.map((record) => redactRecord(record, redact));
  }

  /** Tells all that has happened until now. */
  wake(): void {
    const now = this.host.now();
    do this.takeTurn();
    while (this.backlog.reachesBack(now) || this.isBehind(now));
  }

  private isBehind(now: Moment): boolean {
    return this.last?.isMore === true && compareMoments(this.last.until, now) < 0;
  }

  /**
   * Handles what is queued; returns the number of events, or at least one if some had to be left for later. What came meanwhile waits for
   * the next turn where that is near.
   */
  private takeTurn(): number {
    const { tracker } = this;
    if (tracker === undefined) return 0;
    this.first?.();
    this.first = undefined;
    const isTimed = this.wakeups?.isTimed ?? false;
    let handled = 0;
    let isMore = true;
    for (let round = 0; isMore && round < ROUNDS; round++) {
      const batch = (round > 0 && this.backlog.shift()) || this.backlog.take();
      handled += batch.events.length;
      this.handle(batch, tracker);
      isMore = batch.full || !this.backlog.isEmpty();
      this.last = { isMore, until: batch.events.at(-1)?.stamp ?? batch.at };
      if (isTimed && this.backlog.isSmall()) break;
    }
    if (isMore && !isTimed) this.carryOn();
    if (this.options.looksAgain !== false) this.settling.arm();
    return tracker.witness.rest() ? Math.max(handled, 1) : handled;
  }

  private carryOn(): void {
    this.carry?.cancel();
    this.carry = this.host.after(0, () => this.takeTurn());
  }

  /** Tells one batch. What had to be drained to prove what was seen of it, or is there besides, is then in the backlog. */
  private handle(batch: DrainedBatch, tracker: Tracker): void {
    const { witness } = tracker;
    const mustHeed = witness.attend(batch, ({ tgid }) => tracker.mayShow(tgid));
    this.causes?.attend(batch.at);
    const events = this.options.ordered ? inTimeOrder(batch.events) : batch.events;
    if (mustHeed) witness.heed(this.backlog.drainAll());
    if (batch.full && !witness.isPatient && this.backlog.length === 0) this.backlog.drainMore();
    this.options.usage?.hear(events);
    const over = this.attempts?.attend(events, batch.full ? events.at(-1)?.stamp : batch.at) ?? [];
    if (batch.lost > 0) this.gaps.add(this.lossOfEvents('overrun', batch.lost), batch.lostBy ?? batch.at);
    const records: StreamRecord[] = this.withGaps(tracker, events, batch.full || !this.backlog.isEmpty());
    if (over.length > 0) putInTime(records, tracker.tellFailed(over));
    this.watchQuiet();
    if (!batch.full) records.push(...this.unheard(tracker, batch.at, batch.lost > 0 ? GRACE_SECONDS : UNHEARD_SECONDS));
    this.tell(records);
    // While more is queued, what was dropped may be known later only.
    if (batch.lost === 0 && !batch.full) this.losses.note();
    this.tellUnseen(witness.takeLost());
    this.tellUnexplained();
    this.tellUnseen(this.attempts?.takeLost() ?? 0);
  }

  /** A walk is over when nothing more comes: nobody tells that. */
  private watchQuiet(): void {
    if (this.quiet !== undefined || !this.attempts?.isOpen) return;
    this.quiet = this.host.after(QUIET_SECONDS * 1000, () => {
      this.quiet = undefined;
      this.wake();
      this.tellFailed(this.attempts?.quiet(this.host.now()) ?? []);
      this.watchQuiet();
    });
  }

  private tellFailed(over: readonly FailedExec[]): void {
    if (over.length > 0 && this.tracker !== undefined) this.tell(this.tracker.tellFailed(over));
  }

  private withGaps(tracker: Tracker, events: readonly WireEvent[], isMore: boolean): StreamRecord[] {
    const records: StreamRecord[] = [];
    let from = 0;
    for (const { record, before } of this.gaps.take(events, isMore ? 'more' : 'nothing')) {
      records.push(...tracker.track(events, from, before), record);
      tracker.doubt(record.at);
      from = before;
    }
    return from === 0 && records.length === 0 ? tracker.track(events) : [...records, ...tracker.track(events, from)];
  }

  /** What was witnessed, and whose event is not among those that were queued then. */
  private unheard(tracker: Tracker, now: Moment, graceSeconds: number): ProcessRecord[] {
    const unheard = tracker.witness.takeUnheard(secondsBefore(now, graceSeconds));
    return unheard.length === 0 ? [] : tracker.repair(unheard);
  }

  private tell(all: StreamRecord[], loss?: LostRecord): void {
    const { selector, usage, redact } = this.options;
    const told = redact === undefined ? all : redactRecords(all, redact);
    const missing = usage?.account(told) ?? [];
    const records = selector.takesAll ? told : told.filter((record) => !('pid' in record) || selector.shows(record));
    if (loss !== undefined) records.push(loss);
    const unaccounted = usage?.takeLoss();
    if (unaccounted !== undefined) records.push(unaccounted);
    if (records.length === 0) return;
    if (usage === undefined) this.onRecords(records);
    else usage.hold(records, missing, this.onRecords);
  }

  private tellUnseen(count: number): void {
    if (count > 0) this.tell([], this.losses.tell('capture', count));
  }

  private tellUnexplained(): void {
    const count = this.causes?.takeLost() ?? 0;
    if (count > 0) this.tell([], this.losses.tell('cause', count));
  }

  /** Events are missing: the table has to be made true again. */
  private lossOfEvents(reason: 'overrun' | 'starved', count: number | undefined): LostRecord {
    const record = this.losses.tell(reason, count);
    this.rescan.want(record.at);
    return record;
  }

  /** Of a loss behind all that was queued. */
  private takeLoss(count: number): LostRecord | undefined {
    if (count === 0) return undefined;
    const record = this.lossOfEvents('overrun', count);
    this.tracker?.doubt(record.at);
    return record;
  }

  private beaten(isDeaf: boolean): void {
    const starved = isDeaf ? this.lossOfEvents('starved', undefined) : undefined;
    this.wake();
    if (starved !== undefined) {
      this.tracker?.doubt(starved.at);
      this.tell([], starved);
    }
    this.tell([], this.takeLoss(this.stream.takeDrops()));
  }

  /**
   * Makes the table true again after a loss. What happened before the scan is queued by the time it is done, so the queue is handled
   * first: only what no event explains is concluded.
   */
  private repair(): void {
    const { tracker } = this;
    // Where /proc has other numbers nobody can be looked for.
    if (tracker === undefined || this.stream.foreign?.proc === 'others') return;
    const at = this.host.now();
    const scan = this.scan.stats(living(tracker));
    this.wake();
    this.tell(this.unheard(tracker, at, GRACE_SECONDS));
    if (!this.rescan.isWanted) this.tell(tracker.reconcile(scan, at));
  }
}

function* living({ table }: Tracker): Iterable<number> {
  for (const { pid, ended } of table.all()) if (!ended) yield pid;
}

const toMilliseconds = ({ seconds, nanos }: Moment): number => seconds * 1000 + nanos / 1e6;
const secondsBefore = (moment: Moment, many: number): Moment =>
  minus(moment, { seconds: Math.floor(many), nanos: (many % 1) * 1e9 });

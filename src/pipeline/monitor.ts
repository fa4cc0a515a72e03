/**
 * The pipeline from the kernel to records: subscription, source, order, enrichment, selection. Every command that follows processes
 * stands on it. Also owns what happens beside the events: the heartbeat, the second look at unsettled ends, and the rescan after
 * a loss.
 */

import { Failure } from '../errors.ts';
import type { Host, Kernel } from '../host/host.ts';
import type { WireEvent } from '../netlink/events.ts';
import type { Hearing } from '../netlink/filter.ts';
import { EventSource } from '../netlink/source.ts';
import { type Heartbeat, Subscription } from '../netlink/subscribe.ts';
import type { ImageCapture } from '../process/image-capture.ts';
import { type ImageSource, ProcImageSource } from '../process/image-source.ts';
import { type Moment, secondsBetween } from '../process/moment.ts';
import { inTimeOrder } from '../process/order.ts';
import type { ProcReader } from '../process/proc-reader.ts';
import type { LossReason, LostRecord, ProcessRecord, StreamRecord } from '../process/record.ts';
import { ReadScan, readEach, type Scan, WalkedScan } from '../process/scan.ts';
import type { Selector } from '../process/select.ts';
import type { Wants } from '../process/teller.ts';
import { type Infers, Tracker } from '../process/tracker.ts';
import type { UsageSource } from '../usage/usage-source.ts';
import { Backlog, type DrainedBatch } from './backlog.ts';

export interface MonitorOptions {
  readonly hearing: Hearing;
  readonly shows: (event: WireEvent) => boolean;
  readonly threads: boolean;
  readonly infers: Infers;
  readonly selector: Selector;
  readonly treeRoots: readonly number[];
  readonly wants: Wants;
  readonly bufferBytes: number;
  /** In the order of time, not of arrival. */
  readonly ordered: boolean;
  /** False where no argument may ever be read. */
  readonly readsArgs?: boolean;
  /** What the processes used that end. Closed with the monitor. */
  readonly usage?: UsageSource;
  /** Ends that no event settled are looked at again and again, unless somebody else sees to them. */
  readonly looksAgain?: false;
}

/** What the pipeline needs of a host. */
type Monitored = Pick<Host, 'now' | 'after' | 'random'>;

/** The only wake-up of an idle watch. */
const HEARTBEAT_MS = 5000;
const SETTLE = { firstMs: 5, mostMs: 1000 } as const;
/** A scan while the storm lasts would cost what the storm needs: it comes when nothing was lost for a while, or at the latest then. */
const RESCAN = { calmMs: 250, mostMs: 3000 } as const;
/** Batches handled in one wake-up before the event loop gets its turn. */
const ROUNDS = 64;
type Timer = { cancel(): void };

export class Monitor {
  readonly subscription: Subscription;
  private readonly host: Monitored;
  private readonly kernel: Kernel;
  private readonly options: MonitorOptions;
  private readonly source: EventSource;
  private readonly tracker: Tracker;
  private images: ImageSource;
  private capture: ImageCapture | undefined;
  private scan: Scan;
  private readonly timers = new Map<'heartbeat' | 'settle' | 'rescan' | 'carry', Timer>();
  private settleMs: number = SETTLE.firstMs;
  private readonly backlog: Backlog;
  private allWell: Moment;
  private rescanWanted: Moment | undefined;
  private onRecords: (records: StreamRecord[]) => void = () => {};

  /** Subscribes; throws a Failure that says why where that is impossible. */
  constructor(host: Monitored, system: Kernel, options: MonitorOptions) {
    const kernel = options.readsArgs === false ? { ...system, reader: system.readerWithoutArgs } : system;
    this.host = host;
    this.kernel = kernel;
    this.options = options;
    this.allWell = host.now();
    this.subscription = new Subscription({
      open: kernel.openConnector,
      hearing: options.hearing,
      bufferBytes: options.bufferBytes,
      random: () => host.random(),
      circumstances: () => kernel.circumstances(),
    });
    this.source = new EventSource(this.subscription, options.hearing, {
      now: () => toMilliseconds(host.now()),
      after: (ms, task) => host.after(ms, task),
    });
    this.backlog = new Backlog(this.source, () => host.now());
    this.scan = new ReadScan(kernel.reader);
    this.images = this.imagesBy(kernel.reader, options.readsArgs === false ? 'exe' : 'args');
    this.tracker = new Tracker({
      ...options,
      reader: kernel.reader,
      images: { of: (exec) => this.images.of(exec) },
      clocks: () => kernel.clocks(),
    });
  }

  private imagesBy(reader: Pick<ProcReader, 'facts'>, proof: 'args' | 'exe'): ImageSource {
    const bootOffset = (): Moment => this.kernel.clocks().bootOffset;
    return new ProcImageSource(reader, () => this.host.now(), bootOffset, proof);
  }

  /** Datagrams that were not the kernel's, or not understood, since the start. */
  get refused(): Readonly<Record<string, number>> {
    return this.source.refused;
  }

  /** False from a loss until the table is true again: there may be processes that nobody told about. */
  get isCertain(): boolean {
    return !this.timers.has('rescan');
  }

  /**
   * Has the images of all execs captured inside the kernel, where that can be had; resolves to the reason where it cannot. A kernel that
   * does this also shows its list of processes. Between subscribing and `start`: what happens meanwhile is queued.
   */
  async captureImages(wants: { readonly args: boolean; readonly links: boolean }): Promise<string | undefined> {
    if (!this.options.hearing.scopes.has('exec')) return 'no execs are heard';
    const { reader } = this.kernel;
    const links = wants.links ? this.imagesBy({ facts: reader.links }, 'exe') : undefined;
    const opened = await this.kernel.openImageCapture({ fallback: this.images, links, args: wants.args });
    if ('reason' in opened) return opened.reason;
    this.capture = opened;
    this.images = opened;
    // Now, for later the rights to it may have been given up.
    const walk = await this.kernel.openWalk();
    if (!('reason' in walk)) this.scan = new WalkedScan(walk, reader);
    return undefined;
  }

  /** @param known the processes to know from the start; all there are, unless given */
  start(onRecords: (records: StreamRecord[]) => void, known?: readonly number[]): void {
    this.onRecords = onRecords;
    const { reader } = this.kernel;
    const scan = known === undefined ? this.scan.facts() : readEach(known, (pid) => reader.facts(pid));
    const since = this.backlog.drainAll();
    this.tracker.seed(scan, since);
    if (!this.backlog.isEmpty()) this.arm('carry', 0, () => this.takeTurn());
    this.options.usage?.start();
    // Where the kernel captures arguments, or nobody wants any, nothing is lost by looking later.
    const hurries = this.options.hearing.scopes.has('exec') && this.capture === undefined;
    this.source.start(() => this.takeTurn(), hurries ? 'hurried' : 'patient');
    this.arm('heartbeat', HEARTBEAT_MS, () => this.beat());
  }

  /** Takes what is queued, tells it, and leaves. */
  stop(): void {
    this.wake();
    this.tell([], this.takeLoss(this.subscription.takeDrops()));
    this.lookAgain();
    this.lookAgain();
    for (const timer of this.timers.values()) timer.cancel();
    this.source.stop();
    this.subscription.close();
    this.capture?.close();
    this.scan.close();
    this.options.usage?.close(this.onRecords);
  }

  /** Resolves when all records made so far have been handed over: some wait a moment for their usage. */
  async settled(): Promise<void> {
    await this.options.usage?.settled();
  }

  /** Looks at the ends that no event settled. Goes on by itself, unless `looksAgain` is false. */
  lookAgain(): ProcessRecord[] {
    const records = this.tracker.settle();
    this.tell(records);
    return records;
  }

  /** Tells all that has happened until now. */
  wake(): void {
    const now = this.host.now();
    do this.takeTurn();
    while (this.backlog.reachesBack(now));
  }

  /** Handles what is queued; returns the number of events. What came meanwhile waits for the next turn where that is near. */
  private takeTurn(): number {
    let handled = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const batch = (round > 0 && this.backlog.shift()) || this.backlog.take();
      handled += batch.events.length;
      this.handle(batch);
      if (this.backlog.isEmpty() || (this.source.isBusy && this.backlog.isSmall())) break;
    }
    if (this.backlog.length > 0 && !this.source.isBusy) this.arm('carry', 0, () => this.takeTurn());
    this.armSettle();
    return handled;
  }

  /** Tells one batch. What had to be drained to prove what was read for it, or is there besides, is then in the backlog. */
  private handle(batch: DrainedBatch): void {
    const events = this.options.ordered ? inTimeOrder(batch.events) : batch.events;
    const hasRead = this.images.capture(events, ({ tgid }) => this.tracker.mayShow(tgid));
    const hasLooked = this.tracker.look(events);
    const later = hasRead || hasLooked ? this.backlog.drainAll() : [];
    this.images.confirm(later);
    if (batch.full && this.backlog.length === 0) this.backlog.drainMore();
    this.options.usage?.hear(events);
    const records: StreamRecord[] = this.tracker.track(events, later);
    if (batch.lost > 0) records.push(...this.tellUnheard(batch));
    this.tell(records, this.takeLoss(batch.lost));
    this.tellUncaptured();
  }

  private tell(told: StreamRecord[], loss?: LostRecord): void {
    const { selector, usage } = this.options;
    const missing = usage?.account(told) ?? [];
    const records = selector.takesAll ? told : told.filter((record) => !('pid' in record) || selector.shows(record));
    if (loss !== undefined) records.push(loss);
    const unaccounted = usage?.takeLoss();
    if (unaccounted !== undefined) records.push(unaccounted);
    if (records.length === 0) return;
    if (usage === undefined) this.onRecords(records);
    else usage.hold(records, missing, this.onRecords);
  }

  /** Execs whose events were lost, but not their images. What is still queued is not lost. */
  private tellUnheard({ at, full }: DrainedBatch): StreamRecord[] {
    if (this.capture === undefined || full) return [];
    return this.tracker.repair(this.capture.takeUnheard(at));
  }

  private tellUncaptured(): void {
    const count = this.capture?.takeLost() ?? 0;
    if (count > 0) this.tell([], this.lossOf('capture', count));
  }

  /** The record of a loss that was just noticed; `count` undefined means that nobody counted. */
  private lossOf(reason: LossReason, count: number | undefined): LostRecord {
    const at = this.host.now();
    const record: LostRecord = { event: 'lost', reason, count, at, since: this.allWell };
    this.allWell = at;
    return record;
  }

  /** Events are missing: the table has to be made true again. */
  private lossOfEvents(reason: 'overrun' | 'starved', count: number | undefined): LostRecord {
    const record = this.lossOf(reason, count);
    this.armRescan(record.at);
    return record;
  }

  /** Waits until the storm is over, but not for ever. */
  private armRescan(now: Moment): void {
    this.rescanWanted ??= now;
    if (this.timers.has('rescan') && secondsBetween(this.rescanWanted, now) * 1000 > RESCAN.mostMs) return;
    this.arm('rescan', RESCAN.calmMs, () => this.rescan());
  }

  private takeLoss(count: number): LostRecord | undefined {
    if (count > 0) return this.lossOfEvents('overrun', count);
    this.allWell = this.host.now();
    return undefined;
  }

  private beat(): void {
    const before = this.allWell;
    const heard = this.heartbeat();
    this.wake();
    if (heard === 'recovered' || heard === 'deaf') {
      this.allWell = before;
      this.tell([], this.lossOfEvents('starved', undefined));
    }
    this.arm('heartbeat', HEARTBEAT_MS, () => this.beat());
  }

  /** A control socket that cannot even be used hears nothing. */
  private heartbeat(): Heartbeat {
    try {
      return this.subscription.heartbeat();
    } catch (error) {
      if (error instanceof Failure) return 'deaf';
      throw error;
    }
  }

  /** Ends that need another look: soon at first, then less and less often. */
  private armSettle(): void {
    if (this.options.looksAgain === false || this.tracker.unsettled === 0 || this.timers.has('settle')) return;
    this.arm('settle', this.settleMs, () => {
      this.wake();
      this.timers.delete('settle');
      const isNews = this.lookAgain().length > 0;
      this.settleMs = isNews ? SETTLE.firstMs : Math.min(this.settleMs * 2, SETTLE.mostMs);
      this.armSettle();
    });
  }

  /**
   * Makes the table true again after a loss. What happened before the scan is queued by the time it is done, so the queue is handled
   * first: only what no event explains is concluded.
   */
  private rescan(): void {
    const at = this.host.now();
    const scan = this.scan.stats(this.living());
    this.timers.delete('rescan');
    this.rescanWanted = undefined;
    this.wake();
    if (this.timers.has('rescan')) return;
    this.tell(this.tracker.reconcile(scan, at));
  }

  private *living(): Iterable<number> {
    for (const { pid, ended } of this.tracker.table.all()) if (!ended) yield pid;
  }

  private arm(name: 'heartbeat' | 'settle' | 'rescan' | 'carry', milliseconds: number, task: () => void): void {
    this.timers.get(name)?.cancel();
    this.timers.set(name, this.host.after(milliseconds, task));
  }
}

const toMilliseconds = ({ seconds, nanos }: Moment): number => seconds * 1000 + nanos / 1e6;

/**
 * The usage of processes for a stream of records: accounts are taken in whenever events were, exits get theirs at once, and the whole
 * stream is held for a moment, in its order, where exact CPU times are to come. Owns the sockets and timers of this side; what the kernel
 * refuses becomes a notice, and the stream goes on without.
 */
import type { Host } from '../host.ts';
import type { WireEvent } from '../netlink/events.ts';
import type { Readiness } from '../netlink/socket.ts';
import { type Moment, secondsBetween } from '../process/moment.ts';
import type { LostRecord, ProcessRecord, StreamRecord } from '../process/record.ts';
import { Accounts } from './accounts.ts';
import type { AccountDoors, ExactSource } from './doors.ts';
import { type Deliver, HeldRecords } from './held-records.ts';
import { TaskstatsSubscription } from './subscription.ts';
import { accounted } from './usage.ts';

type Timed = Pick<Host, 'now' | 'after'>;

/** Both queues hold what half a second of the fastest machine makes, so one look in this time keeps them from running over. */
const LOOK_MS = 100;
/** While records are held: an exact account is some ten milliseconds old anyway. */
const HOLD_LOOK_MS = 10;

/** Nothing is dropped but by a full queue, and the smallest one holds more than this: until then the kernel need not be asked. */
const LEAST_OF_A_FULL_QUEUE = 64;
/** Asked all the same after this time, for what was dropped behind the last one drained. */
const ASK_SECONDS = 1;

const milliseconds = ({ seconds, nanos }: Moment): number => seconds * 1000 + nanos / 1e6;

export class UsageSource {
  private readonly host: Timed;
  private readonly subscription: TaskstatsSubscription | undefined;
  private readonly exact: ExactSource | undefined;
  private readonly countsDelays: boolean | undefined;
  private readonly bootOffset: () => Moment;
  private readonly accounts = new Accounts();
  private readonly held: HeldRecords;
  private readiness: Readiness | undefined;
  private readonly timers = new Map<'look' | 'hold', { cancel(): void }>();
  private allWell: Moment;
  /** Datagrams since losses were last asked for. */
  private drained = 0;

  private constructor(
    host: Timed,
    doors: AccountDoors,
    sources: { readonly subscription?: TaskstatsSubscription; readonly exact?: ExactSource },
    bootOffset: () => Moment,
  ) {
    this.host = host;
    this.subscription = sources.subscription;
    this.exact = sources.exact;
    this.countsDelays = doors.countsDelays();
    this.bootOffset = bootOffset;
    this.held = new HeldRecords(bootOffset);
    this.allWell = host.now();
  }

  /**
   * To be opened before the events are subscribed to, so that no exit is heard without its account. Undefined where the kernel gives no
   * accounts at all; what is missing is told to `notice`.
   */
  static async open(
    host: Timed,
    doors: AccountDoors,
    bootOffset: () => Moment,
    notice: (text: string) => void,
  ): Promise<UsageSource | undefined> {
    const subscription = TaskstatsSubscription.open(doors);
    const found = await doors.openExact();
    if ('reason' in subscription) {
      notice(`${'reason' in found ? 'no usage' : 'no usage but exact CPU times'}: ${subscription.reason}`);
    } else if ('reason' in found) {
      notice(`CPU times are lower bounds, since short times are not in the kernel's accounts: ${found.reason}`);
    }
    const sources = {
      ...('reason' in subscription ? {} : { subscription }),
      ...('reason' in found ? {} : { exact: found.exact }),
    };
    return Object.keys(sources).length === 0 ? undefined : new UsageSource(host, doors, sources, bootOffset);
  }

  private get now(): number {
    return milliseconds(this.host.now());
  }

  /** From now on the queues are kept from running over, also while nobody hears of any exit. */
  start(): void {
    this.readiness = this.subscription?.onReadable(() => {
      this.drain();
      this.readiness?.pause();
      this.timers.set(
        'look',
        this.host.after(LOOK_MS, () => this.readiness?.resume()),
      );
    });
  }

  private drain(): void {
    const { now } = this;
    this.drained += this.subscription?.drain((end) => this.accounts.add(end, now)) ?? 0;
    this.accounts.expire(now);
    this.drainExact(now);
  }

  private drainExact(now: number): void {
    const fresh = this.exact?.drain() ?? [];
    this.drained += fresh.length;
    if (fresh.length > 0) {
      const bootOffset = this.bootOffset();
      for (const exact of fresh) this.held.add(exact, bootOffset);
    }
    this.held.release(now);
  }

  /** Ends of threads, as far as they are heard: on older kernels only they say whose account it is. To be told before their records. */
  hear(events: readonly WireEvent[]): void {
    if (!events.some(({ kind }) => kind === 'exit')) return;
    this.drain();
    const { now } = this;
    for (const { kind, tid, tgid } of events) {
      if (kind === 'exit' && tid !== tgid) this.accounts.heard(tid, tgid, now);
    }
  }

  /** Gives the exits among these records their accounts, which were queued before the exits were told. */
  account(records: readonly StreamRecord[]): void {
    for (const record of records) if (record.event === 'exit' && !record.thread) this.accountFor(record);
  }

  private accountFor(record: ProcessRecord): void {
    const start = record.exit?.start;
    const account = this.accounts.take(record.pid, start && secondsBetween(start, record.at));
    if (account !== undefined) accounted(record, account, this.countsDelays);
  }

  /** Accounts that were lost since the last call. */
  takeLoss(): LostRecord | undefined {
    const at = this.host.now();
    const since = this.allWell;
    if (this.drained < LEAST_OF_A_FULL_QUEUE && secondsBetween(since, at) < ASK_SECONDS) return undefined;
    this.drained = 0;
    this.allWell = at;
    const ofThreads = this.subscription?.takeDrops() ?? 0;
    if (ofThreads > 0) this.accounts.forgetBegun();
    const count = ofThreads + (this.exact?.takeLost() ?? 0);
    return count === 0 ? undefined : { event: 'lost', reason: 'usage', count, at, since };
  }

  /** One end, whoever told it: gets its account, and is held as it would be in the stream. */
  tell(record: ProcessRecord, deliver: (record: ProcessRecord) => void): void {
    this.drain();
    this.accountFor(record);
    this.hold([record], ([told]) => deliver(told as ProcessRecord));
  }

  /** Hands records over in their order, at once or after a moment. */
  hold(records: StreamRecord[], deliver: Deliver): void {
    if (this.exact === undefined) return deliver(records);
    const { now } = this;
    this.held.hold(records, deliver, now);
    this.held.release(now);
    this.armHold();
  }

  private armHold(): void {
    if (this.held.isEmpty || this.timers.has('hold')) return;
    this.timers.set(
      'hold',
      this.host.after(HOLD_LOOK_MS, () => {
        this.timers.delete('hold');
        this.drainExact(this.now);
        this.armHold();
      }),
    );
  }

  /** Resolves when all that is held now has been handed over: a fraction of a second at the most. */
  async settled(): Promise<void> {
    if (!this.held.isEmpty) await new Promise<void>((resolve) => this.held.hold([], () => resolve(), this.now));
  }

  /** Hands over what is held, as it is, and ends. */
  close(): void {
    this.drainExact(this.now);
    this.held.releaseAll();
    for (const timer of this.timers.values()) timer.cancel();
    this.readiness?.close();
    this.subscription?.close();
    this.exact?.close();
  }
}

/**
 * The usage of processes for a stream of records: accounts are taken in whenever events were, exits get theirs at once, and where one is
 * still to come the stream is held for a moment, in its order. Owns the timers of this side.
 */
import type { Host } from '../host/host.ts';
import type { WireEvent } from '../netlink/events.ts';
import type { Readiness } from '../netlink/socket.ts';
import { type Moment, secondsBetween } from '../process/moment.ts';
import type { LostRecord, ProcessRecord, StreamRecord } from '../process/record.ts';
import { accounted } from './account.ts';
import type { AccountSource } from './account-source.ts';
import { type Deliver, HeldRecords } from './held-records.ts';

type Timed = Pick<Host, 'now' | 'after'>;

/** Queues hold what half a second of the fastest machine makes, so one look in this time keeps them from running over. */
const LOOK_MS = 100;
/** While records are held. */
const HOLD_LOOK_MS = 2;
/** The last accounts, at the end of the watch: a process that has told its exit has microseconds left to run. */
const LAST_LOOKS = 100;

/** Nothing is dropped but by a full queue, and the smallest one holds more than this: until then the kernel need not be asked. */
const LEAST_OF_A_FULL_QUEUE = 64;
/** Asked all the same after this time, for what was dropped behind the last one drained. */
const ASK_SECONDS = 1;

const milliseconds = ({ seconds, nanos }: Moment): number => seconds * 1000 + nanos / 1e6;

const isEnd = (record: StreamRecord): record is ProcessRecord => record.event === 'exit' && !record.thread;

export class UsageSource {
  private readonly host: Timed;
  private readonly source: AccountSource;
  private readonly held = new HeldRecords();
  private readonly timers = new Map<'look' | 'hold', { cancel(): void }>();
  private readiness: Readiness | undefined;
  private allWell: Moment;
  /** Accounts since losses were last asked for. */
  private drained = 0;

  /** The source is closed with this one. */
  constructor(host: Timed, source: AccountSource) {
    this.host = host;
    this.source = source;
    this.allWell = host.now();
  }

  private get now(): number {
    return milliseconds(this.host.now());
  }

  /** From now on the queue is kept from running over, also while nobody hears of any exit. */
  start(): void {
    const readiness = this.source.onReadable(() => {
      this.drain();
      readiness.pause();
      this.timers.set(
        'look',
        this.host.after(LOOK_MS, () => readiness.resume()),
      );
    });
    this.readiness = readiness;
  }

  private drain(): void {
    this.drained += this.source.drain(this.now);
  }

  /** Accounts of what these events tell, before their records are told. */
  hear(events: readonly WireEvent[]): void {
    if (!events.some(({ kind }) => kind === 'exit')) return;
    this.drain();
    this.source.hear?.(events, this.now);
  }

  /** Gives an exit its account; false if that is still to come. */
  private readonly settle = (end: ProcessRecord): boolean => {
    const account = this.source.take(end);
    if (account === undefined) return false;
    accounted(end, account);
    return true;
  };

  /** Gives the exits among these records their accounts; returns those whose account is still to come. */
  account(records: readonly StreamRecord[]): readonly ProcessRecord[] {
    const missing: ProcessRecord[] = [];
    for (const record of records) if (isEnd(record) && !this.settle(record)) missing.push(record);
    return this.source.comesLate ? missing : [];
  }

  /** Accounts that are missing since the last call. */
  takeLoss(): LostRecord | undefined {
    const at = this.host.now();
    const since = this.allWell;
    const without = this.held.takeWithout();
    if (without === 0 && this.drained < LEAST_OF_A_FULL_QUEUE && secondsBetween(since, at) < ASK_SECONDS) {
      return undefined;
    }
    this.drained = 0;
    this.allWell = at;
    const count = without + (this.source.takeLost?.() ?? 0);
    return count === 0 ? undefined : { event: 'lost', reason: 'usage', count, at, since };
  }

  /** One end, whoever told it: gets its account, and is held as it would be in the stream. */
  tell(record: ProcessRecord, deliver: (record: ProcessRecord) => void): void {
    this.drain();
    this.hold([record], this.account([record]), ([told]) => deliver(told as ProcessRecord));
  }

  /** Hands records over in their order: at once, or when those among them that are `missing` their accounts have them. */
  hold(records: StreamRecord[], missing: readonly ProcessRecord[], deliver: Deliver): void {
    if (missing.length === 0 && this.held.isEmpty) return deliver(records);
    const shown = new Set<StreamRecord>(records);
    const awaited = missing.filter((end) => shown.has(end));
    this.held.hold(records, awaited, deliver, this.now);
    this.release();
  }

  private release(): void {
    this.held.release(this.now, this.settle);
    if (this.held.isEmpty || this.timers.has('hold')) return;
    this.timers.set(
      'hold',
      this.host.after(HOLD_LOOK_MS, () => {
        this.timers.delete('hold');
        this.drain();
        this.release();
      }),
    );
  }

  /** Resolves when all that is held now has been handed over: a fraction of a second at the most. */
  async settled(): Promise<void> {
    if (!this.held.isEmpty) await new Promise<void>((resolve) => this.held.hold([], [], () => resolve(), this.now));
  }

  /** Hands over what is held, as it is, and ends. What is missing then is told as a loss. */
  close(deliver: Deliver): void {
    for (let look = 0; look < LAST_LOOKS && !this.held.isEmpty; look++) {
      this.drain();
      this.held.release(this.now, this.settle);
    }
    this.held.release(Number.POSITIVE_INFINITY, this.settle);
    const loss = this.takeLoss();
    if (loss !== undefined) deliver([loss]);
    for (const timer of this.timers.values()) timer.cancel();
    this.readiness?.close();
    this.source.close();
  }
}

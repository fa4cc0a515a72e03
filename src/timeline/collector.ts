/**
 * From records to lives: who was born when and to whom, what it ran, how it ended and what it used. Memory is bounded: beyond a limit
 * the shortest lives are bundled, and what still does not fit is counted. A life belongs to the timeline if its last record was
 * chosen.
 */
import { type Moment, secondsBetween } from '../process/moment.ts';
import { isProcessRecord, type LostRecord, type ProcessRecord, type StreamRecord } from '../process/record.ts';
import { Bundler } from './bundler.ts';
import { GrowingLife } from './growing-life.ts';
import type { Life, Loss, MachineFacts, Timeline } from './life.ts';
import { whyInWords } from './outcome.ts';
import { findParents } from './parents.ts';
import { ProgramTexts, type TextOptions } from './program-texts.ts';
import { Tally } from './tally.ts';

/** Lives that are kept each on its own, and to how many they are cut when there are more. */
export const LIMIT = 200_000;
const CUT_TO = 0.75;
const LOSS_LIMIT = 10_000;
/** Two holders of one number are born farther apart than this; the same birth told twice is not. */
const LEAST_APART = 1e6;
const NANO = 1e9;

export interface CollectorOptions extends TextOptions {
  readonly limit?: number;
  /** Shared by those that collect for one timeline. */
  readonly tally?: Tally;
  /** Whether a record is one of those that were asked for. */
  readonly chooses?: (record: ProcessRecord) => boolean;
}

/** A timeline whose lives can still be moved. */
export interface Grown extends Timeline {
  readonly lives: readonly GrowingLife[];
}

export class Collector {
  private readonly texts: ProgramTexts;
  /** Lives that are kept; others may come to share in what there is room for. */
  limit: number;
  private readonly chooses: (record: ProcessRecord) => boolean;
  private lives: GrowingLife[] = [];
  /** Undefined for those beyond every limit. */
  private readonly living = new Map<number, GrowingLife | undefined>();
  /** Their number has another holder already, but their end was not told yet. */
  private readonly replaced = new Map<number, GrowingLife>();
  private readonly tally: Tally;
  private readonly bundler: Bundler;
  private readonly losses: Loss[] = [];
  private origin: Moment | undefined;
  private latest = 0;
  private uncounted = 0;
  /** Without any a cut would find nothing more to cut. */
  private endsSinceCut = 0;

  constructor(options: CollectorOptions = {}) {
    this.texts = new ProgramTexts(options);
    this.limit = options.limit ?? LIMIT;
    this.tally = options.tally ?? new Tally();
    this.bundler = new Bundler((life) => this.tally.add(life));
    this.chooses = options.chooses ?? (() => true);
  }

  /** Undefined before the first record. */
  get began(): Moment | undefined {
    return this.origin;
  }

  take(records: readonly StreamRecord[]): void {
    for (const record of records) {
      this.latest = Math.max(this.latest, this.at(record.at));
      if (isProcessRecord(record)) this.takeProcess(record);
      else if (record.event === 'lost') this.takeLoss(record);
    }
  }

  private at(moment: Moment): number {
    this.origin ??= moment;
    return (
      Math.round(
        secondsBetween({ seconds: this.origin.seconds, nanos: 0 }, { seconds: moment.seconds, nanos: 0 }) * NANO,
      ) +
      moment.nanos -
      this.origin.nanos
    );
  }

  private takeLoss({ reason, count, at, since }: LostRecord): void {
    if (this.losses.length < LOSS_LIMIT) this.losses.push({ reason, count, from: this.at(since), to: this.at(at) });
  }

  private takeProcess(record: ProcessRecord): void {
    const { event, pid } = record;
    if (record.thread || event === 'clone') return;
    if (event === 'fork') this.birth(record);
    else if (event === 'exec') this.program(record);
    else if (event === 'exit') this.end(record);
    else if (!this.living.has(pid)) this.noticed(record);
  }

  private add(record: ProcessRecord, from: number, began: Life['began']): GrowingLife | undefined {
    if (this.lives.length >= this.limit && this.endsSinceCut > 0) this.cut();
    if (this.lives.length >= this.limit) {
      this.uncounted++;
      return undefined;
    }
    const parent = record.ppid === undefined || began !== 'heard' ? undefined : this.living.get(record.ppid);
    const life = new GrowingLife(record.pid, record.ppid, parent, from, began);
    life.chosen = this.chooses(record);
    if (parent === undefined) life.parentComm = record.parentComm;
    this.lives.push(life);
    return life;
  }

  private birth(record: ProcessRecord): void {
    const before = this.living.get(record.pid);
    if (before !== undefined) {
      this.replaced.set(record.pid, before);
      before.to = this.at(record.at);
    }
    const life = this.add(record, this.at(record.at), 'heard');
    this.living.set(record.pid, life);
    if (life === undefined) return;
    const [inherited] = life.parent?.programs.slice(-1) ?? [];
    life.runs(life.from, inherited?.text ?? this.texts.of(record.image), false);
  }

  /** There already, and now somebody told about it. */
  private noticed(record: ProcessRecord): void {
    const { start } = record;
    const life = this.add(record, this.at(start ?? record.at), start === undefined ? 'before' : 'told');
    this.living.set(record.pid, life);
    life?.runs(life.from, this.texts.of(record.image), record.imageOf !== 'inherited');
  }

  private program(record: ProcessRecord): void {
    if (!this.living.has(record.pid)) return this.noticed(record);
    const life = this.living.get(record.pid);
    if (life === undefined) return;
    life.chosen = this.chooses(record);
    life.runs(this.at(record.at), this.texts.of(record.image), true);
  }

  /** Whose end this is: of the process that has the number, of the one that had it before, or of one that was never heard of. */
  private holder({ pid, exit }: ProcessRecord): GrowingLife | undefined {
    const now = this.living.get(pid);
    const start = exit?.start && this.at(exit.start);
    const before = this.replaced.get(pid);
    if (before !== undefined && (start === undefined || now === undefined || start < now.from - LEAST_APART)) {
      this.replaced.delete(pid);
      return before;
    }
    this.living.delete(pid);
    return now;
  }

  private end(record: ProcessRecord): void {
    const { at, exit, inferred, image, imageOf } = record;
    const start = exit?.start && this.at(exit.start);
    const isBeyond = this.living.has(record.pid) && this.living.get(record.pid) === undefined;
    const held = this.holder(record);
    if (held === undefined && isBeyond) return;
    const life = held ?? this.add(record, start ?? this.at(at), start === undefined ? 'before' : 'told');
    if (life === undefined) return;
    life.chosen = this.chooses(record);
    if (life.began === 'before' && start !== undefined) {
      life.from = start;
      life.began = 'told';
    }
    if (life.programs.length === 0) life.runs(life.from, this.texts.of(image), imageOf !== 'inherited');
    this.endsSinceCut++;
    life.end(this.at(at), inferred ? 'inferred' : 'told', exit?.waitStatus);
    life.cause = exit?.cause?.cause;
    const why = whyInWords({ waitStatus: exit?.waitStatus, cause: exit?.cause, failed: record.failed });
    life.why = why && this.texts.keep(why);
    if (exit?.usage !== undefined) {
      const { cpuNanos, cpuIsLowerBound, maxRssKib, readBytes, writeBytes } = exit.usage;
      life.usage = { cpuNanos, cpuIsLowerBound, maxRssKib, readBytes, writeBytes };
    }
  }

  /** What is known of an end that no record told. */
  conclude(pid: number, waitStatus: number | undefined): void {
    this.living.get(pid)?.end(this.latest, 'inferred', waitStatus);
    this.living.delete(pid);
  }

  /** The machine was started anew: how those who were there have ended nobody will tell. */
  concludeAll(): void {
    for (const pid of [...this.living.keys()]) this.conclude(pid, undefined);
  }

  private cut(): void {
    this.endsSinceCut = 0;
    this.lives = this.bundler.cut(this.lives, Math.floor(this.limit * CUT_TO));
  }

  /**
   * All that was collected. Nothing can be taken afterwards.
   * @param later by how much its origin is later than that of the timeline, in nanoseconds
   */
  finish(title: string, facts: MachineFacts, later = 0): Grown {
    for (const life of this.replaced.values()) life.end(life.to, 'inferred', undefined);
    for (const life of this.living.values()) life?.end(this.latest, 'running', undefined);
    const { lives, bundles } = findParents(this.lives, this.bundler.bundles);
    for (const life of lives) {
      life.moveBy(later);
      this.tally.add(life);
    }
    return {
      title,
      facts,
      from: later,
      to: this.latest + later,
      lives,
      bundles: bundles.map((bundle) => ({ ...bundle, from: bundle.from + later, to: bundle.to + later })),
      tally: this.tally,
      losses: this.losses.map((loss) => ({ ...loss, from: loss.from + later, to: loss.to + later })),
      uncounted: this.uncounted,
    };
  }
}

/** What is counted for one row: how often, how long, at what cost. A sum that grows record by record. Pure. */
import type { Moment } from '../process/moment.ts';
import type { ProcessRecord } from '../process/record.ts';
import type { Text } from '../process/text.ts';
import { DurationSketch } from './duration-sketch.ts';
import { HISTORY_SECONDS, History } from './history.ts';

/** Seconds of the history line: as many as a cell of it is worth. */
export const HISTORY_SECONDS_SHOWN = 24;

export const COUNTED = ['forks', 'execs', 'exits', 'failures'] as const;
export type Counted = (typeof COUNTED)[number];
type Numbers = Readonly<Record<Counted, number>>;

/** A row as it stands at one moment. A member that is undefined is unknown. */
export interface Row {
  /** Undefined for those whose name is unknown, and for those that were folded. */
  readonly name: Text | undefined;
  /** How many names were folded into this row; 0 for a row of its own. */
  readonly folded: number;
  readonly counts: Numbers;
  readonly perSecond: Numbers;
  readonly medianSeconds: number | undefined;
  readonly longestSeconds: number | undefined;
  readonly cpuNanos: number | undefined;
  readonly cpuIsLowerBound: boolean;
  /** Of the one process that had the most. */
  readonly maxRssKib: number | undefined;
  /** Forks by the second, oldest first. */
  readonly history: readonly number[];
}

/** When a row is looked at, how long it has been counted, and whether its rates are those of now or of the whole time. */
export interface Look {
  readonly now: Moment;
  readonly elapsedSeconds: number;
  readonly rates: 'now' | 'average';
}

/** What the events of a record count as. */
function countedAs({ event, exit, thread }: ProcessRecord): readonly Counted[] {
  if (event === 'fork') return ['forks'];
  if (event === 'exec') return ['execs'];
  if (event !== 'exit' || thread) return [];
  const failed = exit?.waitStatus !== undefined && exit.waitStatus !== 0;
  return failed ? ['exits', 'failures'] : ['exits'];
}

export class Group {
  readonly name: Text | undefined;
  folded = 0;
  private readonly counts: Record<Counted, number> = { forks: 0, execs: 0, exits: 0, failures: 0 };
  private readonly histories: Record<Counted, History> = {
    forks: new History(),
    execs: new History(),
    exits: new History(),
    failures: new History(),
  };
  private readonly lives = new DurationSketch();
  private cpuNanos: number | undefined;
  private cpuIsLowerBound = false;
  private maxRssKib: number | undefined;

  constructor(name: Text | undefined) {
    this.name = name;
  }

  add(record: ProcessRecord): void {
    for (const what of countedAs(record)) {
      this.counts[what]++;
      this.histories[what].add(record.at.seconds);
    }
    const { duration, usage } = record.exit ?? {};
    if (duration !== undefined) this.lives.add(duration.seconds);
    if (usage === undefined) return;
    this.addCost(usage.cpuNanos, usage.maxRssKib);
    this.cpuIsLowerBound ||= usage.cpuIsLowerBound;
  }

  private addCost(cpuNanos: number | undefined, maxRssKib: number | undefined): void {
    if (cpuNanos !== undefined) this.cpuNanos = (this.cpuNanos ?? 0) + cpuNanos;
    if (maxRssKib !== undefined) this.maxRssKib = Math.max(this.maxRssKib ?? 0, maxRssKib);
  }

  /** Takes another group in, which is not needed after this. */
  fold(other: Group): void {
    for (const what of COUNTED) {
      this.counts[what] += other.counts[what];
      this.histories[what].merge(other.histories[what]);
    }
    this.lives.merge(other.lives);
    this.addCost(other.cpuNanos, other.maxRssKib);
    this.cpuIsLowerBound ||= other.cpuIsLowerBound;
    this.folded += Math.max(1, other.folded);
  }

  /** Everything that was counted. */
  get activity(): number {
    return this.counts.forks + this.counts.execs + this.counts.exits;
  }

  /** To be read at once. What costs something is worked out when it is asked for: most rows are never shown. */
  row({ now, elapsedSeconds, rates }: Look): Row {
    const { counts, histories, lives } = this;
    const rate = (what: Counted): number => {
      if (rates === 'now') return histories[what].rate(now, elapsedSeconds);
      return elapsedSeconds > 0 ? counts[what] / elapsedSeconds : 0;
    };
    return {
      name: this.name,
      folded: this.folded,
      counts,
      get perSecond() {
        return { forks: rate('forks'), execs: rate('execs'), exits: rate('exits'), failures: rate('failures') };
      },
      get medianSeconds() {
        return lives.quantile(0.5);
      },
      longestSeconds: lives.max,
      cpuNanos: this.cpuNanos,
      cpuIsLowerBound: this.cpuIsLowerBound,
      maxRssKib: this.maxRssKib,
      get history() {
        return histories.forks.until(now.seconds, HISTORY_SECONDS);
      },
    };
  }
}

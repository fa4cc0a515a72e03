/**
 * The census of a stream of records: groups by name, everything together, and what was lost. Bounded: when there are too many names, the
 * least active half is folded into one group, and a name of it that comes again begins anew.
 */
import { type Moment, secondsBetween } from '../process/moment.ts';
import type { LossReason, StreamRecord } from '../process/record.ts';
import type { Text } from '../process/text.ts';
import { Group, type Look, type Row } from './group.ts';
import type { Grouping } from './grouping.ts';

/** Names kept each on its own: some 4 MB. */
const MOST_GROUPS = 2000;

/** Two texts that only look alike have two keys. */
const keyOf = (name: Text | undefined): string =>
  name === undefined ? '?' : typeof name === 'string' ? `=${name}` : `#${Buffer.from(name.bytes).toString('latin1')}`;

export interface Losses {
  /** By reason, where somebody counted. */
  readonly counted: Readonly<Partial<Record<LossReason, number>>>;
  /** For a while nothing was heard, and nobody knows how much there was. */
  readonly uncounted: boolean;
}

export class Census {
  private readonly grouping: Grouping;
  private readonly begin: Moment;
  private readonly groups = new Map<string, Group>();
  private readonly everything = new Group(undefined);
  private other: Group | undefined;
  private readonly lost: Partial<Record<LossReason, number>> = {};
  private hasGap = false;

  constructor(grouping: Grouping, begin: Moment) {
    this.grouping = grouping;
    this.begin = begin;
  }

  /** @param host the machine they are of, where they were recorded */
  take(records: readonly StreamRecord[], host?: string): void {
    for (const record of records) {
      if ('pid' in record) {
        if (this.grouping.needsCauses && (record.event !== 'exit' || record.thread)) continue;
        this.everything.add(record);
        this.groupOf(this.grouping.nameOf(record, host)).add(record);
      } else if (record.event === 'lost') {
        if (record.count === undefined) this.hasGap = true;
        else this.lost[record.reason] = (this.lost[record.reason] ?? 0) + record.count;
      }
    }
  }

  private groupOf(name: Text | undefined): Group {
    const key = keyOf(name);
    let group = this.groups.get(key);
    if (group === undefined) {
      if (this.groups.size >= MOST_GROUPS) this.foldTail();
      group = new Group(name);
      this.groups.set(key, group);
    }
    return group;
  }

  private foldTail(): void {
    const byActivity = [...this.groups].sort(([, a], [, b]) => b.activity - a.activity);
    this.other ??= new Group(undefined);
    for (const [key, group] of byActivity.slice(MOST_GROUPS / 2)) {
      this.other.fold(group);
      this.groups.delete(key);
    }
  }

  /** Groups in memory. */
  get size(): number {
    return this.groups.size;
  }

  get losses(): Losses {
    return { counted: this.lost, uncounted: this.hasGap };
  }

  private look(now: Moment, rates: Look['rates']): Look {
    return { now, elapsedSeconds: Math.max(0, secondsBetween(this.begin, now)), rates };
  }

  elapsedSeconds(now: Moment): number {
    return this.look(now, 'now').elapsedSeconds;
  }

  rows(now: Moment, rates: Look['rates']): Row[] {
    const look = this.look(now, rates);
    const rows = [...this.groups.values()].map((group) => group.row(look));
    return this.other === undefined ? rows : [...rows, this.other.row(look)];
  }

  total(now: Moment, rates: Look['rates']): Row {
    return this.everything.row(this.look(now, rates));
  }
}

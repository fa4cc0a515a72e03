/**
 * Batches of events that were drained before their turn, mostly as a proof of what was read from /proc: what happened before a look may
 * stand far back in a long queue. Owns their order, and decides what is handled together.
 */
import type { WireEvent } from '../netlink/events.ts';
import type { Batch, EventSource } from '../netlink/source.ts';
import { compareMoments, type Moment } from '../process/moment.ts';

/** A batch, and when its draining began: what was captured before and is not in it was lost. */
export type DrainedBatch = Batch & { readonly at: Moment };

/** More than a full queue of the default size holds. */
const MOST = 96;

const isNothing = ({ events, lost }: Batch): boolean => events.length === 0 && lost === 0;

export class Backlog {
  private readonly source: Pick<EventSource, 'drain'>;
  private readonly now: () => Moment;
  /** The oldest first. */
  private readonly ahead: DrainedBatch[] = [];

  constructor(source: Pick<EventSource, 'drain'>, now: () => Moment) {
    this.source = source;
    this.now = now;
  }

  private drain(): DrainedBatch {
    const at = this.now();
    return { ...this.source.drain(), at };
  }

  /** Drains all that is queued now, up to a bound; returns the events that wait for their turn. */
  drainAll(): readonly WireEvent[] {
    do this.drainMore();
    while (this.ahead[this.ahead.length - 1].full && this.ahead.length < MOST);
    return this.ahead.length === 1 ? this.ahead[0].events : this.ahead.flatMap(({ events }) => events);
  }

  /** Drains one batch. */
  drainMore(): void {
    this.ahead.push(this.drain());
  }

  /** The next one; undefined if there is none. */
  shift(): DrainedBatch | undefined {
    return this.ahead.shift();
  }

  /** The next one; together with what has come since, if it is small. */
  take(): DrainedBatch {
    const first = this.ahead.shift();
    if (first !== undefined && (first.full || this.ahead.length > 0)) return first;
    const fresh = this.drain();
    if (first === undefined) return fresh;
    const lostBy = first.lostBy ?? fresh.lostBy;
    return { ...fresh, events: first.events.concat(fresh.events), lost: first.lost + fresh.lost, lostBy };
  }

  /** Takes what happened before this moment, as far as it waits here. */
  takeBefore(moment: Moment): DrainedBatch[] {
    const isBefore = ({ stamp }: WireEvent): boolean => compareMoments(stamp, moment) < 0;
    const early = this.ahead.map((batch) => ({ ...batch, events: batch.events.filter(isBefore) }));
    const late = this.ahead.map((batch) => ({ ...batch, lost: 0, events: batch.events.filter((e) => !isBefore(e)) }));
    this.ahead.splice(0, this.ahead.length, ...late);
    return early;
  }

  get length(): number {
    return this.ahead.length;
  }

  /** Whether nothing waits for its turn. */
  isEmpty(): boolean {
    if (this.ahead.every(isNothing)) this.ahead.length = 0;
    return this.ahead.length === 0;
  }

  /** One small batch, which the next look may take together with what has come by then. */
  isSmall(): boolean {
    return this.ahead.length === 1 && !this.ahead[0].full;
  }

  /** Whether something waits that happened until this moment. */
  reachesBack(moment: Moment): boolean {
    return this.ahead.some(
      ({ events, lost }) => lost > 0 || events.some(({ stamp }) => compareMoments(stamp, moment) <= 0),
    );
  }
}

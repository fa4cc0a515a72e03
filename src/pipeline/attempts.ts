/**
 * Execs that failed, beside the events: what the programs wrote is put into the order of the events, so that a success ends a walk along
 * PATH without a word, and an end tells what could not be executed before it.
 */
import type { Attempt, AttemptSource } from '../attempts/attempt.ts';
import { type FailedExec, Walks } from '../attempts/walks.ts';
import type { WireEvent } from '../netlink/events.ts';
import { compareMoments, type Moment } from '../process/moment.ts';
import { type Redact, redactArgs } from '../process/redact.ts';
import type { FailedExecs } from '../process/tracker.ts';

export class Attempts implements FailedExecs {
  readonly source: AttemptSource;
  private readonly walks: Walks;
  private readonly redact: Redact | undefined;
  private readonly ends = new WeakMap<WireEvent, FailedExec>();

  constructor(source: AttemptSource, tells: 'every try' | 'walks', redact?: Redact) {
    this.source = source;
    this.redact = redact;
    this.walks = new Walks(tells);
  }

  /** Whether something waits for what comes next. */
  get isOpen(): boolean {
    return this.walks.isOpen;
  }

  /** To be called with events in order, after they were read. Returns what is over. */
  attend(events: readonly WireEvent[]): FailedExec[] {
    const attempts: Attempt[] = [];
    const { redact } = this;
    this.source.drain((one) =>
      attempts.push(redact === undefined ? one : { ...one, args: redactArgs(one.args, redact) }),
    );
    attempts.sort((a, b) => compareMoments(a.at, b.at));
    const over: FailedExec[] = [];
    let next = 0;
    const untilThen = (moment: Moment): void => {
      for (; next < attempts.length && compareMoments(attempts[next].at, moment) <= 0; next++) {
        over.push(...this.walks.tried(attempts[next]));
      }
    };
    for (const event of events) {
      if (event.kind !== 'exec' && event.kind !== 'exit') continue;
      untilThen(event.stamp);
      if (event.kind === 'exec') this.walks.executed(event.tgid, event.stamp);
      else over.push(...this.endOf(event));
    }
    for (; next < attempts.length; next++) over.push(...this.walks.tried(attempts[next]));
    return over;
  }

  private endOf(event: WireEvent): FailedExec[] {
    if (event.tid === event.tgid) {
      const last = this.walks.lastOf(event.tgid, event.stamp);
      if (last !== undefined) this.ends.set(event, last);
    }
    return this.walks.ended(event.tid);
  }

  /** What the process whose end this event tells could not execute last. */
  before(end: WireEvent): FailedExec | undefined {
    return this.ends.get(end);
  }

  /** What nothing was added to for a moment, or all. */
  quiet(now: Moment | 'all'): FailedExec[] {
    return this.walks.quiet(now);
  }

  takeLost(): number {
    return this.source.takeLost();
  }

  close(): void {
    this.source.close();
  }
}

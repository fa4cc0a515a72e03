/**
 * Images of freshly executed programs by looks at /proc, right after the socket was drained and before anything else is done with the
 * events.
 *
 * A look proves nothing by itself: the process may have gone on, or its number may be another's by then. So what was drained after the
 * looks is held against them: a fork, exec or exit of the same number before the moment of looking voids the look.
 */
import type { EventOf, WireEvent } from '../netlink/events.ts';
import { compareMoments, type Moment, momentOfTicks } from '../process/moment.ts';
import type { ProcessFacts, ProcReader } from '../process/proc-reader.ts';

type Facts = Pick<ProcReader, 'factsAtOnce' | 'factsOfAll'>;

interface Look {
  readonly facts: ProcessFacts;
  readonly at: Moment;
}

export class ImageLooks {
  private readonly reader: Facts;
  private readonly proof: 'args' | 'exe';
  private readonly now: () => Moment;
  private readonly bootOffset: () => Moment;
  private readonly reads = new Map<EventOf<'exec'>, Look>();
  private readonly unwanted = new Set<EventOf<'exec'>>();
  /** Reads of the current batch by process: what `confirm` may void. */
  private readonly latest = new Map<number, EventOf<'exec'>>();

  /** @param proof the member whose absence shows that the process had gone */
  constructor(reader: Facts, now: () => Moment, bootOffset: () => Moment, proof: 'args' | 'exe' = 'args') {
    this.reader = reader;
    this.proof = proof;
    this.now = now;
    this.bootOffset = bootOffset;
  }

  /** Looks at those execs of a batch that are `wanted`; true if the batch drained next must be shown to `confirm` before `of` is asked. */
  capture(events: readonly WireEvent[], wanted: (exec: EventOf<'exec'>) => boolean): boolean {
    this.reads.clear();
    this.latest.clear();
    this.unwanted.clear();
    // From the newest: only the last exec of a process can still be read, and none that a later birth replaced.
    const settled = new Set<number>();
    const later = new Map<number, EventOf<'exec'>>();
    for (let i = events.length - 1; i >= 0; i--) {
      const event = events[i];
      if (event.kind === 'fork') {
        if (event.tid === event.tgid) settled.add(event.tgid);
      } else if (event.kind === 'exec' && !settled.has(event.tgid)) {
        settled.add(event.tgid);
        if (!wanted(event)) this.unwanted.add(event);
        else {
          const facts = this.reader.factsAtOnce(event.tgid);
          if (facts === 'later') later.set(event.tgid, event);
          else this.keep(event, facts);
        }
      }
    }
    if (later.size > 0) this.readTogether(later);
    return this.latest.size > 0;
  }

  private readTogether(execs: ReadonlyMap<number, EventOf<'exec'>>): void {
    const found = this.reader.factsOfAll(execs.keys());
    for (const [pid, event] of execs) this.keep(event, found.get(pid));
  }

  private keep(event: EventOf<'exec'>, facts: ProcessFacts | undefined): void {
    if (facts === undefined) return;
    const start = momentOfTicks(facts.stat.startTicks, this.bootOffset());
    if (compareMoments(start, event.stamp) > 0) return;
    this.reads.set(event, { facts: this.withReason(facts), at: this.now() });
    this.latest.set(event.tgid, event);
  }

  confirm(later: readonly WireEvent[]): void {
    for (const event of later) {
      if (event.kind !== 'fork' && event.kind !== 'exec' && event.kind !== 'exit') continue;
      if (event.tid !== event.tgid) continue;
      const exec = this.latest.get(event.tgid);
      const read = exec && this.reads.get(exec);
      if (exec === undefined || read === undefined || compareMoments(event.stamp, read.at) > 0) continue;
      // A zombie kept its name, and could be read no other way.
      if (event.kind === 'exit' && read.facts.stat.state === 'Z') continue;
      this.reads.delete(exec);
    }
  }

  /** What the process was right after this exec; undefined when it was too late to know, `unread` when it was not wanted. */
  of(exec: EventOf<'exec'>): ProcessFacts | 'unread' | undefined {
    return this.unwanted.has(exec) ? 'unread' : this.reads.get(exec)?.facts;
  }

  /** A program has arguments as long as it lives: none to be read means that it has already let go of its memory. */
  private withReason(facts: ProcessFacts): ProcessFacts {
    if (facts.image[this.proof] !== undefined || facts.image.missing !== undefined) return facts;
    return { stat: facts.stat, image: { ...facts.image, missing: 'gone' } };
  }
}

/** From a subscription to batches: what is queued is decoded into one array of events, with what was lost and refused beside it. */
import { decode, type Refusal } from './decode.ts';
import type { Stamp, WireEvent } from './events.ts';
import { type Hearing, hears } from './filter.ts';
import type { Readiness } from './socket.ts';
import type { Subscription } from './subscribe.ts';

type Stamped = Pick<Stamp, 'seconds' | 'nanos'>;

export interface Batch {
  /** In the order of arrival. */
  readonly events: WireEvent[];
  /** Events the kernel dropped since the batch before. */
  readonly lost: number;
  /** They lie behind all that happened until then; without it, until this batch was drained. */
  readonly lostBy?: Stamped | undefined;
  /** The limit was reached: there may be more. */
  readonly full: boolean;
}

/** Datagrams in one batch at the most: small enough that a batch dies young, which halves the work of the garbage collector. */
export const BATCH_LIMIT = 512;

export class EventSource {
  /** Datagrams refused since the start, by reason. */
  readonly refused: Record<Refusal, number> = { foreign: 0, malformed: 0, unknown: 0 };
  private readonly subscription: Subscription;
  private hearing: Hearing;
  /** Datagrams received since the queue was seen empty. */
  private sinceEmpty = 0;

  constructor(subscription: Subscription, hearing: Hearing) {
    this.subscription = subscription;
    this.hearing = hearing;
  }

  /** Hears less than before, from what is drained next on. */
  rehear(hearing: Hearing): void {
    this.hearing = hearing;
    this.subscription.rehear(hearing);
  }

  onReadable(listener: () => void): Readiness {
    return this.subscription.events.onReadable(listener);
  }

  /**
   * Everything queued now, up to the limit of a batch, and what the kernel dropped before. Only a full queue drops anything: while fewer
   * events came since it was last seen empty than it holds, the kernel need not be asked.
   */
  drain(): Batch {
    const { events, received } = this.read();
    this.sinceEmpty += received;
    const lost = this.sinceEmpty >= this.subscription.leastQueued ? this.subscription.takeDrops() : 0;
    const full = received >= BATCH_LIMIT;
    if (!full) this.sinceEmpty = 0;
    return { events, lost, full };
  }

  private read(): { events: WireEvent[]; received: number } {
    const socket = this.subscription.events;
    const events: WireEvent[] = [];
    let received = 0;
    while (received < BATCH_LIMIT) {
      const count = socket.receive();
      if (count === 0) break;
      received += count;
      this.decodeInto(events, count);
      // Free slots: the queue is empty, and need not be asked again.
      if (count < socket.received.lengths.length) break;
    }
    return { events, received };
  }

  private decodeInto(events: WireEvent[], count: number): void {
    const { words, stride, lengths, senders } = this.subscription.events.received;
    for (let i = 0; i < count; i++) {
      const message = decode(words, i * stride, lengths[i], senders[i]);
      if (typeof message === 'string') this.refused[message]++;
      else if (message.kind !== 'ack' && hears(this.hearing, message)) events.push(message);
    }
  }
}

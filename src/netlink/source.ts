/**
 * From a subscription to batches: each wake-up is drained and decoded into one array of events, with what was lost and refused
 * beside it. Owns when to drain: at once while it is calm, every few milliseconds under load, because wake-ups dominate the
 * cost (measured: 4.6 µs an event woken each time, 1.4 µs coalesced).
 */
import { decode, type Refusal } from './decode.ts';
import type { WireEvent } from './events.ts';
import { type Hearing, hears } from './filter.ts';
import type { Readiness } from './socket.ts';
import type { Subscription } from './subscribe.ts';

/** The clock and timers of the host, in milliseconds. */
export interface Pacing {
  now(): number;
  after(milliseconds: number, task: () => void): { cancel(): void };
}

export interface Batch {
  /** In the order of arrival. */
  readonly events: WireEvent[];
  /** Events the kernel dropped since the batch before. */
  readonly lost: number;
  /** The limit was reached: there may be more. */
  readonly full: boolean;
}

/** More events than this within the window make it busy; a tick with no more than `calmEvents` makes it calm again. */
const LOAD = { windowMs: 10, tickMs: 3 } as const;
/** Who reads of processes what is gone a moment later hurries longer. */
const BUSY = { hurried: { busyEvents: 100, calmEvents: 20 }, patient: { busyEvents: 30, calmEvents: 8 } } as const;
export type Pace = keyof typeof BUSY;
/** Datagrams in one batch at the most: small enough that a batch dies young, which halves the work of the garbage collector. */
const BATCH_LIMIT = 2048;

export class EventSource {
  /** Datagrams refused since the start, by reason. */
  readonly refused: Record<Refusal, number> = { foreign: 0, malformed: 0, unknown: 0 };
  private readonly subscription: Subscription;
  private readonly hearing: Hearing;
  private readonly pacing: Pacing;
  private readiness: Readiness | undefined;
  private tick: { cancel(): void } | undefined;
  private busy = false;
  private windowStart = 0;
  private windowEvents = 0;

  constructor(subscription: Subscription, hearing: Hearing, pacing: Pacing) {
    this.subscription = subscription;
    this.hearing = hearing;
    this.pacing = pacing;
  }

  /** `onWake` is called when there may be something to `drain`; it returns how many events it took. */
  start(onWake: () => number, pace: Pace = 'hurried'): void {
    const { busyEvents, calmEvents } = BUSY[pace];
    const tick = (): void => {
      if (onWake() > calmEvents) {
        this.tick = this.pacing.after(LOAD.tickMs, tick);
        return;
      }
      this.busy = false;
      // What this look left to the next one, which now comes only with new events.
      onWake();
      this.readiness?.resume();
    };
    this.readiness = this.subscription.events.onReadable(() => {
      if (this.inWindow(onWake()) <= busyEvents) return;
      this.busy = true;
      this.readiness?.pause();
      this.tick = this.pacing.after(LOAD.tickMs, tick);
    });
  }

  /** The next look comes by the clock, in a few milliseconds: what can wait for it costs less there. */
  get isBusy(): boolean {
    return this.busy;
  }

  /** Events of the window that these belong to, so far. */
  private inWindow(events: number): number {
    const now = this.pacing.now();
    if (now - this.windowStart > LOAD.windowMs) {
      this.windowStart = now;
      this.windowEvents = 0;
    }
    this.windowEvents += events;
    return this.windowEvents;
  }

  /** Everything queued now, up to the limit of a batch, and what the kernel dropped before. */
  drain(): Batch {
    return this.batch('ask');
  }

  /**
   * What has come since a batch was drained. Only a full queue drops anything, and one that was emptied just before and held fewer events
   * than fit was never full: then the kernel need not be asked.
   */
  drainMore(): Batch {
    return this.batch('ask if it was full');
  }

  private batch(drops: 'ask' | 'ask if it was full'): Batch {
    const { events, received } = this.read();
    const lost = drops === 'ask' || received >= this.subscription.leastQueued ? this.subscription.takeDrops() : 0;
    return { events, lost, full: received >= BATCH_LIMIT };
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

  stop(): void {
    this.tick?.cancel();
    this.readiness?.close();
  }
}

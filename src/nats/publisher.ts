/**
 * Sends messages and waits for their acknowledgements, so many at a time. What was not acknowledged is sent again, with the same id, for as
 * long as it takes.
 */
import type { Host } from '../host/host.ts';
import type { Engine, Outgoing } from './engine.ts';

/** Sent and not acknowledged, at the most. */
const WINDOW = { messages: 64, bytes: 8 * 2 ** 20 } as const;
/** Before a message is sent again. */
const PAUSE_MS = 500;

export class Publisher {
  private readonly engine: Pick<Engine, 'publish'>;
  private readonly host: Pick<Host, 'after'>;
  /** First in, first sent; those that have to be sent again come first. */
  private queue: Outgoing[] = [];
  private readonly inFlight = new Set<Outgoing>();
  private inFlightBytes = 0;
  private again: Outgoing[] = [];
  private pause: { cancel(): void } | undefined;
  private isClosed = false;
  private idle: (() => void)[] = [];
  /** Bytes that were given and are not acknowledged. */
  bytes = 0;
  /** Why the last message was not acknowledged, while that is so. */
  trouble: string | undefined;
  onAcknowledged: (message: Outgoing) => void = () => {};

  constructor(engine: Pick<Engine, 'publish'>, host: Pick<Host, 'after'>) {
    this.engine = engine;
    this.host = host;
  }

  give(messages: readonly Outgoing[]): void {
    for (const message of messages) {
      this.queue.push(message);
      this.bytes += message.body.length;
    }
    this.pump();
  }

  private pump(): void {
    // While something has to be sent again nothing else is: so order is kept as far as it can be.
    while (
      this.pause === undefined &&
      !this.isClosed &&
      this.queue.length > 0 &&
      this.inFlight.size < WINDOW.messages &&
      this.inFlightBytes < WINDOW.bytes
    ) {
      this.send(this.queue.shift() as Outgoing);
    }
    if (this.bytes === 0) for (const resolve of this.idle.splice(0)) resolve();
  }

  private send(message: Outgoing): void {
    this.inFlight.add(message);
    this.inFlightBytes += message.body.length;
    this.engine.publish(message).then(
      () => {
        this.land(message);
        this.trouble = undefined;
        this.bytes -= message.body.length;
        this.onAcknowledged(message);
        this.pump();
      },
      (error: Error) => {
        this.land(message);
        this.trouble = error.message;
        this.again.push(message);
        this.pause ??= this.host.after(PAUSE_MS, () => this.sendAgain());
      },
    );
  }

  private land(message: Outgoing): void {
    this.inFlight.delete(message);
    this.inFlightBytes -= message.body.length;
  }

  private sendAgain(): void {
    this.pause = undefined;
    this.queue = [...this.again.splice(0), ...this.queue];
    this.pump();
  }

  /** Resolves when all is acknowledged. */
  settled(): Promise<void> {
    if (this.bytes === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.idle.push(resolve);
    });
  }

  /** Sends nothing any more; gives back how many messages were not acknowledged. */
  close(): number {
    this.isClosed = true;
    this.pause?.cancel();
    return this.queue.length + this.inFlight.size + this.again.length;
  }
}

/**
 * Asks every few seconds whether the kernel still sends events at all: it may stop for everybody, without a drop and without a gap. The
 * only wake-up of an idle watch.
 */
import { Failure } from '../errors.ts';
import type { Heartbeat as Found, Subscription } from '../netlink/subscribe.ts';

const BEAT_MS = 5000;

type After = (milliseconds: number, task: () => void) => { cancel(): void };

export class Heartbeat {
  private readonly subscription: Pick<Subscription, 'heartbeat'>;
  private readonly after: After;
  private readonly onBeat: (isDeaf: boolean) => void;
  private timer: { cancel(): void } | undefined;

  /** `onBeat` is told whether events of unknown number are missing since the beat before. */
  constructor(subscription: Pick<Subscription, 'heartbeat'>, after: After, onBeat: (isDeaf: boolean) => void) {
    this.subscription = subscription;
    this.after = after;
    this.onBeat = onBeat;
  }

  start(): void {
    this.timer = this.after(BEAT_MS, () => {
      const found = this.beat();
      this.onBeat(found === 'recovered' || found === 'deaf');
      this.start();
    });
  }

  /** A control socket that cannot even be used hears nothing. */
  private beat(): Found {
    try {
      return this.subscription.heartbeat();
    } catch (error) {
      if (error instanceof Failure) return 'deaf';
      throw error;
    }
  }

  stop(): void {
    this.timer?.cancel();
  }
}

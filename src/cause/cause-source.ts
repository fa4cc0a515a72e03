/** The door to the programs that see signals being sent: what the pipeline needs of them. */
import type { SentSignal, Victim } from './sent-signal.ts';

export interface CauseTaker {
  take(sent: SentSignal): void;
  mark(victim: Victim): void;
}

export interface CauseSource {
  /** Hands over what was written, oldest first; false if something is being written that moment and comes with the next call. */
  drain(taker: CauseTaker): boolean;
  /** Records that found the ring full since this was last asked; exact. */
  takeLost(): number;
  close(): void;
}

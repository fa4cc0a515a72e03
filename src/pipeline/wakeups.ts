/**
 * When to look at what is queued. Wake-ups dominate the cost: between rare events caches and code grow cold, and one wake-up takes up to a
 * millisecond of CPU, whatever it finds.
 *
 * Where what is to be known of an event keeps, one wake-up serves a window: its first event opens it, at its end all is drained, and while
 * events keep coming the clock alone opens the next. Where it is gone a moment later, each event wakes; under load a clock does, quickly.
 */
import type { Readiness } from '../netlink/socket.ts';

/** The clock and timers of the host, in milliseconds. */
export interface Pacing {
  now(): number;
  after(milliseconds: number, task: () => void): { cancel(): void };
}

/** Something that can be waited for. */
export interface Wakeable {
  onReadable(listener: () => void): Readiness;
}

/** Called when there may be something to drain; returns how many events it took, or that it left some for later. */
export type OnWake = () => number;

export interface Wakeups {
  start(onWake: OnWake): void;
  /** The next look comes by the clock in any case: what can wait for it costs less there. */
  readonly isTimed: boolean;
  stop(): void;
}

/** Events a millisecond that the fastest machine makes, for all we know. */
const FASTEST = 200;
/** What a window may fill of the queue, judged by the window before. */
const SHARE = 0.25;

export interface WindowOptions {
  /** The longest window in milliseconds; asked when one opens. */
  readonly mostMs: () => number;
  /** Events that the queue has room for. */
  readonly capacity: number;
}

/** At the end of each window. */
export class WindowedWakeups implements Wakeups {
  private readonly pacing: Pacing;
  private readonly sources: readonly Wakeable[];
  private readonly options: WindowOptions;
  private readonly readiness: Readiness[] = [];
  private timer: { cancel(): void } | undefined;
  private isStopped = false;
  /** By how fast the queue was filled in the last window, or may be in the first. */
  private roomMs: number;

  constructor(pacing: Pacing, sources: readonly Wakeable[], options: WindowOptions) {
    this.pacing = pacing;
    this.sources = sources;
    this.options = options;
    this.roomMs = this.firstRoomMs;
  }

  private get firstRoomMs(): number {
    return this.options.capacity / FASTEST;
  }

  start(onWake: OnWake): void {
    const open = (): void => {
      const windowMs = Math.min(this.options.mostMs(), this.roomMs);
      this.timer = this.pacing.after(windowMs, () => close(windowMs));
    };
    const close = (windowMs: number): void => {
      this.timer = undefined;
      const handled = onWake();
      if (this.isStopped) return;
      this.roomMs = handled > 0 ? (windowMs * this.options.capacity * SHARE) / handled : this.firstRoomMs;
      if (handled > 0) return open();
      for (const one of this.readiness) one.resume();
    };
    for (const source of this.sources) {
      this.readiness.push(
        source.onReadable(() => {
          if (this.timer !== undefined) return;
          for (const one of this.readiness) one.pause();
          open();
        }),
      );
    }
  }

  get isTimed(): boolean {
    return this.timer !== undefined;
  }

  stop(): void {
    this.isStopped = true;
    this.timer?.cancel();
    for (const one of this.readiness) one.close();
  }
}

/** Several as one; a single one stays itself. */
export function together(sources: readonly Wakeable[]): Wakeable {
  if (sources.length === 1) return sources[0];
  return {
    onReadable(listener) {
      const all = sources.map((source) => source.onReadable(listener));
      return {
        pause: () => all.forEach((one) => void one.pause()),
        resume: () => all.forEach((one) => void one.resume()),
        close: () => all.forEach((one) => void one.close()),
      };
    },
  };
}

/** More events than this within the window make it busy; a tick with no more than `calmEvents` makes it calm again. */
const LOAD = { windowMs: 10, tickMs: 3 } as const;
/** Who reads of processes what is gone a moment later is woken longer. */
const BUSY = { hurried: { busyEvents: 100, calmEvents: 20 }, patient: { busyEvents: 30, calmEvents: 8 } } as const;

/** At each event, and every few milliseconds under load. */
export class PromptWakeups implements Wakeups {
  private readonly pacing: Pacing;
  private readonly source: Wakeable;
  private readonly pace: (typeof BUSY)[keyof typeof BUSY];
  private readiness: Readiness | undefined;
  private tick: { cancel(): void } | undefined;
  private busy = false;
  private isStopped = false;
  private windowStart = 0;
  private windowEvents = 0;

  constructor(pacing: Pacing, source: Wakeable, pace: keyof typeof BUSY) {
    this.pacing = pacing;
    this.source = source;
    this.pace = BUSY[pace];
  }

  start(onWake: OnWake): void {
    const { busyEvents, calmEvents } = this.pace;
    const tick = (): void => {
      const handled = onWake();
      if (this.isStopped) return;
      if (handled > calmEvents) {
        this.tick = this.pacing.after(LOAD.tickMs, tick);
        return;
      }
      this.busy = false;
      // What this look left to the next one, which now comes only with new events.
      onWake();
      if (!this.isStopped) this.readiness?.resume();
    };
    this.readiness = this.source.onReadable(() => {
      if (this.inWindow(onWake()) <= busyEvents || this.isStopped) return;
      this.busy = true;
      this.readiness?.pause();
      this.tick = this.pacing.after(LOAD.tickMs, tick);
    });
  }

  get isTimed(): boolean {
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

  stop(): void {
    this.isStopped = true;
    this.tick?.cancel();
    this.readiness?.close();
  }
}

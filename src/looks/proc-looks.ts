/**
 * The witness for users without rights and for old kernels: looks at /proc, in a hurry, since what they are to see is gone a moment later.
 * All that is intricate about that lives in this folder alone.
 */
import type { EventOf, WireEvent } from '../netlink/events.ts';
import type { Hearing } from '../netlink/filter.ts';
import { type Moment, momentOfTicks } from '../process/moment.ts';
import type { ProcReader } from '../process/proc-reader.ts';
import type { Acquaintance, ProcessExit, Told, Unheard, Witness, Witnessed } from '../process/witness.ts';
import { ExitRule } from './exit-rule.ts';
import { ImageLooks } from './image-looks.ts';

export interface LookOptions extends Acquaintance {
  readonly hearing: Hearing;
  /** Births, execs and all exits are heard. */
  readonly hearsWholeLives: boolean;
  readonly reader: ProcReader;
  readonly now: () => Moment;
  /** The member of an image whose absence shows that the process had gone. */
  readonly proof: 'args' | 'exe';
}

export class ProcLooks implements Witness {
  private readonly options: LookOptions;
  private readonly images: ImageLooks;
  private readonly exits: ExitRule;

  constructor(options: LookOptions) {
    this.options = options;
    const { reader, now, bootOffset, proof } = options;
    this.images = new ImageLooks(reader, now, bootOffset, proof);
    this.exits = new ExitRule(options);
  }

  /** Without execs nothing of it is read from what vanishes. */
  get isPatient(): boolean {
    return !this.options.hearing.scopes.has('exec');
  }

  attend({ events }: Witnessed, wanted: (exec: EventOf<'exec'>) => boolean): boolean {
    const hasRead = this.images.capture(events, wanted);
    return this.exits.look(events) || hasRead;
  }

  heed(later: readonly WireEvent[]): void {
    this.images.confirm(later);
    this.exits.heedLater(later);
  }

  executed(exec: EventOf<'exec'>): Told | 'unread' | undefined {
    const facts = this.images.of(exec);
    if (facts === undefined || facts === 'unread') return facts;
    const { image, stat } = facts;
    const start = momentOfTicks(stat.startTicks, this.options.bootOffset());
    return { image, ppid: stat.ppid, start, startExact: false };
  }

  ended(event: EventOf<'exit'>, index: number): ProcessExit | undefined {
    return this.exits.hear(event, index);
  }

  succeeded(pid: number): ProcessExit | undefined {
    return this.exits.succeed(pid);
  }

  forget(pid: number): void {
    this.exits.cancel(pid);
  }

  addLeaderless(pid: number): void {
    this.exits.addLeaderless(pid);
  }

  get unsettled(): number {
    return this.exits.unsettled;
  }

  /** Processes whose first thread has ended and that live on, as far as it was seen. */
  open(): number[] {
    return this.exits.open;
  }

  settle(): ProcessExit[] {
    return this.exits.settle();
  }

  rest(): boolean {
    return false;
  }

  takeUnheard(): Unheard[] {
    return [];
  }

  takeLost(): number {
    return 0;
  }

  close(): void {}
}

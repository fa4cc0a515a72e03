/** What all recordings have in common: how they begin and end, and what is counted of them. */
import type { JsonFormatter } from '../format/json.ts';
import { LineBuffer } from '../format/line-buffer.ts';
import type { Host, Kernel } from '../host/host.ts';
import type { Monitor } from '../pipeline/monitor.ts';
import { type Moment, plus } from '../process/moment.ts';
import type { StreamRecord } from '../process/record.ts';
import type { Selection } from '../process/select.ts';
import type { Programs } from './facts.ts';
import type { Plan } from './plan.ts';
import { startFacts } from './watch.ts';

/** Written at once at the most. */
export const CHUNK_BYTES = 64 * 1024;

/** What a stream of records is told about itself. */
export interface Subject {
  readonly host: Host;
  readonly kernel: Kernel;
  readonly plan: Plan;
  readonly monitor: Monitor;
  readonly selection: Selection;
  readonly programs: Programs;
}

type Context = ConstructorParameters<typeof JsonFormatter>[0] & { wallOffset: Moment };

function contextOf({ kernel, plan }: Subject): Context {
  return {
    wallOffset: kernel.clocks().wallOffset,
    extras: plan.extras,
    userName: (uid: number) => kernel.users.name(uid),
  };
}

/** Records on their way into files, or into memory. */
export abstract class Tape {
  readonly context: Context;
  protected readonly subject: Subject;
  protected readonly lines = new LineBuffer();
  protected told: Record<string, number> = {};
  protected lost = 0;
  private events = 0;
  private lostEver = 0;

  constructor(subject: Subject) {
    this.subject = subject;
    this.context = contextOf(subject);
  }

  abstract begin(at: Moment): void;
  abstract take(records: readonly StreamRecord[]): void;
  /** What has to be seen to from time to time. */
  abstract care(): void;
  abstract end(reason: string): Promise<void>;
  /** For the line on a terminal. */
  abstract get kept(): number;

  protected count(record: StreamRecord): void {
    if (record.event === 'start' || record.event === 'end') return;
    this.told[record.event] = (this.told[record.event] ?? 0) + 1;
    if (record.event === 'lost') {
      this.lost += record.count ?? 0;
      this.lostEver += record.count ?? 0;
    } else if ('pid' in record && record.event !== 'alive') this.events++;
  }

  protected startAt(at: Moment): StreamRecord {
    const { host, plan, monitor, programs, kernel } = this.subject;
    return { event: 'start', at, facts: startFacts(host, plan, monitor, programs, kernel.clocks()) };
  }

  protected endFor(reason: string, told = this.told): StreamRecord {
    const { host, monitor } = this.subject;
    const refused = Object.values(monitor.refused).reduce((a, b) => a + b, 0);
    return { event: 'end', at: host.now(), facts: { reason, told, lost: this.lost, refused } };
  }

  protected wall(at: Moment): Moment {
    return plus(at, this.context.wallOffset);
  }

  progress(): { readonly events: number; readonly lost: number } {
    return { events: this.events, lost: this.lostEver };
  }
}

/** The witness of the ring as a stream: what an event leaves out stands in the very record that it was made of. */
import { FACT, FACT_KIND } from '../bpf/fact-record.ts';
import { commAt } from '../bpf/record-fields.ts';
import type { EventOf, WireEvent } from '../netlink/events.ts';
import type { WitnessNeeds } from '../process/event-stream.ts';
import type { ProcessExit, Told, Unheard, WhoNow, Witness, Witnessed } from '../process/witness.ts';
import { FactEnd, toldBy } from './fact-end.ts';
import type { FactView, Place } from './fact-view.ts';
import { withRestOfArgs } from './rest-of-args.ts';

/** What it needs of the stream. */
interface Records {
  readonly view: FactView;
  placeOf(event: WireEvent): Place;
  attend(events: readonly WireEvent[]): void;
  rest(): void;
}

export class RingWitness implements Witness {
  readonly isPatient = true;
  private readonly records: Records;
  private readonly needs: WitnessNeeds;

  constructor(records: Records, needs: WitnessNeeds) {
    this.records = records;
    this.needs = needs;
  }

  attend({ events }: Witnessed): boolean {
    this.records.attend(events);
    return false;
  }

  heed(): void {}

  executed(event: EventOf<'exec'>): Told {
    const told = toldBy(this.records.view, this.records.placeOf(event), this.needs.bootOffset);
    return withRestOfArgs(this.needs.reader, event.tgid, told);
  }

  /** The end of a thread is never that of its process: this has a record of its own. */
  ended(event: EventOf<'exit'>): ProcessExit | undefined {
    const { view } = this.records;
    const place = this.records.placeOf(event);
    if (view.u32(place, FACT.kind) !== FACT_KIND.end) return undefined;
    return new FactEnd(event, view, place, this.needs.bootOffset);
  }

  whoNow(event: EventOf<'fork'> | EventOf<'exit'>): WhoNow {
    const { view } = this.records;
    const place = this.records.placeOf(event);
    return { comm: commAt(view.bytes, place + FACT.comm), uid: view.u32(place, FACT.effectiveUid) };
  }

  succeeded(): undefined {
    return undefined;
  }

  forget(): void {}

  addLeaderless(): void {}

  readonly unsettled = 0;

  settle(): ProcessExit[] {
    return [];
  }

  rest(): boolean {
    this.records.rest();
    return false;
  }

  /** What has no event was not written. */
  takeUnheard(): Unheard[] {
    return [];
  }

  /** What was lost are events, and the stream tells that. */
  takeLost(): number {
    return 0;
  }

  /** The stream is closed by who holds it. */
  close(): void {}
}

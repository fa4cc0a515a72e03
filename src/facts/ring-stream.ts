/**
 * The stream of events where there is no connector: the records of our programs in the order of the ring, which is right for cause and
 * effect. A birth stands there before anything of the child, and an end behind everything of its process; so an event and all that is to be
 * known of it are one record, and nothing is to be joined.
 *
 * A record stays where the kernel wrote it until its event is done with: images are made of it only where somebody wants them.
 */
import { FACT, FACT_KIND } from '../bpf/fact-record.ts';
import type { Stamp, WireEvent } from '../netlink/events.ts';
import { type Hearing, hears } from '../netlink/filter.ts';
import { BATCH_LIMIT, type Batch } from '../netlink/source.ts';
import type { EventStream, ForeignNumbers, WitnessNeeds } from '../process/event-stream.ts';
import { type Moment, secondsBetween } from '../process/moment.ts';
import { FactView, HEADER_BYTES, type Place } from './fact-view.ts';
import type { FactSource } from './kernel-facts.ts';
import { RepeatedEnds } from './repeated-ends.ts';
import { RingWitness } from './ring-witness.ts';

/** The programs in the kernel, all that are to be heard, and their ring. */
export interface RingSource extends FactSource {
  readonly ringBytes: number;
  readonly foreign: ForeignNumbers | undefined;
}

/** An event of ours, and where its record begins: a position in all that was ever written. */
export type RingEvent = WireEvent & { readonly position: number };

/** Of a record with paths and some arguments, rounded up. */
const BYTES_AN_EVENT = 512;
/** What was dropped is asked for where the ring may have been full, and now and then. */
const ASKED_SECONDS = 1;
/** The parent of a thread hears nothing of its end: -1 as u32. */
const NO_SIGNAL = 0xffffffff;
const SIGCHLD = 17;

export interface RingStreamOptions {
  readonly hearing: Hearing;
  readonly now: () => Moment;
}

export class RingStream implements EventStream {
  readonly source = 'bpf';
  readonly filter = 'bpf';
  readonly refused = {};
  readonly view: FactView;
  readonly repeated: RepeatedEnds;
  private readonly ring: RingSource;
  private readonly now: () => Moment;
  private heard: Hearing;
  private sequence = 0;
  /** Events that were drained, and those of them that somebody has begun to handle. */
  private drained = 0;
  private attended = 0;
  private asked: Moment;
  /** What was dropped and is not told yet, and by when. */
  private lost = 0;
  private lostBy: Moment | undefined;

  /** Takes over the source. */
  constructor(ring: RingSource, { hearing, now }: RingStreamOptions) {
    this.ring = ring;
    this.now = now;
    this.heard = hearing;
    this.asked = now();
    this.view = new FactView(ring);
    this.repeated = new RepeatedEnds(this.view, ring);
  }

  get hearing(): Hearing {
    return this.heard;
  }

  get foreign(): ForeignNumbers | undefined {
    return this.ring.foreign;
  }

  get bufferBytes(): number {
    return this.ring.ringBytes;
  }

  get capacity(): number {
    return this.bufferBytes / BYTES_AN_EVENT;
  }

  onReadable: EventStream['onReadable'] = (listener) => this.ring.onReadable(listener);

  drain(): Batch {
    const events: RingEvent[] = [];
    const count = this.ring.look((place, length, position) => {
      const event = length < FACT.threadEndBytes ? undefined : this.eventOf(place, position);
      if (event !== undefined && hears(this.heard, event)) events.push(event);
    }, BATCH_LIMIT);
    this.drained += events.length;
    const { lost, lostBy } = this;
    this.lost = 0;
    this.lostBy = undefined;
    return { events, lost, lostBy, full: count >= BATCH_LIMIT };
  }

  private stampOf(place: Place): Stamp {
    const { seconds, nanos } = this.view.moment(place, FACT.at);
    this.sequence = (this.sequence + 1) >>> 0;
    return { cpu: this.view.u32(place, FACT.cpu), sequence: this.sequence, seconds, nanos };
  }

  /** Undefined for what is none of ours, and for an end that was told already. */
  private eventOf(place: Place, position: number): RingEvent | undefined {
    const { view } = this;
    const u32 = (field: number): number => view.u32(place, field);
    const tgid = u32(FACT.tgid);
    const parent = u32(FACT.parentTgid);
    switch (u32(FACT.kind)) {
      case FACT_KIND.birth: {
        const child = { tid: u32(FACT.born), tgid, parentTid: parent, parentTgid: parent };
        return { kind: 'fork', stamp: this.stampOf(place), ...child, position };
      }
      case FACT_KIND.exec:
        return { kind: 'exec', stamp: this.stampOf(place), tid: tgid, tgid, position };
      case FACT_KIND.end: {
        if (this.repeated.has(place)) return undefined;
        this.repeated.add(place);
        const end = { tid: tgid, tgid, status: u32(FACT.status), exitSignal: SIGCHLD };
        return { kind: 'exit', stamp: this.stampOf(place), ...end, parentTid: parent, parentTgid: parent, position };
      }
      case FACT_KIND.threadEnd: {
        const end = { tid: u32(FACT.tid), tgid, status: u32(FACT.status), exitSignal: NO_SIGNAL };
        return { kind: 'exit', stamp: this.stampOf(place), ...end, parentTid: 0, parentTgid: 0, position };
      }
      default:
        return undefined;
    }
  }

  /** Where the record of an event of ours begins. Only until it is done with. */
  placeOf(event: WireEvent): Place {
    return ((event as RingEvent).position % this.ring.ringBytes) + HEADER_BYTES;
  }

  /** These events, the oldest that were drained, are handled now: all before them are done with. */
  attend(events: readonly WireEvent[]): void {
    if (events.length === 0) return;
    this.attended += events.length;
    this.giveBack((events[0] as RingEvent).position);
  }

  /** Those that were attended are done with. */
  rest(): void {
    if (this.attended === this.drained) this.giveBack();
  }

  /** Until room is given back the ring keeps what it holds: whatever was dropped lies behind all of that, and before what comes then. */
  private giveBack(position?: number): void {
    const now = this.now();
    // The memory is mapped twice: half of the ring.
    const isCrowded = this.ring.held > this.view.bytes.length / 4;
    if (isCrowded || secondsBetween(this.asked, now) > ASKED_SECONDS) this.askLost(now);
    this.ring.release(position);
  }

  private askLost(now: Moment): void {
    this.asked = now;
    const lost = this.ring.takeLost();
    if (lost === 0) return;
    this.lost += lost;
    this.lostBy ??= now;
  }

  takeDrops(): number {
    this.askLost(this.now());
    const { lost } = this;
    this.lost = 0;
    this.lostBy = undefined;
    return lost;
  }

  rehear(hearing: Hearing): void {
    this.heard = hearing;
  }

  narrow(pids: ReadonlySet<number>): void {
    this.heard = { ...this.heard, exitsOf: pids };
  }

  /** Nobody else can silence programs of ours. */
  heartbeat(): 'heard' {
    return 'heard';
  }

  witness(needs: WitnessNeeds): RingWitness {
    return new RingWitness(this, needs);
  }

  close(): void {
    this.ring.close();
  }
}

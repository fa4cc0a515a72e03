/**
 * Which records lie in the ring, and whose they are: each waits there, where the kernel wrote it, until its event has come. What is taken
 * leaves, and room is given back up to the oldest that still waits. Pure over the ring's memory; makes no object for a record.
 */
import { FACT, FACT_KIND } from '../bpf/fact-record.ts';
import { compareMoments, type Moment, secondsBetween } from '../process/moment.ts';
import { type FactRing, FactView, NONE, type Place } from './fact-view.ts';

const FIRST_ENTRIES = 1024;
const TAKEN = -2;

type Kind = typeof FACT_KIND.exec | typeof FACT_KIND.end;

export class FactIndex extends FactView {
  private readonly ring: FactRing;
  /** Entries by number, each at its number modulo their size: where the record is, and which older one of its process waits too. */
  private places = new Int32Array(FIRST_ENTRIES);
  private older = new Int32Array(FIRST_ENTRIES);
  private positions = new Float64Array(FIRST_ENTRIES);
  private first = 0;
  private next = 0;
  /** Number of the newest entry that waits, by process. */
  private readonly newest = { [FACT_KIND.exec]: new Map<number, number>(), [FACT_KIND.end]: new Map<number, number>() };
  /** Ends whose last thread was not the first of its process: their events may have come before. */
  private strays: number[] = [];

  constructor(ring: FactRing) {
    super(ring);
    this.ring = ring;
  }

  /** How many records wait. */
  get size(): number {
    return this.next - this.first;
  }

  /** Whether the ring may have been full since room was last given back. The memory is mapped twice. */
  get isCrowded(): boolean {
    return this.ring.held > this.bytes.length / 4;
  }

  /** Takes note of what was written since. */
  look(): number {
    return this.ring.look(this.note);
  }

  private readonly note = (at: number, length: number, position: number): void => {
    const kind = this.u32(at, FACT.kind);
    // What is none of ours is passed over: its room is given back with that of the next.
    if ((kind !== FACT_KIND.exec && kind !== FACT_KIND.end) || length < FACT.endBytes) return;
    if (this.size === this.places.length) this.grow();
    const entry = this.next++;
    const slot = entry & (this.places.length - 1);
    const tgid = this.u32(at, FACT.tgid);
    const newest = this.newest[kind];
    this.places[slot] = at;
    this.positions[slot] = position;
    this.older[slot] = newest.get(tgid) ?? NONE;
    newest.set(tgid, entry);
    if (kind === FACT_KIND.end && this.u32(at, FACT.tid) !== tgid) this.strays.push(entry);
  };

  private grow(): void {
    const [places, older, positions] = [this.places, this.older, this.positions];
    const size = places.length * 2;
    this.places = new Int32Array(size);
    this.older = new Int32Array(size);
    this.positions = new Float64Array(size);
    for (let entry = this.first; entry < this.next; entry++) {
      const from = entry & (places.length - 1);
      const to = entry & (size - 1);
      this.places[to] = places[from];
      this.older[to] = older[from];
      this.positions[to] = positions[from];
    }
  }

  private placeOf(entry: number): Place {
    return this.places[entry & (this.places.length - 1)];
  }

  private olderThan(entry: number): number {
    return this.older[entry & (this.places.length - 1)];
  }

  private isAfter(place: Place, moment: Moment): boolean {
    return compareMoments(this.moment(place, FACT.at), moment) > 0;
  }

  /**
   * The newest record of a process that is not younger than its event, and at most `within` seconds older. Those before it can be taken by
   * an event no more: theirs, if they were to come at all, would have come first.
   */
  takeExec(tgid: number, event: Moment, within: number): Place {
    return this.takeIfNear(FACT_KIND.exec, tgid, this.newestBefore(FACT_KIND.exec, tgid, event), event, within);
  }

  /** The same of an end. Of several holders of the number it is that of the one born at `start`, on CLOCK_BOOTTIME, if that is known. */
  takeEnd(tgid: number, event: Moment, within: number, start: () => Moment | undefined): Place {
    let found = this.newestBefore(FACT_KIND.end, tgid, event);
    const born = found !== NONE && this.olderThan(found) !== NONE ? start() : undefined;
    if (born !== undefined) found = this.bornNearest(found, born);
    return this.takeIfNear(FACT_KIND.end, tgid, found, event, within);
  }

  private newestBefore(kind: Kind, tgid: number, event: Moment): number {
    let entry = this.newest[kind].get(tgid) ?? NONE;
    while (entry !== NONE && this.isAfter(this.placeOf(entry), event)) entry = this.olderThan(entry);
    return entry;
  }

  private bornNearest(newest: number, start: Moment): number {
    let best = newest;
    let least = Number.POSITIVE_INFINITY;
    for (let entry = newest; entry !== NONE; entry = this.olderThan(entry)) {
      const away = Math.abs(secondsBetween(start, this.moment(this.placeOf(entry), FACT.start)));
      if (away < least) [best, least] = [entry, away];
    }
    return best;
  }

  private takeIfNear(kind: Kind, tgid: number, entry: number, event: Moment, within: number): Place {
    if (entry === NONE) return NONE;
    const place = this.placeOf(entry);
    const isNear = within === Number.POSITIVE_INFINITY || secondsBetween(this.moment(place, FACT.at), event) <= within;
    return isNear ? this.take(kind, tgid, entry) : NONE;
  }

  private take(kind: Kind, tgid: number, entry: number): Place {
    const newest = this.newest[kind];
    if (newest.get(tgid) === entry) newest.delete(tgid);
    else this.cutBehind(newest.get(tgid) ?? NONE, entry);
    const slot = entry & (this.places.length - 1);
    const place = this.places[slot];
    this.places[slot] = TAKEN;
    return place;
  }

  /** Ends the chain of a process before this entry. */
  private cutBehind(newest: number, entry: number): void {
    for (let at = newest; at !== NONE; at = this.olderThan(at)) {
      if (this.olderThan(at) === entry) this.older[at & (this.places.length - 1)] = NONE;
    }
  }

  /** Whether a younger exec or an end of this process waits: then what is seen of it now came later. */
  hasMore(tgid: number): boolean {
    return this.newest[FACT_KIND.exec].has(tgid) || this.newest[FACT_KIND.end].has(tgid);
  }

  /** Whether there may be ends that no event tells; right after `release`, whether there are. */
  get hasStrays(): boolean {
    return this.strays.length > 0;
  }

  /** Takes those of the ends by another thread than the first which `isDue` says nothing else will tell. */
  takeStrays(isDue: (place: Place) => boolean): Place[] {
    const due: Place[] = [];
    this.strays = this.strays.filter((entry) => {
      const place = this.placeOf(entry);
      if (place === TAKEN) return false;
      if (!isDue(place)) return true;
      due.push(this.take(FACT_KIND.end, this.u32(place, FACT.tgid), entry));
      return false;
    });
    return due;
  }

  /** Takes what was written before this moment, oldest first. */
  takeBefore(moment: Moment): Place[] {
    const taken: Place[] = [];
    for (let entry = this.first; entry < this.next; entry++) {
      const place = this.placeOf(entry);
      if (place === TAKEN) continue;
      if (this.isAfter(place, moment)) break;
      taken.push(this.take(this.u32(place, FACT.kind) as Kind, this.u32(place, FACT.tgid), entry));
    }
    return taken;
  }

  /** Gives back the room of all that was taken, up to the oldest that waits. What was shown of it must have been copied. */
  release(): void {
    if (this.strays.length > 0) this.strays = this.strays.filter((entry) => this.placeOf(entry) !== TAKEN);
    while (this.first < this.next && this.placeOf(this.first) === TAKEN) this.first++;
    if (this.first < this.next) return this.ring.release(this.positions[this.first & (this.places.length - 1)]);
    this.first = 0;
    this.next = 0;
    this.ring.release();
  }
}

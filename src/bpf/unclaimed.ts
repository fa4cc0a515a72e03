/**
 * Records of execs whose events have not been seen yet: what is joined leaves at once, what nobody claims stays for a while, within
 * bounds. Pure.
 */
import { compareMoments, type Moment, secondsBetween } from '../process/moment.ts';
import { execKeyOf } from './exec-record.ts';

interface Entry {
  readonly tgid: number;
  readonly at: Moment;
  readonly bytes: Uint8Array;
  /** The one before of the same process, which can still be claimed. */
  older: Entry | undefined;
}

/** More is the sign of somebody who hears no execs. The oldest go first. */
const MOST = { records: 16_384, bytes: 16 * 1024 * 1024 } as const;

export class Unclaimed {
  /** The claimable ones: the newest of each process. */
  private readonly newest = new Map<number, Entry>();
  /** All of them, in the order in which they were written. */
  private readonly entries = new Set<Entry>();
  private bytes = 0;

  get size(): number {
    return this.entries.size;
  }

  /** A record that is none of ours is left out. */
  add(bytes: Uint8Array): void {
    const key = execKeyOf(bytes);
    if (key === undefined) return;
    const entry: Entry = { tgid: key.tgid, at: key.at, bytes, older: this.newest.get(key.tgid) };
    this.newest.set(key.tgid, entry);
    this.entries.add(entry);
    this.bytes += bytes.byteLength;
    for (const oldest of this.entries) {
      if (this.entries.size <= MOST.records && this.bytes <= MOST.bytes) break;
      this.drop(oldest);
    }
  }

  /**
   * The newest record of a process not younger than this event, if it is at most `within` seconds older. Those before it can be claimed
   * no more: their events, if they are to come at all, would have come first.
   */
  take(tgid: number, event: Moment, within: number): Uint8Array | undefined {
    let younger: Entry | undefined;
    let entry = this.newest.get(tgid);
    while (entry !== undefined && compareMoments(entry.at, event) > 0) {
      younger = entry;
      entry = entry.older;
    }
    if (entry === undefined) return undefined;
    if (younger === undefined) this.newest.delete(tgid);
    else younger.older = undefined;
    if (secondsBetween(entry.at, event) > within) return undefined;
    this.forget(entry);
    return entry.bytes;
  }

  /** What was written before this moment and not claimed, oldest first. */
  takeBefore(moment: Moment): Uint8Array[] {
    const taken: Uint8Array[] = [];
    for (const entry of this.entries) {
      if (compareMoments(entry.at, moment) >= 0) continue;
      this.drop(entry);
      taken.push(entry.bytes);
    }
    return taken;
  }

  private forget(entry: Entry): void {
    if (this.entries.delete(entry)) this.bytes -= entry.bytes.byteLength;
  }

  /** Takes an entry, and with it all older ones of its process, out of what can be claimed. */
  private drop(entry: Entry): void {
    this.forget(entry);
    const newest = this.newest.get(entry.tgid);
    if (newest === entry) this.newest.delete(entry.tgid);
    for (let at = newest; at !== undefined; at = at.older) {
      if (at.older === entry) at.older = undefined;
    }
  }
}

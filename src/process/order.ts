/**
 * Puts one batch into the kernel's time order. Within a CPU events arrive in order; across CPUs a few arrive up to 100 µs late. A
 * stamp is taken before the event is queued, and a child cannot run before its fork is queued: so no fork comes after
 * anything of its child, and an equal stamp keeps the order of arrival.
 */
import type { WireEvent } from '../netlink/events.ts';
import { compareMoments, type Moment } from './moment.ts';

const byStamp = (a: WireEvent, b: WireEvent): number => compareMoments(a.stamp, b.stamp);

/** Sorts in place; a batch already in order, which is most, costs one pass. */
export function inTimeOrder(events: WireEvent[]): WireEvent[] {
  for (let i = 1; i < events.length; i++) {
    if (byStamp(events[i - 1], events[i]) > 0) return events.sort(byStamp);
  }
  return events;
}

/** Puts each of some records before the first that is later, and moves no other: a loss stands where it stands. */
export function putInTime<R extends { readonly at: Moment }>(records: R[], others: readonly R[]): void {
  for (const other of others) {
    const place = records.findIndex(({ at }) => compareMoments(at, other.at) > 0);
    records.splice(place < 0 ? records.length : place, 0, other);
  }
}

/**
 * The choice of the stream of events: the connector wherever it can be had, else programs in the kernel, or what somebody wants. It stands
 * before what handles its events is loaded, or is made by that.
 */
import type { Failure } from '../errors.ts';
import type { Host, Listening } from '../host/host.ts';
import { NoConnector } from '../netlink/diagnose.ts';
import type { EventName } from '../netlink/events.ts';
import type { Hearing } from '../netlink/filter.ts';
import { Subscription } from '../netlink/subscribe.ts';
import type { EventStream, StreamSource } from '../process/event-stream.ts';
import { ConnectorStream } from './connector-stream.ts';
import type { FactPlan } from './monitor.ts';
import { bothRoads, noRing, untold } from './no-stream.ts';

export interface Ears {
  readonly hearing: Hearing;
  readonly bufferBytes: number;
}

/** What programs in the kernel are to tell where they take the connector's place. */
export interface RingPlan {
  /** The first that can be had counts. */
  readonly plans: readonly FactPlan[];
  readonly ringBytes: number;
  readonly args: 'with' | 'without';
  /** Events that are wanted and that they cannot tell. */
  readonly untold: readonly EventName[];
  /** Why no program may run, where nobody wants any. */
  readonly unwanted: string | undefined;
}

export interface StreamWish extends Ears {
  readonly source: StreamSource | 'auto';
  readonly ring: RingPlan;
}

type Opening = Pick<Host, 'random' | 'now'>;

/** The connector; throws a Failure that says why where nothing can be heard of it. */
export function subscribe(
  host: Pick<Host, 'random'>,
  { openConnector, circumstances }: Pick<Listening, 'openConnector' | 'circumstances'>,
  { hearing, bufferBytes }: Ears,
): EventStream {
  const random = (): number => host.random();
  return new ConnectorStream(
    new Subscription({ open: openConnector, hearing, bufferBytes, random, circumstances }),
    hearing,
  );
}

async function openRing(host: Opening, { openRing }: Listening, ring: RingPlan): Promise<EventStream | string> {
  if (ring.unwanted !== undefined) return ring.unwanted;
  let reason = 'there is nothing that they could tell';
  for (const { wishes, hearing } of ring.plans) {
    const opened = await openRing({ ...wishes, args: ring.args, wakes: 'others read' }, ring.ringBytes);
    if (!('reason' in opened)) {
      const { RingStream } = await import('../facts/ring-stream.ts');
      return new RingStream(opened, { hearing, now: () => host.now() });
    }
    reason = opened.reason;
  }
  return reason;
}

/** Rejects with a Failure that says what stands in which way. */
export async function openStream(host: Opening, listening: Listening, wish: StreamWish): Promise<EventStream> {
  const { source, ring } = wish;
  let absence: Failure | undefined;
  if (source !== 'bpf') {
    try {
      return subscribe(host, listening, wish);
    } catch (error) {
      if (source === 'connector' || !(error instanceof NoConnector)) throw error;
      absence = error;
    }
  }
  if (ring.untold.length > 0) throw untold(ring.untold, absence);
  const opened = await openRing(host, listening, ring);
  if (typeof opened !== 'string') return opened;
  throw absence === undefined ? noRing(opened) : bothRoads(absence, opened);
}

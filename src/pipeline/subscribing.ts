/** The subscription of a host: it stands before what handles its events is loaded, or is made by that. */
import type { Host, Listening } from '../host/host.ts';
import type { Hearing } from '../netlink/filter.ts';
import { Subscription } from '../netlink/subscribe.ts';

export interface Ears {
  readonly hearing: Hearing;
  readonly bufferBytes: number;
}

/** Throws a Failure that says why where nothing can be heard. */
export const subscribe = (
  host: Pick<Host, 'random'>,
  { openConnector, circumstances }: Listening,
  { hearing, bufferBytes }: Ears,
): Subscription =>
  new Subscription({ open: openConnector, hearing, bufferBytes, random: () => host.random(), circumstances });

/** The stream of events for a command, and what is to be said of it at once. */
import type { Host, Listening } from '../host/host.ts';
import { openStream, type StreamWish } from '../pipeline/subscribing.ts';
import type { EventStream } from '../process/event-stream.ts';

/** Whoever reads a pid must know whose it is. */
export function foreignNotice({ proc }: { readonly proc: 'as events' | 'others' }): string {
  const unknown = proc === 'others' ? '; of processes that are there already nothing is known' : '';
  return `procwatch: this is a pid namespace of its own: pids are those of the initial namespace${unknown}\n`;
}

/** Rejects as `openStream` does. */
export async function openEars(host: Host, listening: Listening, wish: StreamWish): Promise<EventStream> {
  const stream = await openStream(host, listening, wish);
  if (stream.foreign !== undefined) host.stderr.write(foreignNotice(stream.foreign));
  return stream;
}

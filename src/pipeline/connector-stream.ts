/** The connector as a stream of events: a subscription, and what is read of it. */
import type { Hearing } from '../netlink/filter.ts';
import { EventSource } from '../netlink/source.ts';
import type { Subscription } from '../netlink/subscribe.ts';
import type { EventStream } from '../process/event-stream.ts';

/** Of the kernel's queue for us: 832 bytes on Linux 6.18. */
const BYTES_AN_EVENT = 1024;

export class ConnectorStream implements EventStream {
  readonly source = 'connector';
  /** The kernel refuses requests from other namespaces. */
  readonly foreign = undefined;
  private readonly subscription: Subscription;
  private readonly events: EventSource;
  private heard: Hearing;

  constructor(subscription: Subscription, hearing: Hearing) {
    this.subscription = subscription;
    this.events = new EventSource(subscription, hearing);
    this.heard = hearing;
  }

  get hearing(): Hearing {
    return this.heard;
  }

  get filter(): 'kernel' | 'bpf' {
    return this.subscription.kernelFilter ? 'kernel' : 'bpf';
  }

  get bufferBytes(): number {
    return this.subscription.bufferBytes;
  }

  get capacity(): number {
    return this.bufferBytes / BYTES_AN_EVENT;
  }

  get refused(): Readonly<Record<string, number>> {
    return this.events.refused;
  }

  onReadable: EventStream['onReadable'] = (listener) => this.events.onReadable(listener);

  drain: EventStream['drain'] = () => this.events.drain();

  takeDrops(): number {
    return this.subscription.takeDrops();
  }

  rehear(hearing: Hearing): void {
    this.heard = hearing;
    this.events.rehear(hearing);
  }

  narrow(pids: ReadonlySet<number>): void {
    this.subscription.narrow(pids);
  }

  heartbeat: EventStream['heartbeat'] = () => this.subscription.heartbeat();

  witness(): undefined {
    return undefined;
  }

  close(): void {
    this.subscription.close();
  }
}

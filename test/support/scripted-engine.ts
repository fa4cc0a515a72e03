/** An engine in memory: it keeps messages, knows an id again, and gives them back. It can be made to fail. */
import type { Engine, Incoming, Outgoing, ReadRequest } from '../../src/nats/engine.ts';

/** As a server would: `*` is one token, `>` is the rest. */
function matches(filter: string, subject: string): boolean {
  const pattern = filter.replaceAll('.', '\\.').replaceAll('*', '[^.]+').replace('>', '.+');
  return new RegExp(`^${pattern}$`).test(subject);
}

export class ScriptedEngine implements Engine {
  readonly messages: Incoming[] = [];
  /** What was asked for, of readers. */
  readonly requests: ReadRequest[] = [];
  private readonly ids = new Set<string>();
  /** Asked before a message is kept; an error is what the publisher gets. */
  hinders: (message: Outgoing) => Error | undefined = () => undefined;
  /** The same after it was kept: then its acknowledgement is lost. */
  losesAck: (message: Outgoing) => boolean = () => false;
  arrivedMs = 1_000_000;
  isClosed = false;

  async publish(message: Outgoing): Promise<void> {
    const error = this.hinders(message);
    if (error !== undefined) throw error;
    if (!this.ids.has(message.id)) this.put(message.subject, message.header, message.body);
    this.ids.add(message.id);
    if (this.losesAck(message)) throw new Error('timeout');
  }

  /** Whatever anybody may send. */
  put(subject: string, header: string | undefined, body: Uint8Array | string): void {
    const seq = this.messages.length + 1;
    this.messages.push({ subject, header, body: Buffer.from(body), seq, arrivedMs: this.arrivedMs++, pending: 0 });
  }

  async *read(request: ReadRequest): AsyncIterable<Incoming> {
    this.requests.push(request);
    for (const message of [...this.messages]) {
      if (request.subjects.some((filter) => matches(filter, message.subject))) yield message;
    }
  }

  async ensureStream(): Promise<'made'> {
    return 'made';
  }

  onNews(): void {}

  async close(): Promise<void> {
    this.isClosed = true;
  }
}

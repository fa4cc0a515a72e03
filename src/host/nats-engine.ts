/**
 * The engine behind an address: NATS JetStream, through the clients of its makers, which are imported only here. They are optional: who never
 * names an address needs none of them.
 */
import type { Consumer, ConsumerMessages, JsMsg, OrderedConsumerOptions } from '@nats-io/jetstream';
import type { ConnectionOptions, NatsConnection } from '@nats-io/transport-node';
import { Failure } from '../errors.ts';
import type { NatsAddress } from '../nats/address.ts';
import type {
  Access,
  Engine,
  EngineNews,
  Incoming,
  Outgoing,
  ReadRequest,
  Role,
  StreamSettings,
} from '../nats/engine.ts';
import { HEADER } from '../nats/envelope.ts';
import { inSequence, type Reader } from '../nats/in-sequence.ts';
import { ROOT } from '../nats/subject.ts';
import { Unreachable } from '../nats/unreachable.ts';

const STREAM = 'PROCWATCH';
/** Within it the server itself knows a message again. What comes later is known by its numbers. */
const DUPLICATES_MS = 10 * 60_000;
const CONNECT_MS = 5000;
const ACKNOWLEDGED_MS = 5000;
const RECONNECT_MS = 500;
/** The server cuts off who takes in too slowly what it asked for. */
const AHEAD_BYTES = 8 * 2 ** 20;
/** What a server must take: its own default. */
const LEAST_PAYLOAD = 1024 * 1024;
const NANOS_IN_MS = 1e6;

const NO_STREAM = 'no stream keeps what is sent there; procwatch nats init makes it';

const INBOX: Record<Role, string> = { writer: '_INBOX_OUT', reader: '_INBOX_IN', keeper: '_INBOX_KEEP' };

async function clients() {
  try {
    return { transport: await import('@nats-io/transport-node'), jetstream: await import('@nats-io/jetstream') };
  } catch (error) {
    throw new Failure(
      'unavailable',
      `the clients of NATS are not installed: ${(error as Error).message.split('\n')[0]}`,
      'npm install @nats-io/transport-node@3 @nats-io/jetstream@3, where procwatch is installed',
    );
  }
}

type Clients = Awaited<ReturnType<typeof clients>>;

function connectionOptions(
  { transport }: Clients,
  { server, isEncrypted }: NatsAddress,
  access: Access,
  role: Role,
): ConnectionOptions {
  const { user, password, token, credentials, authority, certificate, key } = access;
  const isTrusting = isEncrypted || authority !== undefined || certificate !== undefined;
  return {
    servers: server,
    name: 'procwatch',
    inboxPrefix: INBOX[role],
    timeout: CONNECT_MS,
    maxReconnectAttempts: -1,
    reconnectTimeWait: RECONNECT_MS,
    ignoreAuthErrorAbort: true,
    noAsyncTraces: true,
    ...(user !== undefined && { user }),
    ...(password !== undefined && { pass: password }),
    ...(token !== undefined && { token }),
    ...(credentials !== undefined && { authenticator: transport.credsAuthenticator(Buffer.from(credentials)) }),
    ...(isTrusting && {
      tls: {
        ...(authority !== undefined && { ca: authority }),
        ...(certificate !== undefined && { cert: certificate }),
        ...(key !== undefined && { key }),
      },
    }),
  };
}

function incoming(message: JsMsg): Incoming {
  return {
    subject: message.subject,
    header: message.headers?.get(HEADER) || undefined,
    body: message.data,
    seq: message.seq,
    arrivedMs: Number(message.timestampNanos / BigInt(NANOS_IN_MS)),
    pending: message.info.pending,
  };
}

const ours = (messages: AsyncIterator<Incoming>): AsyncIterable<Incoming> => ({
  [Symbol.asyncIterator]: () => messages,
});

class NatsEngine implements Engine {
  /** For one reader, since 2.10. */
  private readonly takesManyFilters: boolean;
  private readonly connection: NatsConnection;
  private readonly library: Clients;
  private readonly readers = new Set<ConsumerMessages>();
  private listener: (news: EngineNews) => void = () => {};

  constructor(connection: NatsConnection, library: Clients) {
    this.connection = connection;
    this.library = library;
    const [major, minor] = (connection.info?.version ?? '0.0').split('.').map(Number);
    this.takesManyFilters = major > 2 || (major === 2 && minor >= 10);
    void this.hear();
  }

  private async hear(): Promise<void> {
    for await (const status of this.connection.status()) {
      if (status.type === 'disconnect') this.listener({ kind: 'away' });
      if (status.type === 'reconnect') this.listener({ kind: 'back' });
      if (status.type === 'error') this.listener({ kind: 'refused', why: status.error.message });
    }
  }

  onNews(listener: (news: EngineNews) => void): void {
    this.listener = listener;
  }

  async publish({ subject, id, header, body }: Outgoing): Promise<void> {
    const headers = this.library.transport.headers();
    headers.set(HEADER, header);
    const settings = { msgID: id, headers, timeout: ACKNOWLEDGED_MS };
    const { jetstream } = this.library.jetstream;
    try {
      await jetstream(this.connection).publish(subject, body, settings);
    } catch (error) {
      // Nobody answered: there is no stream for this subject, or no JetStream at all.
      if (error instanceof Error && /not enabled/.test(error.message)) throw new Error(NO_STREAM);
      throw error;
    }
  }

  async *read(request: ReadRequest): AsyncIterable<Incoming> {
    const { subjects } = request;
    const filters = this.takesManyFilters || subjects.length === 1 ? [subjects] : subjects.map((subject) => [subject]);
    const readers = await Promise.all(filters.map((filter) => this.reader(filter, request)));
    yield* readers.length === 1 ? ours(readers[0].messages) : inSequence(readers);
  }

  /** Of one filter, or several where the server takes them. */
  private async reader(subjects: readonly string[], { sinceMs, only, follows }: ReadRequest): Promise<Reader> {
    const { jetstream, DeliverPolicy } = this.library.jetstream;
    const start: Partial<OrderedConsumerOptions> = only?.startsWith('last')
      ? { deliver_policy: DeliverPolicy.LastPerSubject }
      : sinceMs === undefined
        ? { deliver_policy: DeliverPolicy.All }
        : { deliver_policy: DeliverPolicy.StartTime, opt_start_time: new Date(sinceMs).toISOString() };
    const consumer = await jetstream(this.connection).consumers.get(STREAM, {
      filter_subjects: subjects.length === 1 ? subjects[0] : [...subjects],
      ...start,
      ...(only?.endsWith('headers') && { headers_only: true }),
    });
    const { num_pending: there } = await consumer.info(true);
    return { there, messages: this.messagesOf(consumer, there, follows) };
  }

  private async *messagesOf(consumer: Consumer, there: number, follows: boolean): AsyncGenerator<Incoming> {
    if (there === 0 && !follows) return;
    const messages = await consumer.consume({ max_bytes: AHEAD_BYTES });
    this.readers.add(messages);
    let left = there;
    try {
      for await (const message of messages) {
        yield incoming(message);
        // What came in the meantime is not what there was.
        if (!follows && (--left <= 0 || message.info.pending === 0)) return;
      }
    } finally {
      this.readers.delete(messages);
      await messages.close();
    }
  }

  async ensureStream({ maxAgeMs, maxBytes, replicas }: StreamSettings): Promise<'made' | 'changed' | 'unchanged'> {
    const { jetstreamManager, RetentionPolicy, StorageType, DiscardPolicy, JetStreamApiCodes, JetStreamApiError } =
      this.library.jetstream;
    const { streams } = await jetstreamManager(this.connection);
    const wanted = {
      subjects: [`${ROOT}.>`],
      max_age: maxAgeMs * NANOS_IN_MS,
      max_bytes: maxBytes === 0 ? -1 : maxBytes,
      num_replicas: replicas,
      duplicate_window: Math.min(DUPLICATES_MS, maxAgeMs) * NANOS_IN_MS,
      discard: DiscardPolicy.Old,
    };
    try {
      const { config } = await streams.info(STREAM);
      const names = Object.keys(wanted) as (keyof typeof wanted)[];
      if (names.every((name) => String(config[name]) === String(wanted[name]))) return 'unchanged';
      await streams.update(STREAM, wanted);
      return 'changed';
    } catch (error) {
      if (!(error instanceof JetStreamApiError) || error.code !== JetStreamApiCodes.StreamNotFound) throw error;
    }
    const fixed = { name: STREAM, retention: RetentionPolicy.Limits, storage: StorageType.File };
    await streams.add({ ...fixed, ...wanted });
    return 'made';
  }

  async close(): Promise<void> {
    for (const reader of this.readers) reader.stop();
    await this.connection.close();
  }
}

/** @throws Failure where the clients are not there, and where the server does not want us */
export async function openEngine(address: NatsAddress, access: Access, role: Role): Promise<Engine> {
  const library = await clients();
  const options = connectionOptions(library, address, access, role);
  const { AuthorizationError, connect } = library.transport;
  try {
    const connection = await connect(options);
    const most = connection.info?.max_payload ?? LEAST_PAYLOAD;
    if (most >= LEAST_PAYLOAD || role !== 'writer') return new NatsEngine(connection, library);
    await connection.close();
    throw new Failure(
      'unavailable',
      `${address.text} takes messages of ${most} bytes at the most`,
      `set max_payload to 1MB in its configuration`,
    );
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { message } = error as Error;
    if (error instanceof AuthorizationError) {
      throw new Failure(
        'permission',
        `${address.text}: ${message}`,
        'set NATS_USER and NATS_PASSWORD, or give --nats-creds FILE',
      );
    }
    throw new Unreachable(
      `cannot connect to ${address.text}: ${message}`,
      'is nats-server running there, with JetStream?',
    );
  }
}

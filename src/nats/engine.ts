/** What is asked of an engine that keeps messages: a door of the host, behind which is NATS JetStream. */

export interface Outgoing {
  readonly subject: string;
  /** Of two with the same id the engine keeps one. */
  readonly id: string;
  readonly header: string;
  readonly body: Uint8Array;
}

export interface Incoming {
  readonly subject: string;
  readonly header: string | undefined;
  readonly body: Uint8Array;
  /** Its number in the stream, and when the engine got it, in milliseconds of its wall clock. */
  readonly seq: number;
  readonly arrivedMs: number;
  /** How many more there were for this reader. */
  readonly pending: number;
}

export interface ReadRequest {
  readonly subjects: readonly string[];
  /** Only what arrived since; undefined for all there is. */
  readonly sinceMs?: number | undefined;
  /** Headers alone, of each subject the last message alone, or both. */
  readonly only?: 'headers' | 'last' | 'last headers';
  /** Goes on when all that there is was read. */
  readonly follows: boolean;
}

/** What becomes of the connection, for whoever wants to say it. */
export type EngineNews = { readonly kind: 'away' | 'back' } | { readonly kind: 'refused'; readonly why: string };

export interface StreamSettings {
  readonly maxAgeMs: number;
  /** 0 for no limit. */
  readonly maxBytes: number;
  readonly replicas: number;
}

export interface Engine {
  /** Resolves when the message is kept. Rejects when that is not known: then it is to be sent again. */
  publish(message: Outgoing): Promise<void>;
  read(request: ReadRequest): AsyncIterable<Incoming>;
  /** Makes the stream, or changes it; says which. */
  ensureStream(settings: StreamSettings): Promise<'made' | 'changed' | 'unchanged'>;
  onNews(listener: (news: EngineNews) => void): void;
  close(): Promise<void>;
}

/** Who one is, and whom to trust. Secrets come from the environment or from files, and go nowhere else. */
export interface Access {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly token?: string | undefined;
  /** The contents of a file of credentials. */
  readonly credentials?: string | undefined;
  /** Certificates to trust (PEM), and one's own with its key. */
  readonly authority?: string | undefined;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

/** What a connection is for: answers come to different places, so that who may only write cannot listen to what readers get. */
export type Role = 'writer' | 'reader' | 'keeper';

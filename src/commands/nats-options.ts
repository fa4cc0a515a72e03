/** The options of whatever speaks with an engine: where it is, under what name, and with what credentials. */
import { readAddress } from '../nats/address.ts';
import type { Option } from './option.ts';

const ADDRESS = 'nats://HOST[:PORT]';

export const NATS_OPTIONS = {
  to: {
    long: 'to',
    only: 'live',
    value: ADDRESS,
    group: 'far',
    meaning:
      'send records to a NATS server with JetStream, and wait for its acknowledgements (tls:// for an encrypted connection); they are JSON with start and end, and go nowhere else, unless -o FILE is given too; repeatable',
    read: (texts, flag) => texts.map((text) => readAddress(flag, text)),
  },
  hostName: {
    long: 'host-name',
    only: 'live',
    value: 'NAME',
    group: 'far',
    meaning: "the name of this machine there (default the host's own)",
    read: (texts) => texts.at(-1),
  },
  natsCreds: {
    long: 'nats-creds',
    value: 'FILE',
    group: 'far',
    meaning:
      'credentials (a JWT and its seed) for the NATS server; or NATS_CREDS, or NATS_USER and NATS_PASSWORD, or NATS_TOKEN in the environment',
    read: (texts) => texts.at(-1),
  },
  natsCa: {
    long: 'nats-ca',
    value: 'FILE',
    group: 'far',
    meaning: 'trust these certificates (PEM) and no others; NATS_CERT and NATS_KEY name files of our own',
    read: (texts) => texts.at(-1),
  },
} as const satisfies Record<string, Option<unknown>>;

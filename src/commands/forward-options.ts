/** The options of `procwatch forward`. */
import { NATS_OPTIONS } from './nats-options.ts';
import { given, type Option } from './option.ts';

export const FORWARD_OPTIONS = {
  read: {
    short: 'r',
    long: 'read',
    value: 'FILES',
    group: 'what',
    meaning:
      "recordings to follow: a directory and a pattern for the names in it, such as '/var/log/procwatch/*.jsonl*'; plain, or compressed (.gz, and .zst where Node.js knows zstd)",
    read: (texts) => texts.at(-1),
  },
  once: {
    long: 'once',
    group: 'where',
    meaning: 'end when all that there is was acknowledged, and follow nothing',
    read: given,
  },
  state: {
    long: 'state',
    value: 'FILE',
    group: 'where',
    meaning: 'where to remember what was acknowledged (default a file of its own beside the recordings)',
    read: (texts) => texts.at(-1),
  },
  to: { ...NATS_OPTIONS.to, meaning: 'the NATS server to send to (tls:// for an encrypted connection)' },
  hostName: {
    ...NATS_OPTIONS.hostName,
    meaning: "the name to send under (default that of each recording's start record)",
  },
  natsCreds: NATS_OPTIONS.natsCreds,
  natsCa: NATS_OPTIONS.natsCa,
} as const satisfies Record<string, Option<unknown>>;

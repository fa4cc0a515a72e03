/** The options of `procwatch nats`. */
import { readAddress } from '../nats/address.ts';
import { NATS_OPTIONS } from './nats-options.ts';
import type { Option } from './option.ts';
import { readAmount, readCount, readTime } from './values.ts';

export const NATS_TASKS = ['init'] as const;

const DAY_MS = 86_400_000;
const HERE = 'nats://127.0.0.1:4222';

export const NATS_COMMAND_OPTIONS = {
  to: {
    ...NATS_OPTIONS.to,
    meaning: `the NATS server to set up (default ${HERE})`,
    read: (texts, flag) => readAddress(flag, texts.at(-1) ?? HERE),
  },
  maxAge: {
    long: 'max-age',
    value: 'TIME',
    group: 'far',
    meaning: 'how long records are kept (default 7d)',
    read: (texts, flag) => (texts.length > 0 ? readTime(flag, texts[texts.length - 1]) : 7 * DAY_MS),
  },
  maxBytes: {
    long: 'max-bytes',
    value: 'SIZE',
    group: 'far',
    meaning: 'how much is kept; then the oldest goes (default 50G)',
    read: (texts, flag) => readAmount(flag, texts.at(-1) ?? '50G'),
  },
  replicas: {
    long: 'replicas',
    value: 'N',
    group: 'far',
    meaning: 'on how many servers of a cluster each message is kept, 1 to 5 (default 1)',
    read: (texts, flag) => readCount(flag, texts.at(-1) ?? '1', 1, 5),
  },
  natsCreds: NATS_OPTIONS.natsCreds,
  natsCa: NATS_OPTIONS.natsCa,
} as const satisfies Record<string, Option<unknown>>;

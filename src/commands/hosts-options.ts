/** The options of `procwatch hosts`. */
import { isNatsAddress, readAddress } from '../nats/address.ts';
import { NATS_OPTIONS } from './nats-options.ts';
import type { Option } from './option.ts';
import { READ_OPTIONS } from './read-options.ts';
import { readTime } from './values.ts';

const RATE_MS = 10_000;

export const HOSTS_OPTIONS = {
  read: {
    short: 'r',
    long: 'read',
    value: 'nats://HOST[:PORT]',
    group: 'far',
    meaning: 'the NATS server to ask (tls:// for an encrypted connection)',
    read: (texts, flag) => {
      const text = texts.at(-1);
      return text === undefined || !isNatsAddress(text) ? text : readAddress(flag, text);
    },
  },
  host: READ_OPTIONS.host,
  notHost: READ_OPTIONS.notHost,
  natsCreds: NATS_OPTIONS.natsCreds,
  natsCa: NATS_OPTIONS.natsCa,
  json: {
    long: 'json',
    group: 'how',
    meaning: 'one object a line instead of a table',
    read: (texts) => texts.length > 0,
  },
  duration: {
    short: 'd',
    long: 'duration',
    value: 'TIME',
    group: 'how',
    meaning: 'over how long the rate is taken (default 10s)',
    read: (texts, flag) => (texts.length > 0 ? readTime(flag, texts[texts.length - 1]) : RATE_MS),
  },
} as const satisfies Record<string, Option<unknown>>;

/** The options of `procwatch hosts`, and those by which whoever reads from an engine chooses hosts. */
import { isNatsAddress, readAddress } from '../nats/address.ts';
import { readMoment } from './moments.ts';
import { NATS_OPTIONS } from './nats-options.ts';
import type { Option } from './options.ts';
import { readTime } from './values.ts';

export const HOST_CHOICE_OPTIONS = {
  host: {
    long: 'host',
    value: 'GLOB',
    group: 'far',
    meaning: 'of these hosts; a whole name is selected by the server, a pattern here; repeatable',
    read: (texts) => texts,
  },
  notHost: { long: 'not-host', value: 'GLOB', group: 'far', meaning: 'not those of --host', read: (texts) => texts },
} as const satisfies Record<string, Option<unknown>>;

/** For whoever reads what was sent. */
export const FAR_READ_OPTIONS = {
  ...HOST_CHOICE_OPTIONS,
  since: {
    long: 'since',
    value: 'TIME',
    group: 'far',
    meaning: 'only what happened since then: -10m (before now), 03:12, or 2026-11-27T03:12:00Z',
    read: (texts, flag) => (texts.length > 0 ? readMoment(flag, texts[texts.length - 1]) : undefined),
  },
  until: {
    long: 'until',
    value: 'TIME',
    group: 'far',
    meaning: 'only what happened before',
    read: (texts, flag) => (texts.length > 0 ? readMoment(flag, texts[texts.length - 1]) : undefined),
  },
  natsCreds: NATS_OPTIONS.natsCreds,
  natsCa: NATS_OPTIONS.natsCa,
} as const satisfies Record<string, Option<unknown>>;

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
  ...HOST_CHOICE_OPTIONS,
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

/** The options that make a recording the source, shared by all commands that can read one. */
import { given, last, type Option } from './option.ts';
import { readPointInTime } from './points-in-time.ts';

export const READ_OPTIONS = {
  read: {
    short: 'r',
    long: 'read',
    value: 'FILE',
    group: 'recording',
    meaning:
      'read a recording, JSON Lines, instead of watching: plain or compressed by gzip (or zstd, where Node.js knows it), - is stdin; several, or all that a pattern in quotes matches, are merged in the order of time; or nats://HOST[:PORT], for what hosts have sent to a server',
    read: (texts) => texts,
  },
  host: {
    long: 'host',
    only: 'recorded',
    value: 'GLOB',
    group: 'recording',
    meaning:
      'of a NATS server: what these hosts have sent; a whole name is selected by the server, a pattern here; repeatable',
    read: (texts) => texts,
  },
  notHost: {
    long: 'not-host',
    only: 'recorded',
    value: 'GLOB',
    group: 'recording',
    meaning: 'not those of --host',
    read: (texts) => texts,
  },
  since: {
    long: 'since',
    only: 'recorded',
    value: 'WHEN',
    group: 'recording',
    meaning:
      'only what happened then or later: 03:00 (the last before the end of the recording), 2026-11-27T03:00:00Z, or -2h, before its end',
    read: (texts, flag) => (given(texts) ? readPointInTime(flag, last(texts)) : undefined),
  },
  until: {
    long: 'until',
    only: 'recorded',
    value: 'WHEN',
    group: 'recording',
    meaning: 'only what happened then or earlier; after a --since 03:00 is the next one',
    read: (texts, flag) => (given(texts) ? readPointInTime(flag, last(texts)) : undefined),
  },
  follow: {
    long: 'follow',
    only: 'recorded',
    group: 'recording',
    meaning: 'go on as the recording grows, also when another file takes its name',
    read: given,
  },
  strict: {
    long: 'strict',
    only: 'recorded',
    group: 'recording',
    meaning: 'end with exit code 1 if the recording could not be read whole',
    read: given,
  },
} as const satisfies Record<string, Option<unknown>>;

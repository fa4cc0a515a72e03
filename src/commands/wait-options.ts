/** The options of `procwatch wait`. */
import { given, last, type Option, WATCH_OPTIONS } from './options.ts';
import { readCount, readSize, readTime } from './values.ts';

const asGiven = (texts: readonly string[]): readonly string[] => texts;

export const WAIT_OPTIONS = {
  pidfile: {
    long: 'pidfile',
    value: 'FILE',
    group: 'who',
    meaning: 'the process whose pid FILE holds; repeatable',
    read: asGiven,
  },
  name: {
    long: 'name',
    value: 'GLOB',
    group: 'who',
    meaning: 'all processes that match now, by comm or base name of program, script or first argument; repeatable',
    read: asGiven,
  },
  next: {
    long: 'next',
    value: 'GLOB',
    group: 'who',
    meaning: 'the next process to run a program that matches; repeatable',
    read: asGiven,
  },
  all: { long: 'all', group: 'what', meaning: 'until all have ended (the default)', read: given },
  any: { long: 'any', group: 'what', meaning: 'until one has ended', read: given },
  first: {
    long: 'first',
    value: 'N',
    group: 'what',
    meaning: 'until N have ended',
    read: (texts, flag) => (given(texts) ? readCount(flag, last(texts)) : undefined),
  },
  missingOk: {
    long: 'missing-ok',
    group: 'what',
    meaning: 'a target that is not there counts as ended with 0',
    read: given,
  },
  timeout: {
    long: 'timeout',
    value: 'TIME',
    group: 'where',
    meaning: 'give up after this time with exit code 124',
    read: (texts, flag) => (given(texts) ? readTime(flag, last(texts)) : undefined),
  },
  die: {
    long: 'die',
    group: 'where',
    meaning:
      'where the status is that of a signal, or a signal ends the waiting, end by the same signal: a loop of the shell then stops',
    read: given,
  },
  verbose: { short: 'v', long: 'verbose', group: 'how', meaning: 'a line for each process that ended', read: given },
  json: { long: 'json', group: 'how', meaning: 'the exit records, as JSON Lines', read: given },
  usage: WATCH_OPTIONS.usage,
  buffer: {
    long: 'buffer',
    value: 'SIZE',
    group: 'kernel',
    meaning: "size of the kernel's queue for us (default: as the kernel gives it)",
    read: (texts, flag) => (given(texts) ? readSize(flag, last(texts)) : undefined),
  },
  source: WATCH_OPTIONS.source,
  redact: WATCH_OPTIONS.redact,
} as const satisfies Record<string, Option<unknown>>;

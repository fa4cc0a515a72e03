/** The options of `procwatch record`: its own, and those of watch that mean the same here. */
import { Failure } from '../errors.ts';
import { END_OPTIONS, given, last, type Option, WATCH_OPTIONS, WHO_OPTIONS } from './options.ts';
import { readCount, readNames, readSize, readTime } from './values.ts';

const { events, threads, full, ancestry, output, duration, queue } = WATCH_OPTIONS;
const { to, hostName, natsCreds, natsCa } = WATCH_OPTIONS;
const { latency, buffer, source, argvSource, redact, noArgs, dropPrivileges, keepPrivileges, noOrder } = WATCH_OPTIONS;

export const DUMP_REASONS = ['nonzero-exit', 'coredump', 'signal'] as const;
export type DumpReason = (typeof DUMP_REASONS)[number];

export interface Last {
  readonly seconds: number | undefined;
  readonly bytes: number | undefined;
}

const SIZE = /^\d+\s*[KMG](?:i?B)?$/;

/** `10m` is a time, `100M` a size: as everywhere, small letters are units of time. */
function readLast(texts: readonly string[], flag: string): Last | undefined {
  if (texts.length === 0) return undefined;
  const sizes = texts.filter((text) => SIZE.test(text));
  const times = texts.filter((text) => !SIZE.test(text));
  const milliseconds = times.map((text) => readTime(flag, text));
  if (milliseconds.includes(0)) throw new Failure('usage', `${flag}: nothing would be kept`);
  return {
    seconds: times.length === 0 ? undefined : last(milliseconds) / 1000,
    bytes: sizes.length === 0 ? undefined : readSize(flag, last(sizes)),
  };
}

const MOST_FILES = 1_000_000;

export const RECORD_OPTIONS = {
  events,
  threads,
  ...WHO_OPTIONS,
  ...END_OPTIONS,
  full,
  ancestry,
  noUsage: {
    long: 'no-usage',
    group: 'how',
    meaning: 'do not record what processes used; else that is recorded where it can be had',
    read: given,
  },
  noState: {
    long: 'no-state',
    group: 'how',
    meaning: 'do not record who is there at the start; names and trees will be less than whole',
    read: given,
  },
  output: {
    ...output,
    meaning:
      'append to FILE, readable by its owner only; a name that ends in .gz (or .zst, where Node.js knows zstd) is compressed, - is stdout (default procwatch-HOST-TIME.jsonl.gz in this directory)',
  },
  to,
  hostName,
  natsCreds,
  natsCa,
  rotateSize: {
    long: 'rotate-size',
    value: 'SIZE',
    group: 'where',
    meaning:
      'begin a new file when this one is so large; the ended one is renamed, with a number before the end of its name',
    read: (texts, flag) => (given(texts) ? readSize(flag, last(texts)) : undefined),
  },
  rotateTime: {
    long: 'rotate-time',
    value: 'TIME',
    group: 'where',
    meaning: 'the same when it is so old',
    read: (texts, flag) => (given(texts) ? readTime(flag, last(texts)) : undefined),
  },
  keep: {
    long: 'keep',
    value: 'N',
    group: 'where',
    meaning: 'keep no more than N ended files, and remove the oldest',
    read: (texts, flag) => (given(texts) ? readCount(flag, last(texts), 1, MOST_FILES) : undefined),
  },
  last: {
    long: 'last',
    value: 'TIME|SIZE',
    group: 'flight',
    meaning:
      'keep only the last 10m, or 100M (both: whichever is less), in memory; they are written to a new numbered file at SIGUSR1, at the end, and when --dump-on says so; a time alone takes 256M at the most',
    read: readLast,
  },
  dumpOn: {
    long: 'dump-on',
    value: 'LIST',
    choices: DUMP_REASONS,
    isList: true,
    group: 'flight',
    meaning: `write out when one of these happens, comma separated: ${DUMP_REASONS.join(', ')} (ended by a signal)`,
    read: (texts, flag) => readNames(flag, texts, DUMP_REASONS),
  },
  dumpName: {
    long: 'dump-name',
    value: 'GLOB',
    group: 'flight',
    meaning: 'but only to a process of this name, as --name has it; repeatable',
    read: (texts) => texts,
  },
  dumpCode: {
    long: 'dump-code',
    value: 'N',
    group: 'flight',
    meaning: 'but only if it ends with this exit code',
    read: END_OPTIONS.code.read,
  },
  dumpSignal: {
    long: 'dump-signal',
    value: 'NAME',
    group: 'flight',
    meaning: 'but only if this signal ends it',
    read: END_OPTIONS.signal.read,
  },
  dumpEvery: {
    long: 'dump-every',
    value: 'TIME',
    group: 'flight',
    meaning: 'write out no more often than this, whatever happens (default 60s)',
    read: (texts, flag) => (given(texts) ? readTime(flag, last(texts)) : 60_000),
  },
  duration,
  queue,
  latency,
  buffer,
  source,
  argvSource,
  redact,
  noArgs,
  dropPrivileges,
  keepPrivileges,
  noOrder,
} as const satisfies Record<string, Option<unknown>>;

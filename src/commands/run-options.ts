/** The options of `procwatch run`: its own, and those of watch that mean the same here. */
import { signalNumber } from '../process/wait-status.ts';
import { KINDS_IN_WORDS } from '../timeline/kinds.ts';
import { given, last, type Option, readSignals, WATCH_OPTIONS } from './options.ts';
import { OPEN_OPTION } from './timeline-options.ts';
import { readTime } from './values.ts';

const SIGTERM = signalNumber('TERM') ?? 0;

const {
  events,
  threads,
  everyTry,
  format,
  json,
  columns,
  color,
  full,
  ancestry,
  usage,
  quiet,
  output,
  to,
  hostName,
  natsCreds,
  natsCa,
  buffer,
  noOrder,
  source,
  argvSource,
  redact,
  maxArgs,
  noArgs,
} = WATCH_OPTIONS;

const timeOr = <T>(texts: readonly string[], flag: string, unless: T): number | T =>
  given(texts) ? readTime(flag, last(texts)) : unless;

export const RUN_OPTIONS = {
  all: {
    long: 'all',
    group: 'what',
    meaning: 'until the whole tree of COMMAND has ended, not COMMAND alone',
    read: given,
  },
  allTimeout: {
    long: 'all-timeout',
    value: 'TIME',
    group: 'what',
    meaning: 'as --all, but for this long after the end of COMMAND at the most',
    read: (texts, flag) => timeOr(texts, flag, undefined),
  },
  killLeft: {
    long: 'kill-left',
    group: 'what',
    meaning: 'end what COMMAND has left (TERM, then KILL): at its end, or when the time of --all-timeout is over',
    read: given,
  },
  events,
  threads,
  everyTry,
  as: {
    long: 'as',
    value: 'USER',
    group: 'who',
    meaning: 'run COMMAND as this user; as root by way of sudo: the user who called sudo, unless given',
    read: (texts) => (given(texts) ? last(texts) : undefined),
  },
  format,
  json,
  columns,
  color,
  full,
  ancestry,
  usage,
  quiet,
  summary: {
    short: 'S',
    long: 'summary',
    group: 'how',
    meaning: 'at the end, draw the tree as it ran (the default when stderr is a terminal), and say where the time went',
    read: given,
  },
  noSummary: { long: 'no-summary', group: 'how', meaning: 'do not', read: given },
  timeout: {
    long: 'timeout',
    value: 'TIME',
    group: 'where',
    meaning:
      'after this time send a signal to the whole tree of COMMAND, and end with exit code 124, as timeout(1) does',
    read: (texts, flag) => timeOr(texts, flag, undefined),
  },
  signal: {
    short: 's',
    long: 'signal',
    value: 'NAME',
    group: 'where',
    meaning: 'the signal of --timeout (default TERM)',
    read: (texts, flag) => (given(texts) ? last(readSignals(texts, flag)) : SIGTERM),
  },
  killAfter: {
    short: 'k',
    long: 'kill-after',
    value: 'TIME',
    group: 'where',
    meaning:
      'what is still there this long after the signal of --timeout (never, unless given) or of --kill-left (5s) gets KILL',
    read: (texts, flag) => timeOr(texts, flag, undefined),
  },
  exitCode: {
    long: 'exit-code',
    group: 'where',
    meaning: 'where COMMAND is killed by a signal, end with the code 128 + its number instead of by the same signal',
    read: given,
  },
  requireEvents: {
    long: 'require-events',
    group: 'kernel',
    meaning: 'do not run COMMAND where its events cannot be had',
    read: given,
  },
  timeline: {
    long: 'timeline',
    value: 'FILE',
    group: 'where',
    meaning: `at the end, draw where the time went; the end of the name says what FILE is: ${KINDS_IN_WORDS}; implies --usage where it can be had`,
    read: (texts) => (given(texts) ? last(texts) : undefined),
  },
  open: OPEN_OPTION,
  output: { ...output, meaning: 'write records to FILE instead of stderr' },
  to,
  hostName,
  natsCreds,
  natsCa,
  buffer,
  source,
  argvSource,
  redact,
  maxArgs,
  noArgs,
  noOrder,
} as const satisfies Record<string, Option<unknown>>;

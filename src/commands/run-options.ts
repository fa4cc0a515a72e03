/** The options of `procwatch run`: its own, and those of watch that mean the same here. */
import { KINDS_IN_WORDS } from '../timeline/kinds.ts';
import { given, last, type Option, WATCH_OPTIONS } from './options.ts';
import { OPEN_OPTION } from './timeline-options.ts';

const {
  events,
  threads,
  format,
  json,
  columns,
  color,
  full,
  ancestry,
  usage,
  quiet,
  output,
  buffer,
  noOrder,
  argvSource,
  redact,
  noArgs,
} = WATCH_OPTIONS;

export const RUN_OPTIONS = {
  all: {
    long: 'all',
    group: 'what',
    meaning: 'until the whole tree of COMMAND has ended, not COMMAND alone',
    read: given,
  },
  events,
  threads,
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
  timeline: {
    long: 'timeline',
    value: 'FILE',
    group: 'where',
    meaning: `at the end, draw where the time went; the end of the name says what FILE is: ${KINDS_IN_WORDS}; implies --usage where it can be had`,
    read: (texts) => (given(texts) ? last(texts) : undefined),
  },
  open: OPEN_OPTION,
  output: { ...output, meaning: 'write records to FILE instead of stderr' },
  buffer,
  argvSource,
  redact,
  noArgs,
  noOrder,
} as const satisfies Record<string, Option<unknown>>;

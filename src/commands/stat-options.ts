/** The options of `procwatch stat`: its own, and those of watch that mean the same here. */

import { DEFAULT_SORT, SORT_NAMES } from '../stat/columns.ts';
import { GROUPING_NAMES, GROUPINGS } from '../stat/grouping.ts';
import { END_OPTIONS, given, last, type Option, RECORDING_OPTIONS, WATCH_OPTIONS, WHO_OPTIONS } from './options.ts';
import { readName } from './values.ts';

const { follow, followReuse, usage, color, output, failOnLoss, buffer, source, duration, redact } = WATCH_OPTIONS;

const meanings = Object.entries(GROUPINGS).map(([name, { meaning }]) => `${name} (${meaning})`);

export const STAT_OPTIONS = {
  by: {
    long: 'by',
    value: 'WHAT',
    choices: GROUPING_NAMES,
    group: 'what',
    meaning: `what makes a row: ${meanings.join(', ')} (default command)`,
    read: (texts, flag) => (given(texts) ? readName(flag, last(texts), GROUPING_NAMES) : 'command'),
  },
  ...RECORDING_OPTIONS,
  follow,
  ...WHO_OPTIONS,
  followReuse,
  ...END_OPTIONS,
  once: {
    long: 'once',
    group: 'how',
    meaning: 'no live picture: one table at the end, which comes after --duration or 10 s; as into a pipe or file',
    read: given,
  },
  sort: {
    long: 'sort',
    value: 'COLUMN',
    choices: SORT_NAMES,
    group: 'how',
    meaning: `the column to sort by: ${SORT_NAMES.join(', ')} (default ${DEFAULT_SORT})`,
    read: (texts, flag) => (given(texts) ? readName(flag, last(texts), SORT_NAMES) : DEFAULT_SORT),
  },
  json: {
    long: 'json',
    group: 'how',
    meaning: 'at the end, one JSON object a row; its members are named like the columns of --sort',
    read: given,
  },
  usage,
  color,
  duration,
  output,
  failOnLoss,
  buffer,
  source,
  redact,
} as const satisfies Record<string, Option<unknown>>;

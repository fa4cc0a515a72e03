/** The options of `procwatch timeline`: its own, and those of watch that choose. */
import { DEFAULT_FILE, KINDS_IN_WORDS } from '../timeline/kinds.ts';
import { END_OPTIONS, given, type Option, RECORDING_OPTIONS, WATCH_OPTIONS, WHO_OPTIONS } from './options.ts';

const { output, redact, noArgs } = WATCH_OPTIONS;

export const OPEN_OPTION = {
  long: 'open',
  group: 'where',
  meaning: 'show the file (xdg-open), where there is a display',
  read: given,
} as const satisfies Option<boolean>;

export const TIMELINE_OPTIONS = {
  ...RECORDING_OPTIONS,
  ...WHO_OPTIONS,
  ...END_OPTIONS,
  text: {
    long: 'text',
    group: 'how',
    meaning: 'print what the timeline says in words; a file is drawn only where --output is given too',
    read: given,
  },
  output: {
    ...output,
    meaning: `draw to FILE, readable by its owner only; the end of its name says what it is: ${KINDS_IN_WORDS} (default ${DEFAULT_FILE})`,
  },
  open: OPEN_OPTION,
  redact,
  noArgs,
} as const satisfies Record<string, Option<unknown>>;

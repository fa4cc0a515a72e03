/** The options of `procwatch tree`: a recording, and which part of it is drawn. */
import { RECORDING_OPTIONS, WATCH_OPTIONS, WHO_OPTIONS } from './options.ts';

const { color, output, redact, noArgs } = WATCH_OPTIONS;

export const TREE_OPTIONS = { ...RECORDING_OPTIONS, ...WHO_OPTIONS, color, output, redact, noArgs } as const;

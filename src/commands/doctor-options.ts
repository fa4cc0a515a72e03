/** The options of `procwatch doctor`. */
import { given, type Option } from './options.ts';

export const DOCTOR_OPTIONS = {
  json: { long: 'json', group: 'how', meaning: 'the checks as one JSON object', read: given },
} as const satisfies Record<string, Option<unknown>>;

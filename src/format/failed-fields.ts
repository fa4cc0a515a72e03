/** The fields of what could not be executed. Part of the table in fields.ts. */
import type { FailedExec } from '../attempts/walks.ts';
import { errorName, errorNumber } from './attempt-in-words.ts';
import { type Field, type FieldType, type Fill, LEFT, RIGHT, set, type Value } from './field.ts';

/** A field of what could not be executed. */
function failed(
  name: string,
  type: FieldType,
  meaning: string,
  carriers: Field['carriers'],
  value: (failed: FailedExec) => Value,
  fill: Fill,
): Field {
  const column = type === 'string' ? LEFT(24) : RIGHT(6);
  return { name, type, meaning, carriers, ofFailed: true, value: (r) => r.failed && value(r.failed), fill, column };
}

export const FAILED_FIELDS: readonly Field[] = [
  failed(
    'error',
    'string',
    'why a program could not be run, as errno has it: ENOENT, EACCES and so on; of an exit, the last that its process tried right before',
    ['exec-failed', 'exit'],
    ({ attempt }) => errorName(attempt.errno),
    (d, v) => set(d, 'errno', errorNumber(v)),
  ),
  failed(
    'error_path',
    'string',
    'what that was, as it was tried',
    ['exit'],
    ({ attempt }) => attempt.path,
    (d, v) => set(d, 'errorPath', v),
  ),
  failed(
    'tried',
    'integer',
    'how many places were tried, as along PATH',
    ['exec-failed'],
    ({ tried }) => tried,
    (d, v) => set(d, 'tried', v),
  ),
  failed(
    'args_incomplete',
    'boolean',
    'true: args are not all, or not whole: there were more than 32, or more than 1 KiB of one or 4 KiB of all, or they could not be read',
    ['exec-failed'],
    ({ attempt }) => !attempt.hasAllArgs || undefined,
    (d, v) => set(d, 'argsIncomplete', v === true),
  ),
];

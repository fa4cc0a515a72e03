/** A value of a row as JSON has it: of bytes that are no UTF-8 their readable form. */
import { readable, type Text } from '../../src/process/text.ts';

const isText = (value: unknown): value is Text =>
  typeof value === 'string' || (typeof value === 'object' && value !== null && 'bytes' in value);

export function asJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asJson);
  return isText(value) ? readable(value) : value;
}

/** Recordings for tests: texts that come in pieces, and all that is read of them. */
import type { FieldContext } from '../../src/format/field.ts';
import { JsonFormatter } from '../../src/format/json.ts';
import type { StreamRecord } from '../../src/process/record.ts';
import { type Interest, Recording } from '../../src/recording/recording.ts';
import type { ReadRecord } from '../../src/recording/row.ts';
import { context } from './records.ts';

/** With everything that can be told. */
export const ALL_EXTRAS = { ...context, extras: new Set(['usage', 'ancestry', 'cgroup'] as const) };

export function jsonOf(records: readonly StreamRecord[], of: FieldContext = ALL_EXTRAS): string {
  const formatter = new JsonFormatter(of);
  return records.map((record) => formatter.format(record)).join('');
}

/** In pieces that end anywhere. */
export async function* pieces(content: string | Uint8Array, size = 777): AsyncIterable<Uint8Array> {
  const bytes = Buffer.from(content as string);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export async function readAll(
  content: string | Uint8Array,
  { size, ...interest }: Partial<Interest> & { size?: number } = {},
): Promise<{ records: ReadRecord[]; said: string; recording: Recording }> {
  let said = '';
  const tell = (line: string): void => {
    said += line;
  };
  const source = { name: 'night.jsonl', pieces: pieces(content, size) };
  const recording = new Recording(source, tell, { usage: 'with usage', ...interest });
  const records: ReadRecord[] = [];
  for await (const batch of recording.batches()) records.push(...batch);
  return { records, said, recording };
}

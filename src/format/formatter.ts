/** What a format is: it turns records into text and never prints. Output stays an effect of the sink alone. */
import type { StreamRecord } from '../process/record.ts';
import type { LineBuffer } from './line-buffer.ts';

export interface Formatter {
  /** Whole lines, each ended by a newline; nothing for records this format does not show. */
  format(record: StreamRecord): string;
  /** The same, to the end of a buffer. */
  write(record: StreamRecord, out: LineBuffer): void;
  /** Lines before the first record. */
  header?(): string;
}

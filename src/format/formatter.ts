/** What a format is: it turns records into text and never writes. Output stays an effect of the sink alone. */
import type { StreamRecord } from '../process/record.ts';

export interface Formatter {
  /** Whole lines, each ended by a newline; empty for records this format does not show. */
  format(record: StreamRecord): string;
  /** Lines before the first record. */
  header?(): string;
}

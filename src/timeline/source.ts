/** Where the records of a timeline come from when they do not happen now. */
import type { ProcessRecord, StreamRecord } from '../process/record.ts';
import type { Text } from '../process/text.ts';
import type { MachineFacts } from './life.ts';

export interface RecordSource {
  /** In the order of the recording; to be read once. */
  readonly batches: AsyncIterable<readonly StreamRecord[]>;
  /** What the recording says about its machine. Complete once all batches are read. */
  facts(): MachineFacts;
  /** The name of a user id, where a record told it. */
  userName(uid: number): Text | undefined;
  /** What was no record, and was passed over. */
  readonly refused: number;
}

/** What becomes of a record before anything else sees it. */
export type Revise = (record: ProcessRecord) => ProcessRecord;

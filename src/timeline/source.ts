/** Where the records of a timeline come from when they do not happen now. */
import type { Moment } from '../process/moment.ts';
import type { ProcessRecord, StreamRecord } from '../process/record.ts';
import type { Text } from '../process/text.ts';
import type { MachineFacts } from './life.ts';

/** A record, and whose it is. */
export interface SourcedRecord {
  readonly record: StreamRecord;
  /** Of a boot of a machine: another text for each. */
  readonly boot: string;
  readonly wall: Moment;
  /** The boot that is over by it, if one is. */
  readonly over?: string;
}

export interface RecordSource {
  /** In the order of the recording; to be read once. */
  readonly batches: AsyncIterable<readonly SourcedRecord[]>;
  /** What the recording says about its machines. Complete once all batches are read, as everything below. */
  facts(): MachineFacts;
  /** What a boot of a machine is called, where there are several. Foreign. */
  machineName(boot: string): string;
  /** The name of a user id there, where a record told it. */
  userName(uid: number, boot: string): Text | undefined;
  /** What was no record, and was passed over. */
  readonly refused: number;
}

/** What becomes of a record before anything else sees it. */
export type Revise = (record: ProcessRecord) => ProcessRecord;

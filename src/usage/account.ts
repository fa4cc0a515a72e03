/** What one process used and who it was, whoever told: the part that goes into its exit record as it is. */
import type { Text } from '../process/text.ts';
import type { Usage } from './usage.ts';

/** A member that is undefined is one that was not told. */
export interface Account extends Usage {
  readonly comm: Text | undefined;
  /** Real user id. */
  readonly uid: number | undefined;
  /** At the end. */
  readonly ppid: number | undefined;
}

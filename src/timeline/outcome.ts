/** How lives ended, in words: the status alone, by which they are alike, and all that is known, with the cause and what could not be run. */
import type { FailedExec } from '../attempts/walks.ts';
import type { EndCause } from '../cause/end-cause.ts';
import { failedInWords } from '../format/attempt-in-words.ts';
import { endInWords, UNKNOWN_END } from '../format/cause-in-words.ts';
import { inWords } from '../process/wait-status.ts';
import type { Life } from './life.ts';

export interface Told {
  readonly waitStatus: number | undefined;
  readonly cause?: EndCause | undefined;
  readonly failed?: FailedExec | undefined;
}

/** Undefined where the status says it all, as it does for nearly all; foreign text is escaped. */
export function whyInWords({ waitStatus, cause, failed }: Told): string | undefined {
  const isPlain = cause?.cause === undefined || (cause.cause === 'exit' && cause.asked === undefined);
  if (isPlain && failed === undefined) return undefined;
  const { how, detail } = endInWords({ waitStatus, cause });
  return how + detail + (failed === undefined ? '' : ` · ${failedInWords(failed)}`);
}

/** By the status alone: the same for all that ended alike, whoever did it. */
export function endOf({ ended, waitStatus, unseen, isMachine }: Life): string {
  if (isMachine) return 'a machine';
  if (unseen) return 'nothing was heard of it';
  if (ended === 'running') return 'still running';
  return waitStatus === undefined ? UNKNOWN_END : inWords(waitStatus);
}

export const outcomeOf = (life: Life): string => life.why ?? endOf(life);

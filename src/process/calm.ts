/**
 * Of whom the kernel tells at once all that it tells. Arguments lie in the memory of their process, and whoever changes that may hang with its lock
 * in hand; then all who read them hang. Asking a thread of our own costs more than reading, so it is asked about the others only.
 */
import type { ProcessStat } from './procstat.ts';

/**
 * Its memory is changed by one thread, which waits for no device, and it belongs to nobody who could want us to hang.
 *
 * @param uid its effective user, if that is known
 * @param ours that of our own process
 */
export const isCalm = (
  { threads, state }: Pick<ProcessStat, 'threads' | 'state'>,
  uid: number | undefined,
  ours: number | undefined,
): boolean => threads === 1 && state !== 'D' && (uid === 0 || (uid !== undefined && uid === ours));

/**
 * The look that shows whether a process whose first thread has ended is over.
 * Source: kernel/exit.c (`do_exit`, `wait_task_zombie`), proc_pid_stat(5).
 */
import { isOver } from './exits.ts';
import type { ProcReader } from './proc-reader.ts';
import type { ProcessStat } from './procstat.ts';

/**
 * `ended`; `draining`: the leader is a zombie and other threads live on; `alive`: somebody with this pid runs, either the process
 * itself (exec from a thread) or the next one that got the number.
 */
export type Verdict =
  | { readonly is: 'ended'; readonly stat: ProcessStat | undefined }
  | { readonly is: 'draining' }
  | { readonly is: 'alive'; readonly stat: ProcessStat };

const ENDED_UNSEEN: Verdict = { is: 'ended', stat: undefined };

/**
 * A leader that is just being released has no threads any more, not even itself: it was reaped with its process, or replaced by a thread
 * that executes a program. The next look tells which.
 */
function settledStat(pid: number, reader: ProcReader): ProcessStat | undefined {
  const stat = reader.stat(pid);
  return stat?.threads === 0 ? reader.stat(pid) : stat;
}

/** Looks at a pid whose leader was told to have ended. `kill(pid, 0)` comes first: it costs a tenth of reading a file. */
export function lookAt(pid: number, reader: ProcReader): Verdict {
  if (!reader.exists(pid)) return ENDED_UNSEEN;
  const stat = settledStat(pid, reader);
  // There, but not for our eyes (hidepid), or gone just now.
  if (stat === undefined) return reader.hasEnded(pid) ? ENDED_UNSEEN : { is: 'draining' };
  if (isOver(stat)) return { is: 'ended', stat };
  return stat.state === 'Z' ? { is: 'draining' } : { is: 'alive', stat };
}

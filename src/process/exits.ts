/**
 * When a process has ended, and with which status. The kernel tells ends of threads: the leader may end long before the
 * process, and an exec from another thread makes the old leader end although the process lives on. So an end of the leader
 * opens a case, and a look at the process closes it: gone, or a zombie without other threads, has ended; its status is that
 * of the thread that ended last, which is what the parent's wait gives. An exec cancels the case.
 *
 * Source: kernel/exit.c (`do_exit`, `synchronize_group_exit`, `wait_task_zombie`), fs/exec.c (`de_thread`).
 */
import type { EventOf } from '../netlink/events.ts';
import type { ProcReader } from './proc-reader.ts';
import type { ProcessStat } from './procstat.ts';

/** The end of a process as far as it was heard: the last end of a thread, and the parent its leader's end named. */
export interface Ending {
  readonly pid: number;
  last: EventOf<'exit'>;
  /** 0 where the kernel named none: auto-reaped, or reaped before the event was built. */
  parentTgid: number;
  /** It looked ended once without an event: the event of its last thread may still be on its way. */
  lookedEnded: boolean;
}

/**
 * `ended`; `draining`: the leader is a zombie and other threads live on; `alive`: somebody with this pid runs, either the process
 * itself (exec from a thread) or the next one that got the number.
 */
export type Verdict =
  | { readonly is: 'ended'; readonly stat: ProcessStat | undefined }
  | { readonly is: 'draining' }
  | { readonly is: 'alive'; readonly stat: ProcessStat };

const ENDED_UNSEEN: Verdict = { is: 'ended', stat: undefined };

/** Only the remains are left: the leader ended, and no other thread lives. */
export function isOver({ state, threads }: ProcessStat): boolean {
  return state === 'X' || (state === 'Z' && threads <= 1);
}

/** Looks at a pid whose leader was told to have ended. `kill(pid, 0)` comes first: it costs a tenth of reading a file. */
export function lookAt(pid: number, reader: ProcReader): Verdict {
  if (!reader.exists(pid)) return ENDED_UNSEEN;
  const stat = reader.stat(pid);
  // There, but not for our eyes (hidepid), or gone just now.
  if (stat === undefined) return reader.hasEnded(pid) ? ENDED_UNSEEN : { is: 'draining' };
  if (isOver(stat)) return { is: 'ended', stat };
  return stat.state === 'Z' ? { is: 'draining' } : { is: 'alive', stat };
}

/** The open cases by pid. */
export class OpenEndings {
  private readonly cases = new Map<number, Ending>();

  get size(): number {
    return this.cases.size;
  }

  get(pid: number): Ending | undefined {
    return this.cases.get(pid);
  }

  /** Adds an end of a thread; opens a case if this end can be part of the process's. */
  hear(event: EventOf<'exit'>, opens: boolean): Ending | undefined {
    const ending = this.cases.get(event.tgid);
    if (ending !== undefined) {
      ending.last = event;
      ending.lookedEnded = false;
      if (event.tid === event.tgid) ending.parentTgid = event.parentTgid;
      return ending;
    }
    if (!opens) return undefined;
    const opened = { pid: event.tgid, last: event, parentTgid: event.parentTgid, lookedEnded: false };
    this.cases.set(event.tgid, opened);
    return opened;
  }

  close(pid: number): void {
    this.cases.delete(pid);
  }

  all(): Ending[] {
    return [...this.cases.values()];
  }
}

/** What the line of a process in /proc shows of its end. Source: kernel/exit.c (`do_exit`), proc_pid_stat(5). */
import type { ProcessStat } from './procstat.ts';

/** Only the remains are left: the leader ended, and no other thread lives. */
export function isOver({ state, threads }: ProcessStat): boolean {
  return state === 'X' || (state === 'Z' && threads <= 1);
}

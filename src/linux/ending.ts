/**
 * The two ends of a process that are nobody's but its own: by a signal, and by an exit that leaves everything as it is. At an ordinary end
 * Node.js sets its terminals back to the modes and its streams back to the flags that it found at its start, and so would undo what a
 * command did to them (`stty`).
 */
import { exitNow, kill, prctl, signal } from './libc.ts';

const PR_SET_DUMPABLE = 4;
const SIG_DFL = 0;

/** Returns only if the signal ends nobody. There is no core: the one that matters is the command's. */
export function endBySignal(number: number): void {
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
  signal(number, SIG_DFL);
  kill(process.pid, number);
}

export function endWithCode(code: number): never {
  return exitNow(code);
}

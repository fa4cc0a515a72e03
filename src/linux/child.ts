/** A child that this process has to wait for, since libuv waits for those alone that it has started. Source: waitpid(2). */
import { waitpid } from './libc.ts';

const WNOHANG = 1;

/** Its wait status, as soon as it has ended; it is reaped by that. `lost` if somebody else has reaped it. */
export function reap(pid: number): number | 'running' | 'lost' {
  const status = new Int32Array(1);
  const found = waitpid(pid, status, WNOHANG);
  if (found === 0) return 'running';
  return found < 0 ? 'lost' : status[0];
}

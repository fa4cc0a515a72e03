/** What a trace tells of a life beside its name and its times, the same in every format of others. Times are in seconds. */
import { commandOf, type Life, lastProgram } from './life.ts';
import { outcomeOf } from './outcome.ts';

const NANO = 1e9;

/** Only what is known. */
export function detailsOf(life: Life): Record<string, string | number | boolean> {
  if (life.isMachine) return { machine: lastProgram(life).name };
  const { pid, ppid, cause, usage, began } = life;
  const { exe, cwd, user } = lastProgram(life);
  const details = {
    pid,
    ppid,
    command: commandOf(life),
    exe,
    cwd,
    user,
    begin: began === 'before' ? 'before' : undefined,
    end: outcomeOf(life),
    cause,
    cpu_s: usage?.cpuNanos === undefined ? undefined : usage.cpuNanos / NANO,
    cpu_is_lower_bound: usage?.cpuIsLowerBound || undefined,
    max_rss_kib: usage?.maxRssKib,
    read_bytes: usage?.readBytes,
    write_bytes: usage?.writeBytes,
  };
  return Object.fromEntries(
    Object.entries(details).flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/** What a trace tells of a life beside its name and its times, the same in every format of others. Times are in seconds. */
import { inWords } from '../process/wait-status.ts';
import { commandOf, type Life, lastProgram } from './life.ts';

const NANO = 1e9;

const WHY: Partial<Record<Life['ended'], string>> = { running: 'still running', inferred: 'not heard' };

/** Only what is known. */
export function detailsOf(life: Life): Record<string, string | number | boolean> {
  if (life.isMachine) return { machine: lastProgram(life).name };
  const { pid, ppid, waitStatus, usage, began, ended, unseen } = life;
  const { exe, cwd, user } = lastProgram(life);
  const end = waitStatus === undefined ? WHY[ended] : inWords(waitStatus);
  const details = {
    pid,
    ppid,
    command: commandOf(life),
    exe,
    cwd,
    user,
    begin: began === 'before' ? 'before' : undefined,
    end: unseen ? 'nothing was heard of it' : end,
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

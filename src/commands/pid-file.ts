/** The process that a pid file names, or why it names none. */
import { humanDuration } from '../format/times.ts';
import type { Host, Kernel } from '../host/host.ts';
import { momentOfTicks, plus, secondsBetween } from '../process/moment.ts';

export type Named = { readonly pid: number } | { readonly reason: string };

/** A process writes its number when it has started. Clocks may have been set a little in between. */
const EARLY_SECONDS = 10;

const BEGINNING = { seconds: 0, nanos: 0 };

/** Of a process, in seconds of the wall clock. */
function startOf(kernel: Pick<Kernel, 'reader' | 'clocks'>, pid: number): number | undefined {
  const stat = kernel.reader.stat(pid);
  if (stat === undefined) return undefined;
  const { bootOffset, wallOffset } = kernel.clocks();
  return secondsBetween(BEGINNING, plus(momentOfTicks(stat.startTicks, bootOffset), wallOffset));
}

export function readPidFile(
  host: Pick<Host, 'readDated'>,
  kernel: Pick<Kernel, 'reader' | 'clocks'>,
  path: string,
): Named {
  let file: ReturnType<Host['readDated']>;
  try {
    file = host.readDated(path);
  } catch (error) {
    const { code = String(error) } = error as NodeJS.ErrnoException;
    return { reason: code === 'ENOENT' ? 'there is no such file' : `it cannot be read (${code})` };
  }
  const [first] = file.text.trim().split(/\s/);
  if (first === '') return { reason: 'it is empty' };
  const pid = /^\d{1,10}$/.test(first) ? Number(first) : 0;
  if (pid < 1 || pid > 2 ** 31 - 1) return { reason: 'it holds no process number' };
  const start = startOf(kernel, pid);
  const age = start === undefined ? 0 : start - file.modifiedMs / 1000;
  if (age > EARLY_SECONDS)
    return { reason: `it is stale: process ${pid} was started ${humanDuration(age)} after it was written` };
  return { pid };
}

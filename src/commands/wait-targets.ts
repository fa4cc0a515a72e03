/** Whom `procwatch wait` is to wait for: what was named on the command line, found among the processes there are. */
import { Failure } from '../errors.ts';
import type { Host, Kernel } from '../host/host.ts';
import type { Target } from '../pipeline/waiting.ts';
import type { Image } from '../process/image.ts';
import type { Matcher } from '../process/patterns.ts';
import { namesOf } from '../process/select.ts';
import { readable } from '../process/text.ts';
import type { ValuesOf } from './options.ts';
import { readPidFile } from './pid-file.ts';
import { readCount } from './values.ts';
import type { WAIT_OPTIONS } from './wait-options.ts';

type WaitOptions = ValuesOf<typeof WAIT_OPTIONS>;

export type Matches = (image: Image) => boolean;

export const target = (label: string, pid?: number): Target => ({ label, pid, end: undefined });

/** The matcher of a glob over the names a process goes by. Loads the pattern engine only if there is a glob. */
export async function globsOf(flag: string, globs: readonly string[]): Promise<Matches[]> {
  if (globs.length === 0) return [];
  const { globMatcher } = await import('../process/patterns.ts');
  const compile = (glob: string): Matcher => {
    try {
      return globMatcher(glob);
    } catch (error) {
      throw new Failure('usage', `${flag}: ${(error as Error).message}`);
    }
  };
  return globs.map(compile).map((matches) => (image) => namesOf(image).some(matches));
}

/** A target that must be there now, and why it is not, where that is known already. */
export interface Present {
  readonly target: Target;
  readonly reason?: string;
}

/** The processes above us. Where /proc belongs to another namespace, whose numbers are others, only the parent is known. */
function ancestorsOf({ pid, parentPid }: Host, { reader }: Kernel): ReadonlySet<number> {
  const found = new Set([parentPid]);
  const isOurProc = reader.stat(pid)?.ppid === parentPid;
  for (let next = parentPid; isOurProc && next > 0; ) {
    next = reader.stat(next)?.ppid ?? 0;
    found.add(next);
  }
  return found;
}

/** The targets that must be there now, in the order of the command line: operands, pid files, names. */
export async function presentTargets(
  host: Host,
  kernel: Kernel,
  options: WaitOptions,
  operands: readonly string[],
): Promise<Present[]> {
  const ancestors = ancestorsOf(host, kernel);
  const byPid = operands.map((text) => ({ target: target(text, readPid('PID', text)) }));
  const byFile = options.pidfile.map((path): Present => {
    const named = readPidFile(host, kernel, path);
    return 'reason' in named ? { target: target(path), ...named } : { target: target(path, named.pid) };
  });
  const globs = await globsOf('--name', options.name);
  const others =
    globs.length === 0 ? [] : kernel.reader.pids().filter((pid) => pid !== host.pid && !ancestors.has(pid));
  const everybody = [...kernel.reader.factsOfAll(others)];
  const byName = globs.flatMap((matches, i): Present[] => {
    const found = everybody.filter(([, { image }]) => matches(image)).map(([pid]) => pid);
    const label = options.name[i];
    return found.length === 0 ? [{ target: target(label) }] : found.map((pid) => ({ target: target(label, pid) }));
  });
  const all = [...byPid, ...byFile, ...byName];
  for (const one of all) refuseOurOwn(host, kernel, ancestors, one.target);
  return all;
}

/** A number no system call would take for another one: whether there is such a process is the kernel's to say. */
function readPid(flag: string, text: string): number {
  return readCount(flag, text, 1, 2 ** 31 - 1);
}

/** Whoever waits for itself waits for ever, and so may who waits for an ancestor. */
function refuseOurOwn(host: Host, kernel: Kernel, ancestors: ReadonlySet<number>, { label, pid }: Target): void {
  if (pid === undefined) return;
  if (pid === host.pid) throw new Failure('usage', `${label}: this is procwatch itself, which cannot end first`);
  if (!ancestors.has(pid)) return;
  const stat = kernel.reader.stat(pid);
  const who = stat === undefined ? `process ${pid}` : `${readable(stat.comm)} (process ${pid})`;
  throw new Failure(
    'usage',
    `${label}: ${who} is an ancestor of procwatch, and may itself wait for procwatch to end`,
    'to wait for it all the same, start procwatch outside of it: setsid --fork procwatch wait ...',
  );
}

/**
 * The real reader of /proc. All facts of one process go through one descriptor of its directory: after a reuse of the pid such a
 * descriptor answers ESRCH instead of naming the new process.
 */
import { readdirSync } from 'node:fs';
import { AT_FDCWD, isForbidden, isTaken, linkToFile, ownerOf, path, slurp, within } from '../linux/files.ts';
import { openPidfd } from '../linux/pidfd.ts';
import { cgroupPathIn } from '../process/cgroup.ts';
import { isOver } from '../process/exits.ts';
import type { Image } from '../process/image.ts';
import { ARGS_MOST, bounded } from '../process/image-bounds.ts';
import type { ProcessFacts, ProcReader } from '../process/proc-reader.ts';
import { type ProcessStat, parseCmdline, parseStat } from '../process/procstat.ts';
import { textOf } from '../process/text.ts';
import { withoutPadding } from '../process/title.ts';

const NAME = {
  stat: path('stat'),
  cmdline: path('cmdline'),
  exe: path('exe'),
  cwd: path('cwd'),
  cgroup: path('cgroup'),
};

const statOf = (directory: number): ProcessStat | undefined => {
  const bytes = slurp(directory, NAME.stat);
  return bytes && parseStat(bytes);
};

function argsOf(directory: number): Image {
  const cmdline = slurp(directory, NAME.cmdline);
  if (cmdline === undefined || cmdline.length === 0) return {};
  const args = parseCmdline(cmdline.subarray(0, ARGS_MOST));
  return cmdline.length > ARGS_MOST ? { args, argsTotal: cmdline.length } : { args };
}

/** A kernel thread has no program, and works nowhere. */
function linksOf(directory: number): Image {
  const exe = linkToFile(directory, NAME.exe);
  if (exe === undefined) return {};
  const program = { exe: textOf(exe.path), ...(exe.isDeleted && ({ exeDeleted: true } as const)) };
  const cwd = linkToFile(directory, NAME.cwd);
  return { ...program, ...(cwd && { cwd: textOf(cwd.path), ...(cwd.isDeleted && ({ cwdDeleted: true } as const)) }) };
}

/** The directory of a process belongs to its effective user. */
function userOf(directory: number): Image {
  const uid = ownerOf(directory);
  return uid === undefined ? {} : { uid };
}

const inDirectory = <T>(pid: number, task: (directory: number) => T): T | undefined => within(`/proc/${pid}`, task);

const unpadded = (image: Image): Image =>
  image.args === undefined ? image : { ...image, args: withoutPadding(image.args, image) };

/**
 * The stat comes last and proves that the process was still there. The arguments are the first to vanish: put what reads them first.
 */
function factsBy(...parts: ((directory: number) => Image)[]): (pid: number) => ProcessFacts | undefined {
  return (pid) =>
    inDirectory(pid, (directory) => {
      const images = parts.map((read) => read(directory));
      const stat = statOf(directory);
      return stat && { stat, image: bounded(unpadded(Object.assign({ comm: stat.comm }, ...images))) };
    });
}

/**
 * The kernel shows a status of 0 to those who may not know it. Whether we may is told by the link to the program: gone for those who
 * may follow it, forbidden for the others.
 */
function zombieStatusIn(directory: number): number | undefined {
  const stat = statOf(directory);
  if (stat === undefined || !isOver(stat)) return undefined;
  if (stat.waitStatus !== 0) return stat.waitStatus;
  return isForbidden(directory, NAME.exe) ? undefined : 0;
}

/** Without the stat, which proves what was read. */
function imageBy(...parts: readonly ((directory: number) => Image)[]): ProcReader['image'] {
  const read = (directory: number): Image =>
    bounded(unpadded(Object.assign({}, ...parts.map((part) => part(directory)))));
  return (pid) => inDirectory(pid, read) ?? {};
}

const rest: Omit<ProcReader, 'facts' | 'image'> = {
  links: factsBy(linksOf),
  stat: (pid) => {
    const bytes = slurp(AT_FDCWD, path(`/proc/${pid}/stat`));
    return bytes && parseStat(bytes);
  },
  cgroup: (pid) =>
    inDirectory(pid, (directory) => {
      const bytes = slurp(directory, NAME.cgroup);
      return bytes && cgroupPathIn(new TextDecoder().decode(bytes));
    }),
  zombieStatus: (pid) => inDirectory(pid, zombieStatusIn),
  exists: isTaken,
  isListed: (pid) => inDirectory(pid, (directory) => ownerOf(directory) !== undefined) ?? false,
  hasEnded(pid) {
    const pidfd = openPidfd(pid);
    // Without descriptors the kernel's word that the leader ended is all there is.
    if (typeof pidfd === 'string') return true;
    const ended = pidfd.state() !== 'alive';
    pidfd.close();
    return ended;
  },
  pids: () =>
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0),
};

/** A reader of /proc; without `args` no argument is ever read. */
export function procReader({ args }: { readonly args: boolean }): ProcReader {
  const image = args ? [argsOf, linksOf] : [linksOf];
  return { ...rest, facts: factsBy(...image, userOf), image: imageBy(...image) };
}

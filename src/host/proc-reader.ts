/**
 * The real reader of /proc. All facts of one process go through one descriptor of its directory: after a reuse of the pid such a
 * descriptor answers ESRCH instead of naming the new process.
 */
import { readdirSync } from 'node:fs';
import { AT_FDCWD, isForbidden, isTaken, linkToFile, ownerOf, path, slurp, within } from '../linux/files.ts';
import { openPidfd } from '../linux/pidfd.ts';
import { isOver } from '../process/exits.ts';
import type { Image } from '../process/image.ts';
import type { ProcessFacts, ProcReader } from '../process/proc-reader.ts';
import { type ProcessStat, parseCmdline, parseStat } from '../process/procstat.ts';
import { textOf } from '../process/text.ts';

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
  const args = cmdline && parseCmdline(cmdline);
  return args !== undefined && args.length > 0 ? { args } : {};
}

function linksOf(directory: number): Image {
  const exe = linkToFile(directory, NAME.exe);
  const program = exe && { exe: textOf(exe.path), ...(exe.isDeleted && ({ exeDeleted: true } as const)) };
  const cwd = linkToFile(directory, NAME.cwd);
  return { ...program, ...(cwd && { cwd: textOf(cwd.path), ...(cwd.isDeleted && ({ cwdDeleted: true } as const)) }) };
}

/** The directory of a process belongs to its effective user. */
function userOf(directory: number): Image {
  const uid = ownerOf(directory);
  return uid === undefined ? {} : { uid };
}

const inDirectory = <T>(pid: number, task: (directory: number) => T): T | undefined => within(`/proc/${pid}`, task);

/**
 * The stat comes last and proves that the process was still there. The arguments are the first to vanish: put what reads them first.
 */
function factsBy(...parts: ((directory: number) => Image)[]): (pid: number) => ProcessFacts | undefined {
  return (pid) =>
    inDirectory(pid, (directory) => {
      const images = parts.map((read) => read(directory));
      const stat = statOf(directory);
      return stat && { stat, image: Object.assign({ comm: stat.comm }, ...images) };
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
  return (pid) => inDirectory(pid, (directory) => Object.assign({}, ...parts.map((read) => read(directory)))) ?? {};
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
      if (bytes === undefined) return undefined;
      return /^0::(.*)$/m.exec(new TextDecoder().decode(bytes))?.[1];
    }),
  zombieStatus: (pid) => inDirectory(pid, zombieStatusIn),
  exists: isTaken,
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

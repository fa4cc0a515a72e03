/**
 * The real reader of /proc. All facts of one process go through one descriptor of its directory: after a reuse of the pid such a
 * descriptor answers ESRCH instead of naming the new process.
 */
import { readdirSync } from 'node:fs';
import {
  AT_FDCWD,
  closeFile,
  isForbidden,
  isTaken,
  linkToFile,
  openDirectory,
  openFile,
  ownerOf,
  path,
  slurp,
  within,
} from '../linux/files.ts';
import { openPidfd } from '../linux/pidfd.ts';
import { readInTime } from '../linux/reads-in-time.ts';
import { isCalm } from '../process/calm.ts';
import { cgroupPathIn } from '../process/cgroup.ts';
import { isOver } from '../process/exits.ts';
import type { Image } from '../process/image.ts';
import { ARGS_MOST, bounded } from '../process/image-bounds.ts';
import type { ProcessFacts, ProcReader } from '../process/proc-reader.ts';
import { type ProcessStat, parseCmdline, parseStat } from '../process/procstat.ts';
import { readEach } from '../process/scan.ts';
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

const argsIn = (cmdline: Uint8Array | undefined): Image => {
  if (cmdline === undefined || cmdline.length === 0) return {};
  const args = parseCmdline(cmdline.subarray(0, ARGS_MOST));
  return cmdline.length > ARGS_MOST ? { args, argsTotal: cmdline.length } : { args };
};

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

const whole = (...parts: readonly Image[]): Image => bounded(unpadded(Object.assign({}, ...parts)));

/** All but the arguments. The stat comes last and proves that the process was still there. */
function besideArgs(directory: number): ProcessFacts | undefined {
  const image = { ...linksOf(directory), ...userOf(directory) };
  const stat = statOf(directory);
  return stat && { stat, image: { ...image, comm: stat.comm } };
}

const joined = ({ stat, image }: ProcessFacts, args: Image): ProcessFacts => ({ stat, image: whole(image, args) });

/** The arguments are the first to vanish, and so the first to be read. */
function factsAtOnce(directory: number): ProcessFacts | 'later' | undefined {
  const stat = statOf(directory);
  if (stat === undefined) return undefined;
  if (!isCalm(stat, ownerOf(directory), process.geteuid?.())) return 'later';
  const args = argsIn(slurp(directory, NAME.cmdline));
  const beside = besideArgs(directory);
  return beside && joined(beside, args);
}

/** What is read of a process by a thread: of the arguments and the stat either may never come. */
interface Asked {
  readonly owner: number;
  readonly directory: number;
  args: Image;
  stat: ProcessStat | undefined;
}

/** Each of them has three descriptors. */
const AT_ONCE = 16;

/** Of those who are there: what is in files that may never come, waited for together, and not for ever. */
function ask(pids: Iterable<number>, withStat: 'with the stat' | 'without', take: (one: Asked) => void): void {
  let asked: Asked[] = [];
  const finish = (): void => {
    const fd = (name: keyof typeof NAME) => (one: Asked) => ({
      key: `${one.owner} ${name}`,
      fd: openFile(one.directory, NAME[name]) ?? -1,
      one,
    });
    const files = asked.map(fd('cmdline'));
    readInTime(files, (read, i) => {
      files[i].one.args = read === 'stuck' ? { missing: 'stuck' } : argsIn(read);
    });
    // Without arguments it may be in the middle of an exec, and then all else but these may never come.
    const others = asked.filter(({ args }) => withStat === 'with the stat' || args.args === undefined).map(fd('stat'));
    readInTime(others, (read, i) => {
      const { one } = others[i];
      if (read === 'stuck') one.args = { missing: 'stuck' };
      else one.stat = read && parseStat(read);
    });
    for (const one of asked) {
      take(one);
      closeFile(one.directory);
    }
    asked = [];
  };
  for (const owner of pids) {
    const directory = openDirectory(`/proc/${owner}`);
    if (directory !== undefined) asked.push({ owner, directory, args: {}, stat: undefined });
    if (asked.length === AT_ONCE) finish();
  }
  finish();
}

/** What cannot be waited for is not looked at any more. */
const isAnswering = ({ args: { missing }, stat }: Asked): boolean => missing === undefined || stat !== undefined;

function factsOfAll(pids: Iterable<number>): Map<number, ProcessFacts> {
  const found = new Map<number, ProcessFacts>();
  ask(pids, 'with the stat', ({ owner, directory, args, stat }) => {
    if (stat === undefined) return;
    const image = { ...linksOf(directory), ...userOf(directory), comm: stat.comm };
    found.set(owner, { stat, image: whole(image, args) });
  });
  return found;
}

/** Without a proof whose they are. */
function images(pids: Iterable<number>): Map<number, Image> {
  const found = new Map<number, Image>();
  ask(pids, 'without', (one) => {
    found.set(one.owner, whole(isAnswering(one) ? linksOf(one.directory) : {}, one.args));
  });
  return found;
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

/** The same without the user. */
function linkFacts(directory: number): ProcessFacts | undefined {
  const image = linksOf(directory);
  const stat = statOf(directory);
  return stat && { stat, image: { comm: stat.comm, ...image } };
}

type ArgsReader = 'facts' | 'factsAtOnce' | 'factsOfAll' | 'image' | 'images';

const rest: Omit<ProcReader, ArgsReader> = {
  links: (pid) => inDirectory(pid, linkFacts),
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

const readsArgs: Pick<ProcReader, ArgsReader> = {
  facts: (pid) => factsOfAll([pid]).get(pid),
  factsAtOnce: (pid) => inDirectory(pid, factsAtOnce),
  factsOfAll,
  image: (pid) => images([pid]).get(pid) ?? {},
  images,
};

const readsNone: Pick<ProcReader, ArgsReader> = {
  facts: (pid) => inDirectory(pid, besideArgs),
  factsAtOnce: (pid) => inDirectory(pid, besideArgs),
  factsOfAll: (pids) => readEach(pids, (pid) => inDirectory(pid, besideArgs)),
  image: (pid) => inDirectory(pid, linksOf) ?? {},
  images: (pids) => readEach(pids, (pid) => inDirectory(pid, linksOf)),
};

/** A reader of /proc; without `args` no argument is ever read. */
export const procReader = ({ args }: { readonly args: boolean }): ProcReader => ({
  ...rest,
  ...(args ? readsArgs : readsNone),
});

/** Tasks from /proc: exactly the files that are asked for, each read by bare system calls. */
import { readdirSync } from 'node:fs';
import { AT_FDCWD, closeFile, isTaken, linkToFile, openDirectory, openFile, path, slurp } from '../linux/files.ts';
import { readInTime } from '../linux/reads-in-time.ts';
import { ARGS_MOST } from '../process/image-bounds.ts';
import { parseCmdline } from '../process/procstat.ts';
import { textOf } from '../process/text.ts';
import { mayBePadded, withoutPadding } from '../process/title.ts';
import { parseCgroup, parseIo, parseStatus, parseTaskStat } from './proc-files.ts';
import type { Part, Task, TaskReader, Wish } from './task.ts';

const numbersIn = (directory: string): number[] => {
  try {
    return readdirSync(directory)
      .map(Number)
      .filter((number) => number > 0);
  } catch {
    // A process that is gone has no threads.
    return [];
  }
};

const parsing =
  <T>(name: string, parse: (bytes: Uint8Array) => T) =>
  (directory: number): T | undefined => {
    const bytes = slurp(directory, file[name as keyof typeof file]);
    return bytes && parse(bytes);
  };

/** Names with their NUL, made once. */
const file = {
  comm: path('comm'),
  status: path('status'),
  stat: path('stat'),
  io: path('io'),
  cmdline: path('cmdline'),
  exe: path('exe'),
  cgroup: path('cgroup'),
};

const status = parsing('status', parseStatus);

/** Parts that may never come: they wait for whoever changes the memory of the process, or executes something in it. */
type Slow = 'cmdline' | 'io' | 'stat';
const SLOW: readonly Part[] = ['cmdline', 'io', 'stat'] satisfies Slow[];
const isSlow = (part: Part): part is Slow => SLOW.includes(part);

/** What another part tells, read in the directory of a task; nothing where it cannot be read. */
const READ: Readonly<Record<Exclude<Part, Slow>, (directory: number) => Partial<Task> | undefined>> = {
  comm(directory) {
    const comm = parsing('comm', (line) => textOf(line.subarray(0, -1)))(directory);
    return comm === undefined ? undefined : { comm };
  },
  uids: status,
  status,
  exe(directory) {
    const exe = linkToFile(directory, file.exe);
    return exe && { exe: textOf(exe.path), ...(exe.isDeleted && ({ exeDeleted: true } as const)) };
  },
  cgroup(directory) {
    const cgroup = parsing('cgroup', parseCgroup)(directory);
    return cgroup === undefined ? undefined : { cgroup };
  },
};

/** What these bytes tell of a task. */
const PUT: Readonly<Record<Slow, (task: Task, bytes: Uint8Array) => void>> = {
  io: (task, bytes) => Object.assign(task, parseIo(bytes)),
  cmdline(task, bytes) {
    // A kernel thread and a zombie have none.
    if (bytes.length === 0) return;
    const args = parseCmdline(bytes.subarray(0, ARGS_MOST));
    Object.assign(task, { args, argsTotal: bytes.length > ARGS_MOST ? bytes.length : undefined });
  },
  stat(task, bytes) {
    const found = parseTaskStat(bytes, task.pid);
    // The number may have gone to another process since: its figures are not this one's.
    if (found === undefined || found.startTicks !== task.startTicks) return;
    const { userTicks, systemTicks, minorFaults, majorFaults } = found;
    Object.assign(task, { userTicks, systemTicks, minorFaults, majorFaults });
  },
};

/** In the directory of its process a process is seen as a whole, in that of its leader only this thread. */
const directoryOf = ({ pid, tid }: Task, threads: boolean): string =>
  threads ? `/proc/${pid}/task/${tid}` : `/proc/${pid}`;

interface Open extends Wish {
  readonly directory: number;
  isStuck: boolean;
}

/** Each of them has up to four descriptors. */
const AT_ONCE = 16;

/** Calls it for so many at a time. */
function inTurns<T>(all: readonly T[], task: (some: readonly T[]) => void): void {
  for (let from = 0; from < all.length; from += AT_ONCE) task(all.slice(from, from + AT_ONCE));
}

/** The files that may never come first. The link to the program comes only of who answered. */
function readSome(wishes: readonly Wish[], threads: boolean): void {
  const open = wishes.flatMap((wish): Open[] => {
    const directory = openDirectory(directoryOf(wish.task, threads));
    return directory === undefined ? [] : [{ ...wish, directory, isStuck: false }];
  });
  const files = open.flatMap((one) => {
    const parts: Part[] = one.parts.includes('exe') ? [...new Set<Part>(['stat', ...one.parts])] : [...one.parts];
    return parts.filter(isSlow).map((part) => {
      return { one, part, key: `${one.task.tid} ${part}`, fd: openFile(one.directory, file[part]) ?? -1 };
    });
  });
  readInTime(files, (read, i) => {
    const { one, part } = files[i];
    if (read === 'stuck') one.isStuck ||= part === 'stat';
    else if (read !== undefined && one.parts.includes(part)) PUT[part](one.task, read);
  });
  for (const one of open) {
    finish(one);
    closeFile(one.directory);
  }
}

function finish({ task, parts, directory, isStuck }: Open): void {
  for (const part of parts) {
    if (isSlow(part) || (part === 'exe' && isStuck)) continue;
    Object.assign(task, READ[part](directory));
  }
  if (task.args === undefined || !mayBePadded(task.args)) return;
  const exe = task.exe ?? (isStuck ? undefined : READ.exe(directory)?.exe);
  Object.assign(task, { args: withoutPadding(task.args, { comm: task.comm, exe }) });
}

const NOTHING = {
  ppid: undefined,
  pgid: undefined,
  sid: undefined,
  state: undefined,
  comm: undefined,
  startTicks: undefined,
} as const;

function tasksOf(names: readonly { readonly pid: number; readonly name: string }[]): Task[] {
  const found: Task[] = [];
  inTurns(names, (some) => {
    const files = some.map(({ name }) => ({ key: name, fd: openFile(AT_FDCWD, path(name)) ?? -1 }));
    readInTime(files, (read, i) => {
      const { pid } = some[i];
      const task = read === 'stuck' ? { ...NOTHING, tid: pid, pid } : read && parseTaskStat(read, pid);
      if (task !== undefined) found.push(task);
    });
  });
  return found;
}

/** @param threads whether the tasks are single threads, with figures of their own */
export function taskReader(threads: boolean): TaskReader {
  return {
    pids: () => numbersIn('/proc'),
    tasks(pids) {
      const names = pids.flatMap((pid) =>
        threads
          ? numbersIn(`/proc/${pid}/task`).map((tid) => ({ pid, name: `/proc/${pid}/task/${tid}/stat` }))
          : { pid, name: `/proc/${pid}/stat` },
      );
      return tasksOf(names);
    },
    read: (task, parts) => readSome([{ task, parts }], threads),
    readAll: (wishes) => inTurns(wishes, (some) => readSome(some, threads)),
    exists: isTaken,
  };
}

/** Tasks from /proc: exactly the files that are asked for, each read by bare system calls. */
import { readdirSync } from 'node:fs';
import { AT_FDCWD, isTaken, linkToFile, path, slurp, within } from '../linux/files.ts';
import { ARGS_MOST } from '../process/image-bounds.ts';
import { parseCmdline } from '../process/procstat.ts';
import { textOf } from '../process/text.ts';
import { withoutPadding } from '../process/title.ts';
import { parseCgroup, parseIo, parseStatus, parseTaskStat } from './proc-files.ts';
import type { Part, Task, TaskReader } from './task.ts';

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

/** What a part tells, read in the directory of a task; nothing where it cannot be read. */
const READ: Readonly<Record<Exclude<Part, 'stat'>, (directory: number) => Partial<Task> | undefined>> = {
  comm(directory) {
    const comm = parsing('comm', (line) => textOf(line.subarray(0, -1)))(directory);
    return comm === undefined ? undefined : { comm };
  },
  uids: status,
  status,
  io: parsing('io', parseIo),
  cmdline(directory) {
    const bytes = slurp(directory, file.cmdline);
    // A kernel thread and a zombie have none.
    if (bytes === undefined || bytes.length === 0) return undefined;
    const args = parseCmdline(bytes.subarray(0, ARGS_MOST));
    return { args, argsTotal: bytes.length > ARGS_MOST ? bytes.length : undefined };
  },
  exe(directory) {
    const exe = linkToFile(directory, file.exe);
    return exe && { exe: textOf(exe.path), ...(exe.isDeleted && ({ exeDeleted: true } as const)) };
  },
  cgroup(directory) {
    const cgroup = parsing('cgroup', parseCgroup)(directory);
    return cgroup === undefined ? undefined : { cgroup };
  },
};

function readStat(directory: number, name: Uint8Array, pid: number): Task | undefined {
  const bytes = slurp(directory, name);
  return bytes && parseTaskStat(bytes, pid);
}

/** In the directory of its process a process is seen as a whole, in that of its leader only this thread. */
const directoryOf = ({ pid, tid }: Task, threads: boolean): string =>
  threads ? `/proc/${pid}/task/${tid}` : `/proc/${pid}`;

function readInto(task: Task, parts: readonly Part[], threads: boolean): void {
  within(directoryOf(task, threads), (directory) => {
    for (const part of parts) {
      if (part !== 'stat') Object.assign(task, READ[part](directory));
      else {
        const found = readStat(directory, file.stat, task.pid);
        // The number may have gone to another process since: its figures are not this one's.
        if (found === undefined || found.startTicks !== task.startTicks) return;
        const { userTicks, systemTicks, minorFaults, majorFaults } = found;
        Object.assign(task, { userTicks, systemTicks, minorFaults, majorFaults });
      }
    }
    if (task.args !== undefined) {
      const exe = task.exe ?? READ.exe(directory)?.exe;
      Object.assign(task, { args: withoutPadding(task.args, { comm: task.comm, exe }) });
    }
  });
}

/** @param threads whether the tasks are single threads, with figures of their own */
export function taskReader(threads: boolean): TaskReader {
  return {
    pids: () => numbersIn('/proc'),
    tasks(pid) {
      const names = threads
        ? numbersIn(`/proc/${pid}/task`).map((tid) => `/proc/${pid}/task/${tid}/stat`)
        : [`/proc/${pid}/stat`];
      return names.flatMap((name) => readStat(AT_FDCWD, path(name), pid) ?? []);
    },
    read: (task, parts) => readInto(task, parts, threads),
    exists: isTaken,
  };
}

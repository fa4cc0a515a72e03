/**
 * What a snapshot tells about one task, and the two sources it can come from. A task is a process, or one of its threads where they are
 * asked for. Members that are undefined are unknown, or were not asked for.
 */
import type { Text } from '../process/text.ts';

/** What every source tells of every task, but for recordings. */
export interface TaskBase {
  readonly tid: number;
  readonly pid: number;
  /** These are undefined where a recording does not tell them. */
  readonly ppid: number | undefined;
  /** Undefined where this kernel's types do not tell where they are. */
  readonly pgid: number | undefined;
  readonly sid: number | undefined;
  /** One letter, as in /proc/PID/stat. */
  readonly state: string | undefined;
  readonly comm: Text | undefined;
  /** Clock ticks after boot, CLOCK_BOOTTIME, 100 a second. */
  readonly startTicks: number | undefined;
}

/** What is told where it is asked for. */
export interface TaskDetails {
  uid: number;
  ruid: number;
  rgid: number;
  egid: number;
  /** Clock ticks. */
  userTicks: number;
  systemTicks: number;
  minorFaults: number;
  majorFaults: number;
  virtualKib: number;
  residentKib: number;
  peakKib: number;
  swapKib: number;
  readBytes: number;
  writeBytes: number;
  readChars: number;
  writeChars: number;
  args: readonly Text[];
  /** Bytes of all arguments, where `args` are only the beginning of them. */
  argsTotal: number | undefined;
  exe: Text;
  /** The file has no name any more: `exe` is the one it had. */
  exeDeleted: true;
  /** The machine, where there are several. */
  host: string;
  cgroup: string;
}

export type Task = TaskBase & Partial<TaskDetails>;

/**
 * Where a detail stands: a file below /proc/PID. The kernel's own walk tells the user ids too; the names of kernel threads it cuts at 15
 * bytes, and of workers leaves out what they work on.
 */
export type Part = 'comm' | 'uids' | 'status' | 'stat' | 'io' | 'cmdline' | 'exe' | 'cgroup';

export interface DumpSelection {
  readonly threads: boolean;
  /** Only the children of this process, only this process. */
  readonly ppid?: number;
  readonly pid?: number;
}

/** An iterator in the kernel that is ready to walk. */
export interface KernelDump {
  /** With the user ids. */
  tasks(): Task[];
  close(): void;
}

/** What is to be read of one task. */
export interface Wish {
  readonly task: Task;
  readonly parts: readonly Part[];
}

/** A reader of /proc: of processes, each as a whole, or of threads with figures of their own. */
export interface TaskReader {
  pids(): number[];
  /** These processes, or all their threads, without those that are not there, or not for us to see. Of who does not answer the number alone. */
  tasks(pids: readonly number[]): Task[];
  /** Reads these parts into the task; nothing where it is gone, where we may not, or where the kernel does not answer in time. */
  read(task: Task, parts: readonly Part[]): void;
  /** The same of many: what may have to be waited for is waited for together. */
  readAll(wishes: readonly Wish[]): void;
  /** False only when no process has this pid, whoever may see it. */
  exists(pid: number): boolean;
}

/** The ways to a snapshot that this machine has. */
export interface TaskDoors {
  reader(threads: boolean): TaskReader;
  openDump(selection: DumpSelection): KernelDump | { readonly reason: string };
}

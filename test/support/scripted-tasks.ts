/** A machine's tasks made of a list: what the walk in the kernel tells of them, what /proc tells, and what was read. */
import type { DumpSelection, KernelDump, Part, Task, TaskDetails, TaskDoors, TaskReader } from '../../src/ps/task.ts';

const MEMBERS: Readonly<Record<Part, readonly (keyof TaskDetails)[]>> = {
  comm: [],
  uids: ['uid', 'ruid'],
  status: ['uid', 'ruid', 'rgid', 'egid', 'virtualKib', 'residentKib', 'peakKib', 'swapKib'],
  stat: ['userTicks', 'systemTicks', 'minorFaults', 'majorFaults'],
  io: ['readBytes', 'writeBytes', 'readChars', 'writeChars'],
  cmdline: ['args', 'argsTotal'],
  exe: ['exe', 'exeDeleted'],
  cgroup: ['cgroup'],
};

const DEFAULTS = { ppid: 1, pgid: 1, sid: 1, state: 'S', comm: 'unnamed', startTicks: 100_000 };

export class ScriptedTasks implements TaskDoors {
  private readonly whole: Task[] = [];
  /** Why there is no walk in the kernel; undefined where there is one. */
  refusal: string | undefined;
  /** Processes that the walk leaves out. */
  readonly unseen = new Set<number>();
  /** What was opened and read, in order: `walk`, `base PID`, `PART PID`. */
  readonly log: string[] = [];

  add(task: Partial<Task> & Pick<Task, 'pid'>): this {
    this.whole.push({ ...DEFAULTS, tid: task.pid, ...task });
    return this;
  }

  private told(task: Task, ...parts: readonly Part[]): Task {
    const { tid, pid, ppid, pgid, sid, state, comm, startTicks } = task;
    return { tid, pid, ppid, pgid, sid, state, comm, startTicks, ...this.details(task, parts) };
  }

  private details(task: Task, parts: readonly Part[]): Partial<TaskDetails> {
    const wanted = parts.flatMap((part) => MEMBERS[part]);
    return Object.fromEntries(Object.entries(task).filter(([name]) => wanted.some((one) => one === name)));
  }

  private read(task: Task, parts: readonly Part[]): void {
    this.log.push(...parts.map((part) => `${part} ${task.tid}`));
    const found = this.whole.find(({ tid }) => tid === task.tid);
    if (found !== undefined) Object.assign(task, this.details(found, parts));
  }

  reader(threads: boolean): TaskReader {
    return {
      pids: () => this.whole.filter(({ pid, tid }) => pid === tid).map(({ pid }) => pid),
      tasks: (pids) =>
        pids.flatMap((wanted) => {
          this.log.push(`base ${wanted}`);
          const found = this.whole.filter(({ pid, tid }) => pid === wanted && (threads || pid === tid));
          return found.map((task) => this.told(task, 'stat'));
        }),
      read: (task, parts) => this.read(task, parts),
      readAll: (wishes) => {
        for (const { task, parts } of wishes) this.read(task, parts);
      },
      exists: (wanted) => this.whole.some(({ pid }) => pid === wanted),
    };
  }

  openDump({ threads, ppid, pid }: DumpSelection): KernelDump | { readonly reason: string } {
    if (this.refusal !== undefined) return { reason: this.refusal };
    this.log.push('walk');
    const walks = (task: Task): boolean =>
      (threads || task.pid === task.tid) &&
      (ppid === undefined || task.ppid === ppid) &&
      (pid === undefined || task.pid === pid) &&
      !this.unseen.has(task.pid);
    return { tasks: () => this.whole.filter(walks).map((task) => this.told(task, 'uids')), close: () => {} };
  }
}

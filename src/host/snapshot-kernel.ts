/** The real ways to a snapshot of all tasks: the iterator in the kernel where it can be had, and /proc. */
import { openTaskDump, type TaskDump } from '../bpf/task-dump.ts';
import type { TaskRecord } from '../bpf/task-record.ts';
import { isInitial } from '../linux/namespaces.ts';
import { ticksOf } from '../process/moment.ts';
import { taskReader } from '../ps/proc-tasks.ts';
import type { DumpSelection, KernelDump, Task } from '../ps/task.ts';
import { clocks } from './clocks.ts';
import type { SnapshotKernel } from './host.ts';
import { users } from './users.ts';

function taskOf(record: TaskRecord): Task {
  const {
    tid,
    pid,
    ppid,
    processGroup: pgid,
    session: sid,
    state,
    comm,
    start,
    realUid: ruid,
    effectiveUid: uid,
  } = record;
  return { tid, pid, ppid, pgid, sid, state, comm, startTicks: ticksOf(start), uid, ruid };
}

function walked(dump: TaskDump): KernelDump {
  return { tasks: () => dump.tasks().map(taskOf), close: () => dump.close() };
}

function openDump({ threads, ...only }: DumpSelection): KernelDump | { readonly reason: string } {
  if (!isInitial('pid'))
    return { reason: 'not in the initial pid namespace: its walk tells other numbers than /proc here' };
  const opened = openTaskDump({ tasks: threads ? 'all' : 'leaders', ...only });
  return 'reason' in opened ? opened : walked(opened.dump);
}

export const snapshotKernel: SnapshotKernel = { reader: taskReader, openDump, users, clocks };

/** The walk over the kernel's own list of processes, where it can be had. */
import { Refusal } from '../bpf/refusal.ts';
import { openTaskDump, type TaskDump } from '../bpf/task-dump.ts';
import { WalkedTask } from '../bpf/task-record.ts';
import { isInitial } from '../linux/namespaces.ts';
import { SystemError } from '../linux/system-error.ts';
import { ticksOf } from '../process/moment.ts';
import type { ProcessWalk, Walked } from '../process/scan.ts';

function walkedOf(task: WalkedTask): Walked {
  const { pid, ppid, comm, state, threads, waitStatus, start, uid, isKernelThread, isNameCut } = task;
  const stat = { comm, state, ppid, threads, startTicks: ticksOf(start), waitStatus };
  return { pid, uid, start, isKernelThread, isNameCut, stat };
}

/** Before 5.19 a walk may need the rights that its setting up needs, and they may have been given up since. */
function tasksOf(dump: TaskDump): WalkedTask[] | undefined {
  try {
    return dump.tasks().all(WalkedTask);
  } catch (error) {
    if (error instanceof Refusal || error instanceof SystemError) return undefined;
    throw error;
  }
}

export function openWalk(): ProcessWalk | { readonly reason: string } {
  if (!isInitial('pid')) return { reason: 'not in the initial pid namespace' };
  const opened = openTaskDump({ tasks: 'leaders' });
  if ('reason' in opened) return opened;
  const { dump } = opened;
  return { processes: () => tasksOf(dump)?.map(walkedOf), close: () => dump.close() };
}

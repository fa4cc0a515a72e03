/** The real ways to a snapshot of all tasks: the iterator in the kernel where it can be had, and /proc. */
import { openTaskDump, type TaskDump } from '../bpf/task-dump.ts';
import { WalkedTask } from '../bpf/task-record.ts';
import { isInitial } from '../linux/namespaces.ts';
import { ticksOf } from '../process/moment.ts';
import type { Text } from '../process/text.ts';
import { taskReader } from '../ps/proc-tasks.ts';
import type { DumpSelection, KernelDump, Task, TaskBase } from '../ps/task.ts';
import { clocks } from './clocks.ts';
import type { SnapshotKernel } from './host.ts';
import { users } from './users.ts';

/** A task of the kernel's walk. What is read of it besides is put into it, and then counts: files tell names and users as well. */
class ReadableTask extends WalkedTask implements TaskBase {
  private file: Partial<Pick<Task, 'comm' | 'uid' | 'ruid'>> | undefined;

  private put(found: Partial<Pick<Task, 'comm' | 'uid' | 'ruid'>>): void {
    this.file = { ...this.file, ...found };
  }

  override get comm(): Text {
    return this.file?.comm ?? super.comm;
  }

  override set comm(comm: Text) {
    this.put({ comm });
  }

  override get uid(): number {
    return this.file?.uid ?? super.uid;
  }

  override set uid(uid: number) {
    this.put({ uid });
  }

  override get ruid(): number {
    return this.file?.ruid ?? super.ruid;
  }

  override set ruid(ruid: number) {
    this.put({ ruid });
  }

  get startTicks(): number {
    return ticksOf(this.start);
  }
}

function walked(dump: TaskDump): KernelDump {
  return { tasks: () => dump.tasks().all(ReadableTask), close: () => dump.close() };
}

function openDump({ threads, ...only }: DumpSelection): KernelDump | { readonly reason: string } {
  if (!isInitial('pid'))
    return { reason: 'not in the initial pid namespace: its walk tells other numbers than /proc here' };
  const opened = openTaskDump({ tasks: threads ? 'all' : 'leaders', ...only });
  return 'reason' in opened ? opened : walked(opened.dump);
}

export const snapshotKernel: SnapshotKernel = { reader: taskReader, openDump, users, clocks };

/** Sources of a snapshot that tell no text unredacted. */
import { type Redact, redactArgs, redactText } from '../process/redact.ts';
import type { KernelDump, Task, TaskReader } from './task.ts';

function redacted(task: Task, redact: Redact): Task {
  const { comm, args, exe, cgroup } = task;
  return Object.assign(task, {
    comm: redactText(comm, redact),
    ...(args !== undefined && { args: redactArgs(args, redact) }),
    ...(exe !== undefined && { exe: redactText(exe, redact) }),
    ...(cgroup !== undefined && { cgroup: redact.text(cgroup) }),
  });
}

export function discreetReader(reader: TaskReader, redact: Redact | undefined): TaskReader {
  if (redact === undefined) return reader;
  return {
    pids: () => reader.pids(),
    exists: (pid) => reader.exists(pid),
    tasks: (pids) => reader.tasks(pids).map((task) => redacted(task, redact)),
    read(task, parts) {
      reader.read(task, parts);
      redacted(task, redact);
    },
    readAll(wishes) {
      reader.readAll(wishes);
      for (const { task } of wishes) redacted(task, redact);
    },
  };
}

export function discreetDump(dump: KernelDump | undefined, redact: Redact | undefined): KernelDump | undefined {
  if (dump === undefined || redact === undefined) return dump;
  return { tasks: () => dump.tasks().map((task) => redacted(task, redact)), close: () => dump.close() };
}

/** A dump of tasks in a handful of system calls: open once (some 15 ms), dumped as often as one likes (0.5 µs a process in the kernel). */
import type { FactOptions } from './fact-programs.ts';
import { assemble } from './instructions.ts';
import { readKernelTypes } from './kernel-types.ts';
import { orReason } from './refusal.ts';
import * as kernel from './syscalls.ts';
import { type TaskSelection, taskProgram } from './task-program.ts';
import { WalkedTasks } from './task-record.ts';

export class TaskDump {
  private readonly iterator: kernel.IteratorReader;

  constructor(iterator: kernel.IteratorReader) {
    this.iterator = iterator;
  }

  /** All tasks there are now; good until the next call. Throws a SystemError if the walk breaks off. */
  tasks(): WalkedTasks {
    return new WalkedTasks(this.iterator.read());
  }

  close(): void {
    this.iterator.close();
  }
}

/** Never throws for what the kernel, its types or the privileges refuse. */
export function openTaskDump(
  selection: TaskSelection,
  { types }: Pick<FactOptions, 'types'> = {},
): { readonly dump: TaskDump } | { readonly reason: string } {
  return orReason(() => {
    const { rows, attachTo } = taskProgram(readKernelTypes(types), selection);
    const program = kernel.loadProgram(assemble(rows), 'iterator', attachTo);
    try {
      return { dump: new TaskDump(new kernel.IteratorReader(kernel.linkIterator(program))) };
    } finally {
      // The link holds the program.
      kernel.close(program);
    }
  });
}

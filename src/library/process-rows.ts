/**
 * All processes at once, for programs: read as often as one likes, each row a view over what the kernel told. A member is read when it is asked
 * for, and named as in `procwatch ps --json`.
 */
import { Failure } from '../errors.ts';
import type { SnapshotKernel } from '../host/host.ts';
import { dumpClocks } from '../ps/dump-clocks.ts';
import { LIVE_TASK_FIELDS, type TaskContext, type TaskField } from '../ps/fields.ts';
import { TOLD } from '../ps/snapshot.ts';
import type { KernelDump, Task, TaskReader } from '../ps/task.ts';
import type { Processes, ProcessesRequest, ProcessRow, ProcessRows } from './processes.ts';

/** What the rows of one read have in common. */
interface Read {
  readonly reader: TaskReader;
  readonly context: TaskContext;
}

class Row {
  readonly task: Task;
  readonly read: Read;

  constructor(task: Task, read: Read) {
    this.task = task;
    this.read = read;
  }

  /** What is known by now is not read for it. */
  toJSON(): Record<string, unknown> {
    const members = LIVE_TASK_FIELDS.map(({ name, value }) => [name, value(this.task, this.read.context)]);
    return Object.fromEntries(members.filter(([, value]) => value !== undefined));
  }
}

function memberOf({ part, value }: TaskField): (this: Row) => unknown {
  if (part === undefined) {
    return function () {
      return value(this.task, this.read.context);
    };
  }
  const isTold = TOLD[part];
  return function () {
    const { task, read } = this;
    if (isTold?.(task) !== true && value(task, read.context) === undefined) read.reader.read(task, [part]);
    return value(task, read.context);
  };
}

for (const field of LIVE_TASK_FIELDS)
  Object.defineProperty(Row.prototype, field.name, { get: memberOf(field), enumerable: true });

class Rows implements ProcessRows {
  readonly length: number;
  private readonly tasks: readonly Task[];
  private readonly read: Read;

  constructor(tasks: readonly Task[], read: Read) {
    this.length = tasks.length;
    this.tasks = tasks;
    this.read = read;
  }

  /** No generator: that would cost more than the row. */
  [Symbol.iterator](): Iterator<ProcessRow> {
    const { tasks, read } = this;
    let place = 0;
    return {
      next(): IteratorResult<ProcessRow> {
        if (place === tasks.length) return { done: true, value: undefined };
        return { done: false, value: new Row(tasks[place++], read) as unknown as ProcessRow };
      },
    };
  }
}

export class OpenProcesses implements Processes {
  readonly source: 'bpf' | 'proc';
  readonly reason: string | undefined;
  private readonly kernel: SnapshotKernel;
  private readonly reader: TaskReader;
  private readonly dump: KernelDump | undefined;
  private isOpen = true;

  constructor(kernel: SnapshotKernel, { threads = false, source = 'auto' }: ProcessesRequest) {
    const opened = source === 'proc' ? { reason: 'as asked for' } : kernel.openDump({ threads });
    if ('reason' in opened && source === 'bpf')
      throw new Failure('permission', `no walk in the kernel: ${opened.reason}`);
    this.kernel = kernel;
    this.reader = kernel.reader(threads);
    this.dump = 'reason' in opened ? undefined : opened;
    this.source = 'reason' in opened ? 'proc' : 'bpf';
    this.reason = 'reason' in opened ? opened.reason : undefined;
  }

  read(): ProcessRows {
    if (!this.isOpen) throw new Failure('usage', 'openProcesses: read after close');
    const tasks = this.dump?.tasks() ?? this.reader.tasks(this.reader.pids());
    const { users, clocks } = this.kernel;
    return new Rows(tasks, {
      reader: this.reader,
      context: { ...dumpClocks(clocks()), userName: (uid) => users.name(uid) },
    });
  }

  close(): void {
    if (this.isOpen) this.dump?.close();
    this.isOpen = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

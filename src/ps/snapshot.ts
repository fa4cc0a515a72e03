/**
 * Takes a snapshot: everybody from one of the two sources, those who are selected, and of them what is asked for. Nothing is read that
 * neither selects nor is shown.
 */
import type { Image } from '../process/image.ts';
import { type Selection, Selector } from '../process/select.ts';
import { treesOf } from './kinship.ts';
import type { PsPlan } from './plan.ts';
import type { KernelDump, Part, Task, TaskReader } from './task.ts';

export interface Sources {
  /** Absent where all is to come from /proc. */
  readonly dump: KernelDump | undefined;
  readonly reader: TaskReader;
}

/** Whom the kernel's walk does not show, and who must be there: a machine's first process may be kept out of its sight. */
function unseen(tasks: readonly Task[], { dump, only }: PsPlan): readonly number[] {
  if (dump.ppid !== undefined) return [];
  const seen = new Set(tasks.map(({ pid }) => pid));
  const mustBe = only ?? [...new Set(tasks.flatMap(({ ppid }) => ppid ?? []))];
  return mustBe.filter((pid) => pid !== 0 && !seen.has(pid));
}

function candidates(plan: PsPlan, { dump, reader }: Sources): Task[] {
  if (dump === undefined) return reader.tasks(plan.only ?? reader.pids());
  const tasks = dump.tasks();
  return [...tasks, ...reader.tasks(unseen(tasks, plan))];
}

const KTHREADD = 2;

/** Parts that some sources tell unasked. */
export const TOLD: Readonly<Partial<Record<Part, (task: Task) => boolean>>> = {
  // kthreadd, the parent of all kernel threads, has this number on every machine.
  comm: ({ pid, ppid, userTicks }) => userTicks !== undefined || (ppid !== KTHREADD && pid !== KTHREADD),
  uids: ({ uid }) => uid !== undefined,
  stat: ({ userTicks }) => userTicks !== undefined,
};

function readAll(reader: TaskReader, tasks: readonly Task[], parts: readonly Part[]): void {
  if (parts.length === 0) return;
  const wishes = tasks.map((task) => ({ task, parts: parts.filter((part) => TOLD[part]?.(task) !== true) }));
  reader.readAll(wishes.filter((wish) => wish.parts.length > 0));
}

function imageOf({ comm, exe, args, uid }: Task): Image {
  return {
    comm,
    ...(exe !== undefined && { exe }),
    ...(args !== undefined && { args }),
    ...(uid !== undefined && { uid }),
  };
}

function selected(tasks: readonly Task[], plan: PsPlan, selection: Selection, reader: TaskReader): readonly Task[] {
  const { children } = plan;
  const born =
    children.length === 0 ? tasks : tasks.filter(({ ppid }) => ppid !== undefined && children.includes(ppid));
  const selector = new Selector(selection);
  if (selector.takesAll) return born;
  const trees = treesOf(tasks, [...selection.tree.wanted, ...selection.tree.unwanted]);
  const mayBe = born.filter((task) =>
    selector.mayShow({ pid: task.pid, trees: trees.get(task.pid) ?? [], image: imageOf(task) }),
  );
  readAll(reader, mayBe, plan.toSelect);
  return mayBe.filter((task) => selector.shows({ image: imageOf(task), cgroup: task.cgroup, exit: undefined }));
}

export function snapshot(plan: PsPlan, selection: Selection, sources: Sources): readonly Task[] {
  const { reader } = sources;
  const tasks = selected(candidates(plan, sources), plan, selection, reader);
  readAll(reader, tasks, plan.toShow);
  return tasks;
}

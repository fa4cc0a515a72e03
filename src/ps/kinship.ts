/** Who descends from whom in a snapshot: the trees a task belongs to, and the tasks in the order of a forest. Pure. */
import type { Task } from './task.ts';

const isLeader = ({ pid, tid }: Task): boolean => pid === tid;

/** Of a process whose parent nobody knows; no process has it. */
const NOBODY = -1;

/** By the number of the parent, each list in the order given. The parent of a thread that does not lead is, for a tree, its leader. */
function byParent(tasks: readonly Task[]): Map<number, Task[]> {
  const children = new Map<number, Task[]>();
  for (const task of tasks) {
    const parent = isLeader(task) ? (task.ppid ?? NOBODY) : task.pid;
    const siblings = children.get(parent);
    if (siblings === undefined) children.set(parent, [task]);
    else siblings.push(task);
  }
  return children;
}

/** For each process that descends from one of the roots, or is one: these roots. */
export function treesOf(tasks: readonly Task[], roots: readonly number[]): Map<number, readonly number[]> {
  const children = byParent(tasks.filter(isLeader));
  const trees = new Map<number, number[]>();
  for (const root of roots) {
    const todo = [root];
    for (let pid = todo.pop(); pid !== undefined; pid = todo.pop()) {
      const known = trees.get(pid) ?? [];
      // A snapshot is no single moment: who got a new parent meanwhile may seem to be an ancestor of himself.
      if (known.includes(root)) continue;
      trees.set(pid, [...known, root]);
      for (const child of children.get(pid) ?? []) todo.push(child.pid);
    }
  }
  return trees;
}

/** A task, and how it hangs in the forest. */
export interface Place {
  readonly task: Task;
  /** What is drawn before it. */
  readonly lead: string;
}

/** From the top down; whose parent is not among the tasks stands at the left. Siblings stay in the order given. */
export function forest(tasks: readonly Task[]): Place[] {
  const leaders = new Set(tasks.filter(isLeader).map(({ pid }) => pid));
  const children = byParent(tasks);
  const roots = tasks.filter((task) => !leaders.has(isLeader(task) ? (task.ppid ?? NOBODY) : task.pid));
  const places: Place[] = [];
  const placed = new Set<Task>();
  const todo = roots.map((task) => ({ task, lead: '', below: '' })).reverse();
  const walk = (): void => {
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const { task, lead, below } = next;
      if (placed.has(task)) continue;
      placed.add(task);
      places.push({ task, lead });
      const own = isLeader(task) ? (children.get(task.pid) ?? []) : [];
      for (let i = own.length - 1; i >= 0; i--) {
        const isLast = i === own.length - 1;
        todo.push({
          task: own[i],
          lead: `${below}${isLast ? '└─ ' : '├─ '}`,
          below: `${below}${isLast ? '   ' : '│  '}`,
        });
      }
    }
  };
  walk();
  // Those who seem to descend from themselves (see above) hang below no root.
  for (const task of tasks) {
    if (placed.has(task)) continue;
    todo.push({ task, lead: '', below: '' });
    walk();
  }
  return places;
}

/** Tasks in the order of a field, whatever its type; those of whom it is unknown come last. Pure. */
import { readable, type Text } from '../process/text.ts';
import type { TaskContext, TaskField, TaskValue } from './fields.ts';
import type { Task } from './task.ts';

export interface Sorting {
  readonly field: TaskField;
  readonly descending: boolean;
}

type Key = number | string | undefined;

function keyOf(value: TaskValue): Key {
  if (value === undefined || typeof value === 'number') return value;
  if (value === true) return 1;
  return Array.isArray(value) ? value.map(readable).join(' ') : readable(value as Text);
}

/** By code units: the same order in every locale. */
const compare = (a: number | string, b: number | string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Where the field is equal, by machine, pid and tid. */
export function sorted(tasks: readonly Task[], sorting: Sorting | undefined, context: TaskContext): Task[] {
  const byId = (a: Task, b: Task): number =>
    (a.host === b.host ? 0 : compare(a.host ?? '', b.host ?? '')) || a.pid - b.pid || a.tid - b.tid;
  if (sorting === undefined) return [...tasks].sort(byId);
  const sign = sorting.descending ? -1 : 1;
  return tasks
    .map((task) => ({ task, key: keyOf(sorting.field.value(task, context)) }))
    .sort((a, b) => {
      if (a.key === undefined || b.key === undefined) {
        return Number(a.key === undefined) - Number(b.key === undefined) || byId(a.task, b.task);
      }
      return sign * compare(a.key, b.key) || byId(a.task, b.task);
    })
    .map(({ task }) => task);
}

/** Who comes above a process in the table. */
import type { Ancestor } from './record.ts';
import type { Proc, ProcessTable } from './table.ts';
import type { Text } from './text.ts';

const ANCESTRY_LIMIT = 64;

/** The parent a process was born to, or had when it was read. Once that one has ended, another has taken over, unknown which. */
export function livingParent(table: ProcessTable, proc: Proc): number | undefined {
  if (proc.ppid === undefined || proc.ppid === 0) return undefined;
  const parent = table.get(proc.ppid);
  return parent?.ended ? undefined : proc.ppid;
}

/** From the parent up, as far as the table knows. */
export function ancestryOf(
  table: ProcessTable,
  commOf: (proc: Proc) => Text | undefined,
  ppid: number | undefined,
  child: Proc,
): Ancestor[] {
  const ancestors: Ancestor[] = [];
  for (let pid = ppid, of = child; pid !== undefined && ancestors.length < ANCESTRY_LIMIT; ) {
    const parent = table.named(pid, of);
    ancestors.push({ pid, comm: parent && commOf(parent) });
    if (parent === undefined) break;
    pid = livingParent(table, parent);
    of = parent;
  }
  return ancestors;
}

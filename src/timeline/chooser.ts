/** Which records of a recording were asked for: the selection of a watch, with the membership of trees kept from the records themselves. */
import type { ProcessRecord } from '../process/record.ts';
import { type Selection, Selector } from '../process/select.ts';

/** To be asked of every record, in their order. */
export function chooserOf(selection: Selection): (record: ProcessRecord) => boolean {
  const selector = new Selector(selection);
  if (selector.takesAll) return () => true;
  const trees = new Trees([...selection.tree.wanted, ...selection.tree.unwanted]);
  return (record) => {
    const known = { pid: record.pid, trees: trees.of(record), image: record.image };
    return selector.mayShow(known) && selector.shows(record);
  };
}

const NONE: readonly number[] = [];

class Trees {
  private readonly roots: ReadonlySet<number>;
  /** Of those alive. */
  private readonly members = new Map<number, readonly number[]>();

  constructor(roots: readonly number[]) {
    this.roots = new Set(roots);
  }

  of({ event, pid, ppid, ancestry = [], thread }: ProcessRecord): readonly number[] {
    if (this.roots.size === 0) return NONE;
    const known = event === 'fork' ? undefined : this.members.get(pid);
    const above = [ppid, ...ancestry.map((one) => one.pid)].flatMap((one) =>
      one === undefined ? [] : this.rootsOf(one),
    );
    const trees = known ?? [...new Set([...above, ...this.own(pid)])];
    if (event === 'exit' && !thread) this.members.delete(pid);
    else if (trees.length > 0) this.members.set(pid, trees);
    else this.members.delete(pid);
    return trees;
  }

  private own(pid: number): readonly number[] {
    return this.roots.has(pid) ? [pid] : NONE;
  }

  private rootsOf(pid: number): readonly number[] {
    return this.members.get(pid) ?? this.own(pid);
  }
}

/** The state: who is there at one moment, as records. A recording begins with it, so that names and trees are whole without the machine. */
import { livingParent } from './ancestry.ts';
import type { Moment } from './moment.ts';
import type { ProcessRecord } from './record.ts';
import { type Selection, Selector } from './select.ts';
import type { Subjects } from './subjects.ts';
import type { Proc } from './table.ts';
import { unheard } from './teller.ts';

/** Where states come from: the table, and whom to ask for what it leaves out. */
type Known = Pick<Subjects, 'table' | 'imageOf' | 'cgroupOf' | 'parentComm'>;

const NOTHING = { wanted: [], unwanted: [] };

/** How somebody will end is no reason to leave him out. */
const withoutEnds = (selection: Selection): Selection => ({ ...selection, code: NOTHING, signal: NOTHING });

/** Now: once it has ended another has taken over, unknown which. The first processes have none. */
const parentOf = (proc: Proc, { table }: Known): number | undefined =>
  proc.ppid === 0 ? 0 : livingParent(table, proc);

function aliveOf(proc: Proc, known: Known, at: Moment, wantsCgroup: boolean): ProcessRecord {
  const ppid = parentOf(proc, known);
  return {
    ...unheard('found', proc.pid, known.imageOf(proc), at),
    event: 'alive',
    inferred: false,
    ppid,
    parentComm: ppid === undefined ? undefined : known.parentComm(ppid, proc),
    imageOf: proc.imageOf,
    cgroup: wantsCgroup ? known.cgroupOf(proc) : undefined,
    start: proc.start,
  };
}

/** Of those above a selected tree nobody learns more than how it hangs together. */
function aboveOf(proc: Proc, known: Known, at: Moment): ProcessRecord {
  const { comm } = known.imageOf(proc);
  const image = comm === undefined ? {} : { comm };
  return { ...unheard('found', proc.pid, image, at), event: 'alive', inferred: false, ppid: parentOf(proc, known) };
}

function* ancestorsOf(proc: Proc, { table }: Known): Generator<Proc> {
  const seen = new Set([proc]);
  for (let at = table.parentOf(proc); at !== undefined && !seen.has(at); at = table.parentOf(at)) {
    seen.add(at);
    yield at;
  }
}

/** Those who are selected, and the ancestors of selected trees. */
export function stateOf(known: Known, at: Moment, selection: Selection, wantsCgroup: boolean): ProcessRecord[] {
  const selector = new Selector(withoutEnds(selection));
  const records: ProcessRecord[] = [];
  const above = new Set<Proc>();
  const told = new Set<Proc>();
  for (const proc of known.table.all()) {
    if (proc.ended || !selector.mayShow(proc)) continue;
    const record = aliveOf(proc, known, at, wantsCgroup);
    if (!selector.shows(record)) continue;
    told.add(proc);
    records.push(record);
    if (selection.tree.wanted.includes(proc.pid)) for (const one of ancestorsOf(proc, known)) above.add(one);
  }
  const others = [...above].filter((proc) => !told.has(proc) && !proc.ended);
  return [...others.map((proc) => aboveOf(proc, known, at)), ...records];
}

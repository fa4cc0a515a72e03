/** From the options of `ps` to what it means: which tasks, what must be read for them and when, and how they are shown. Pure. */
import { Failure } from '../errors.ts';
import type { Selection } from '../process/select.ts';
import { defaultColumns, type GroupName, TASK_FIELDS, type TaskField, taskField, treeColumns } from './fields.ts';
import type { Sorting } from './sort.ts';
import type { DumpSelection, Part } from './task.ts';

export const PS_FORMATS = ['pretty', 'table', 'json'] as const;
export type PsFormat = (typeof PS_FORMATS)[number];

/** What of the command line matters here. */
export interface PsRequest {
  readonly all: boolean;
  readonly children: readonly number[];
  readonly threads: boolean;
  readonly show: readonly GroupName[];
  readonly format: PsFormat | undefined;
  readonly json: boolean;
  readonly columns: readonly string[] | undefined;
  readonly sort: { readonly name: string; readonly descending: boolean } | undefined;
}

export interface PsPlan {
  readonly format: PsFormat;
  /** Columns, or members. */
  readonly fields: readonly TaskField[];
  readonly sorting: Sorting | undefined;
  readonly threads: boolean;
  readonly children: readonly number[];
  /** What the kernel's walk is to be confined to. */
  readonly dump: DumpSelection;
  /** The only ones to be looked at; undefined where nobody can be left out beforehand. */
  readonly only: readonly number[] | undefined;
  /** To be read of whom ids and parents select, to select by it. */
  readonly toSelect: readonly Part[];
  /** To be read of whom is shown. */
  readonly toShow: readonly Part[];
  /** Processes that are named, and ought to be there. */
  readonly named: readonly number[];
}

function formatOf({ format, json, columns }: PsRequest, isTerminal: boolean): PsFormat {
  if (json && format !== undefined && format !== 'json') {
    throw new Failure('usage', `--json and --format ${format} contradict each other`);
  }
  if (json) return 'json';
  if (format === 'pretty' && columns !== undefined) {
    throw new Failure('usage', '--columns is for the formats table and json', 'leave --format pretty out');
  }
  return format ?? (isTerminal && columns === undefined ? 'pretty' : 'table');
}

function fieldsOf(format: PsFormat, { columns, show, threads }: PsRequest): readonly TaskField[] {
  if (columns !== undefined) return columns.map(taskField);
  if (format === 'json') return TASK_FIELDS.filter(({ group }) => show.includes(group));
  return format === 'pretty' ? treeColumns(show, threads) : defaultColumns(show, threads);
}

const isAsked = ({ wanted, unwanted }: { wanted: readonly unknown[]; unwanted: readonly unknown[] }): boolean =>
  wanted.length + unwanted.length > 0;

/** The names a process goes by are its comm and the base names of its program and of its first argument. */
function partsToSelect({ uid, name, grep, cgroup }: Selection): Part[] {
  const parts = new Set<Part>();
  if (isAsked(uid)) parts.add('uids');
  if (isAsked(name)) parts.add('comm').add('exe').add('cmdline');
  if (isAsked(grep)) parts.add('cmdline');
  if (isAsked(cgroup)) parts.add('cgroup');
  return [...parts];
}

function partsToShow(
  fields: readonly TaskField[],
  sorting: Sorting | undefined,
  tree: boolean,
  request: PsRequest,
): Part[] {
  const shown = [...fields, ...(sorting === undefined ? [] : [sorting.field])].flatMap(({ part }) => part ?? []);
  const parts = new Set<Part>(shown);
  if (tree && request.show.includes('args')) parts.add('cmdline');
  if (tree) parts.add('comm');
  // The same file.
  if (parts.has('status')) parts.delete('uids');
  return [...parts];
}

function dumpOf(request: PsRequest, { pid, tree }: Selection): DumpSelection {
  const { threads, children } = request;
  // A tree is known only to who knows everybody.
  if (isAsked(tree)) return { threads };
  return {
    threads,
    ...(children.length === 1 && { ppid: children[0] }),
    ...(pid.wanted.length === 1 && { pid: pid.wanted[0] }),
  };
}

export function planPs(request: PsRequest, selection: Selection, isTerminal: boolean): PsPlan {
  const { children, threads, sort } = request;
  const named = [...new Set([...children, ...selection.pid.wanted, ...selection.tree.wanted])];
  if (request.all && named.length > 0) {
    throw new Failure('usage', '--all and the choice of some contradict each other', 'leave --all out');
  }
  const format = formatOf(request, isTerminal);
  const fields = fieldsOf(format, request);
  const toSelect = partsToSelect(selection);
  const sorting = sort && { field: taskField(sort.name), descending: sort.descending };
  return {
    format,
    fields,
    sorting,
    threads,
    children,
    dump: dumpOf(request, selection),
    only: selection.pid.wanted.length > 0 && !isAsked(selection.tree) ? selection.pid.wanted : undefined,
    toSelect,
    toShow: partsToShow(fields, sorting, format === 'pretty', request).filter((part) => !toSelect.includes(part)),
    named,
  };
}

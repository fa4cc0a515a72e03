/**
 * A whole snapshot as text: a table, the same as a tree, or JSON Lines. Columns are as wide as what stands in them; a line is cut only
 * where it goes to a terminal.
 */
import { commandLine, escapeText } from '../format/escape.ts';
import { SCHEMA_VERSION, writeList, writeText } from '../format/json.ts';
import { LineBuffer } from '../format/line-buffer.ts';
import { palette } from '../format/palette.ts';
import { cut, pad, widthOf } from '../format/width.ts';
import type { Text } from '../process/text.ts';
import type { TaskContext, TaskField, TaskValue } from './fields.ts';
import { forest } from './kinship.ts';
import type { Task } from './task.ts';

export interface Look {
  readonly fields: readonly TaskField[];
  readonly colour: boolean;
  /** Of the terminal; undefined where the output is none. */
  readonly width: number | undefined;
}

const GAP = '  ';

interface Column {
  readonly head: string;
  readonly align: 'left' | 'right';
  readonly cells: readonly string[];
}

function cellOf(field: TaskField, task: Task, context: TaskContext): string {
  if (field.cell !== undefined) return field.cell(task, context);
  const value = field.value(task, context);
  if (value === undefined) return '';
  if (field.type === 'number') return (value as number).toFixed(2);
  return typeof value === 'number' || value === true ? String(value) : escapeText(value as Text);
}

const column = (field: TaskField, tasks: readonly Task[], context: TaskContext): Column => ({
  head: field.name.toUpperCase(),
  align: field.type === 'integer' || field.type === 'number' ? 'right' : 'left',
  cells: tasks.map((task) => cellOf(field, task, context)),
});

function draw(columns: readonly Column[], { colour, width }: Look): string {
  const last = columns.length - 1;
  const widths = columns.map(({ head, cells }, i) =>
    i === last ? 0 : cells.reduce((most, cell) => Math.max(most, widthOf(cell)), head.length),
  );
  const line = (cell: (column: Column) => string): string => {
    const whole = columns
      .map((one, i) => (i === last && one.align === 'left' ? cell(one) : pad(cell(one), widths[i], one.align)))
      .join(GAP)
      .trimEnd();
    return width === undefined ? whole : cut(whole, width);
  };
  const lines = [palette(colour).dim(line(({ head }) => head))];
  const count = columns[0]?.cells.length ?? 0;
  for (let row = 0; row < count; row++) lines.push(line(({ cells }) => cells[row]));
  return `${lines.join('\n')}\n`;
}

export function asTable(tasks: readonly Task[], context: TaskContext, look: Look): string {
  return draw(
    look.fields.map((field) => column(field, tasks, context)),
    look,
  );
}

/** The arguments where they were asked for and are known, else the name; a thread that does not lead is its name in braces. */
function commandOf({ pid, tid, args, argsTotal, comm }: Task): string {
  const name = comm === undefined ? '?' : escapeText(comm);
  if (pid !== tid) return `{${name}}`;
  return args === undefined ? name : commandLine(args, argsTotal);
}

function byMachine(tasks: readonly Task[]): Task[][] {
  const machines = new Map<string | undefined, Task[]>();
  for (const task of tasks) {
    const others = machines.get(task.host);
    if (others === undefined) machines.set(task.host, [task]);
    else others.push(task);
  }
  return [...machines.values()];
}

/** Numbers of processes mean nothing beyond a machine: each has a forest of its own. */
export function asTree(tasks: readonly Task[], context: TaskContext, look: Look): string {
  const places = byMachine(tasks).flatMap(forest);
  const inOrder = places.map(({ task }) => task);
  const tree: Column = {
    head: 'COMMAND',
    align: 'left',
    cells: places.map(({ task, lead }) => lead + commandOf(task)),
  };
  return draw([...look.fields.map((field) => column(field, inOrder, context)), tree], look);
}

function writeMember(out: LineBuffer, key: string, type: TaskField['type'], value: NonNullable<TaskValue>): void {
  if (type === 'string') return writeText(out, key, value as Text);
  if (type === 'strings') return writeList(out, key, value as readonly Text[]);
  out.ascii(key);
  if (type === 'boolean') out.ascii('true');
  else if (type === 'integer') out.integer(value as number);
  else out.decimal(value as number);
}

/** The version of the field names, as in the records of watch. */
const HEAD = `{"v":${SCHEMA_VERSION}`;

/** One flat object a line; absent means unknown. */
export function asJson(tasks: readonly Task[], context: TaskContext, fields: readonly TaskField[]): Uint8Array {
  const out = new LineBuffer();
  const members = fields.map(({ name, type, value }) => ({ key: `,"${name}":`, type, value }));
  for (const task of tasks) {
    out.ascii(HEAD);
    for (const { key, type, value } of members) {
      const found = value(task, context);
      if (found !== undefined) writeMember(out, key, type, found);
    }
    out.ascii('}\n');
  }
  return out.take();
}

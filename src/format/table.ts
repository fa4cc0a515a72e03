/**
 * Streamed rows under a header, with the columns of the field table. On a terminal cells are cut to their column and the header comes
 * again for each screen; elsewhere no cell is cut and the header comes once.
 */
import { plus } from '../process/moment.ts';
import type { ProcessRecord, StreamRecord } from '../process/record.ts';
import { escapeText } from './escape.ts';
import type { Field, FieldContext } from './field.ts';
import { cellOf } from './fields.ts';
import type { Formatter } from './formatter.ts';
import type { LineBuffer } from './line-buffer.ts';
import { type Paint, palette } from './palette.ts';
import { localTime } from './times.ts';
import { cut, pad, widthOf } from './width.ts';

export interface TableOptions {
  readonly columns: readonly Field[];
  /** Names of those that a narrow window may go without, the first first. */
  readonly spareColumns?: readonly string[];
  /** To be added where records of several machines stand beside each other; absent where the columns were chosen. */
  readonly hostColumn?: Field | undefined;
  readonly colour: boolean;
  /** Undefined where the output is no terminal. */
  readonly screen: () => { readonly width: number; readonly height: number } | undefined;
}

const GAP = '  ';
/** Less of the last column tells nothing. */
const LEAST_OF_LAST = 12;

const widthOfColumn = ({ name, column }: Field): number => Math.max(column.width, name.length);

/** Of a number decimals are left out; a whole one is never cut. */
function fitted({ type }: Field, text: string, room: number): string {
  if (type !== 'number' && type !== 'integer') return cut(text, room);
  const point = text.indexOf('.');
  return point < 0 || point >= room ? text : text.slice(0, room).replace(/\.$/, '');
}

/** The columns that a window of this width has room for. */
function columnsWithin(columns: readonly Field[], spare: readonly string[], width: number): readonly Field[] {
  const all = columns.map((field, i) =>
    i === columns.length - 1 ? Math.min(LEAST_OF_LAST, widthOfColumn(field)) : widthOfColumn(field) + GAP.length,
  );
  const [first] = spare;
  if (first === undefined || all.reduce((sum, one) => sum + one, 0) <= width) return columns;
  const fewer = columns.filter(({ name }) => name !== first);
  return columnsWithin(fewer, spare.slice(1), width);
}

/** Behind the time, where it is not among the columns already. */
function withHost({ columns, hostColumn }: TableOptions, { tellsHosts }: FieldContext): readonly Field[] {
  if (!tellsHosts || hostColumn === undefined || columns.includes(hostColumn)) return columns;
  return columns.flatMap((field, i) => (i === 0 ? [field, hostColumn] : field));
}

export class TableFormatter implements Formatter {
  private readonly context: FieldContext;
  private readonly options: TableOptions;
  private readonly dim: Paint;
  private readonly warning: Paint;
  private rowsOnScreen = 0;
  /** Those that were asked for, and the machine's where there are several and nobody has chosen. */
  private columns: readonly Field[];
  private fitting: { readonly width: number; readonly columns: readonly Field[] } | undefined;

  constructor(context: FieldContext, options: TableOptions) {
    this.context = context;
    this.options = options;
    this.columns = withHost(options, context);
    ({ dim: this.dim, warning: this.warning } = palette(options.colour));
  }

  header(): string {
    return `${this.dim(this.row((field) => field.name.toUpperCase()))}\n`;
  }

  write(record: StreamRecord, out: LineBuffer): void {
    out.text(this.format(record));
  }

  format(record: StreamRecord): string {
    if ('pid' in record) return this.again() + this.processRow(record);
    if (record.event !== 'lost') return '';
    const time = localTime(plus(record.at, this.context.wallOffset));
    const count = record.count === undefined ? 'unknown number' : String(record.count);
    const { host } = this.context;
    const where = host === undefined ? '' : `${escapeText(host)}${GAP}`;
    return `${this.again()}${this.warning(`${time}${GAP}${where}lost${GAP}${count}${GAP}${record.reason}`)}\n`;
  }

  private processRow(record: ProcessRecord): string {
    return `${this.row((field) => cellOf(field, record, this.context))}\n`;
  }

  /** The header, when the one before has scrolled off, and where there are several machines from now on. */
  private again(): string {
    const columns = withHost(this.options, this.context);
    if (columns.length > this.columns.length) {
      this.columns = columns;
      this.fitting = undefined;
      this.rowsOnScreen = 1;
      return this.header();
    }
    const screen = this.options.screen();
    if (screen === undefined || ++this.rowsOnScreen < screen.height) return '';
    this.rowsOnScreen = 1;
    return this.header();
  }

  private columnsOn(width: number | undefined): readonly Field[] {
    const { columns } = this;
    const { spareColumns = [] } = this.options;
    if (width === undefined) return columns;
    if (this.fitting?.width !== width) {
      this.fitting = { width, columns: columnsWithin(columns, spareColumns, width) };
    }
    return this.fitting.columns;
  }

  private row(cell: (field: Field) => string): string {
    const screen = this.options.screen();
    const columns = this.columnsOn(screen?.width);
    const last = columns.length - 1;
    let line = '';
    columns.forEach((field, i) => {
      const { align } = field.column;
      const width = widthOfColumn(field);
      const text = cell(field);
      const room = screen && (i === last ? screen.width - widthOf(line) : width);
      const shown = room === undefined ? text : fitted(field, text, room);
      line += i === last ? shown : pad(shown, width, align) + GAP;
    });
    return screen === undefined ? line.trimEnd() : cut(line, screen.width).trimEnd();
  }
}

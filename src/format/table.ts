/**
 * Streamed rows under a header, with the columns of the field table. On a terminal cells are cut to their column and the header comes
 * again for each screen; elsewhere no cell is cut and the header comes once.
 */
import { plus } from '../process/moment.ts';
import type { ProcessRecord, StreamRecord } from '../process/record.ts';
import { cellOf, type Field, type FieldContext } from './fields.ts';
import type { Formatter } from './formatter.ts';
import type { LineBuffer } from './line-buffer.ts';
import { type Paint, palette } from './palette.ts';
import { localTime } from './times.ts';
import { cut, pad, widthOf } from './width.ts';

export interface TableOptions {
  readonly columns: readonly Field[];
  readonly colour: boolean;
  /** Undefined where the output is no terminal. */
  readonly screen: () => { readonly width: number; readonly height: number } | undefined;
}

const GAP = '  ';

export class TableFormatter implements Formatter {
  private readonly context: FieldContext;
  private readonly options: TableOptions;
  private readonly dim: Paint;
  private readonly warning: Paint;
  private rowsOnScreen = 0;

  constructor(context: FieldContext, options: TableOptions) {
    this.context = context;
    this.options = options;
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
    return `${this.again()}${this.warning(`${time}${GAP}lost${GAP}${count}${GAP}${record.reason}`)}\n`;
  }

  private processRow(record: ProcessRecord): string {
    return `${this.row((field) => cellOf(field, record, this.context))}\n`;
  }

  /** The header, when the one before has scrolled off. */
  private again(): string {
    const screen = this.options.screen();
    if (screen === undefined || ++this.rowsOnScreen < screen.height) return '';
    this.rowsOnScreen = 1;
    return this.header();
  }

  private row(cell: (field: Field) => string): string {
    const { columns } = this.options;
    const screen = this.options.screen();
    const last = columns.length - 1;
    let line = '';
    columns.forEach((field, i) => {
      const { align } = field.column;
      const width = Math.max(field.column.width, field.name.length);
      const text = cell(field);
      const room = screen && (i === last ? screen.width - widthOf(line) : width);
      const shown = room === undefined ? text : cut(text, room);
      line += i === last ? shown : pad(shown, width, align) + GAP;
    });
    return screen === undefined ? line.trimEnd() : cut(line, screen.width).trimEnd();
  }
}

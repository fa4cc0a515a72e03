/** JSON of records that were read: as of those just made, and what we do not know of them is passed on as it was. */
import type { FieldContext } from '../format/field.ts';
import type { Formatter } from '../format/formatter.ts';
import { JsonFormatter } from '../format/json.ts';
import { LineBuffer } from '../format/line-buffer.ts';
import type { StreamRecord } from '../process/record.ts';
import type { ReadRecord } from './row.ts';

/** What closes a line. */
const TAIL = '}\n';

export class ReplayedJson implements Formatter {
  private readonly json: JsonFormatter;

  constructor(context: FieldContext) {
    this.json = new JsonFormatter(context);
  }

  format(record: StreamRecord): string {
    const out = new LineBuffer();
    this.write(record, out);
    return out.takeText();
  }

  write(record: StreamRecord, out: LineBuffer): void {
    this.json.write(record, out);
    const others = 'told' in record ? (record as ReadRecord).told.others : '';
    if (others === '') return;
    out.advance(out.length - TAIL.length);
    out.text(others + TAIL);
  }
}

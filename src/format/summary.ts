/** The summary at the end of a watch: what was counted, by event and by command. Bounded however many commands there are. */
import type { StreamRecord } from '../process/record.ts';
import { readable } from '../process/text.ts';
import { escapeText } from './escape.ts';
import { plainTable } from './plain-table.ts';

/** Commands counted each on its own; what comes after goes to "other". */
const COMMAND_LIMIT = 10_000;
const TOP = 15;
const OTHER = '(other)';
const UNKNOWN = '(unknown)';

interface Counts {
  readonly [event: string]: number;
}

export class Summary {
  private readonly byEvent = new Map<string, number>();
  private readonly byCommand = new Map<string, Record<string, number>>();
  private lost = 0;

  count(record: StreamRecord): void {
    if (record.event === 'lost') this.lost += record.count ?? 0;
    if (!('pid' in record)) return;
    this.byEvent.set(record.event, (this.byEvent.get(record.event) ?? 0) + 1);
    const { comm } = record.image;
    let command = comm === undefined ? UNKNOWN : readable(comm);
    if (!this.byCommand.has(command) && this.byCommand.size >= COMMAND_LIMIT) command = OTHER;
    const counts = this.byCommand.get(command) ?? {};
    counts[record.event] = (counts[record.event] ?? 0) + 1;
    this.byCommand.set(command, counts);
  }

  render(): string {
    const events = [...this.byEvent.keys()];
    const total = (counts: Counts): number => Object.values(counts).reduce((sum, n) => sum + n, 0);
    const rows = [...this.byCommand].sort(([, a], [, b]) => total(b) - total(a));
    const table = plainTable(['COMMAND', ...events.map((event) => event.toUpperCase()), 'TOTAL']);
    for (const [command, counts] of rows.slice(0, TOP)) {
      table.push([escapeText(command), ...events.map((event) => counts[event] ?? 0), total(counts)]);
    }
    if (rows.length > TOP) {
      const rest = rows.slice(TOP);
      const sum = (event: string): number => rest.reduce((n, [, counts]) => n + (counts[event] ?? 0), 0);
      table.push([`and ${rest.length} more`, ...events.map(sum), rest.reduce((n, [, counts]) => n + total(counts), 0)]);
    }
    const all = [...this.byEvent.values()];
    table.push(['all', ...all, all.reduce((sum, n) => sum + n, 0)]);
    return `${table.toString()}\nlost: ${this.lost}\n`;
  }
}

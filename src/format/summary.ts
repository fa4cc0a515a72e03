/**
 * The summary at the end of a watch: what was counted, by event and by command, how it failed, which lives were the longest and which
 * cost the most, and what was lost. Bounded however many commands there are.
 */
import type { EndCause } from '../cause/end-cause.ts';
import type { LossReason, ProcessRecord, StreamRecord } from '../process/record.ts';
import { readable } from '../process/text.ts';
import { inWords } from '../process/wait-status.ts';
import { commandLine, escapeText } from './escape.ts';
import { plainTable } from './plain-table.ts';
import { humanDuration } from './times.ts';
import { TopList } from './top-list.ts';
import { cpuInWords, kibInWords } from './usage-in-words.ts';
import { cut } from './width.ts';

/** Commands counted each on its own; what comes after goes to "other". */
const COMMAND_LIMIT = 10_000;
const TOP_COMMANDS = 15;
const TOP_FAILURES = 10;
const TOP_LIVES = 5;
const COMMAND_WIDTH = 60;
const OTHER = '(other)';
const UNKNOWN = '(unknown)';

interface Counts {
  readonly [event: string]: number;
}

/** What is kept of a life that may be among the longest or the most expensive. */
interface Life {
  readonly pid: number;
  readonly command: string;
  readonly seconds: number | undefined;
  readonly cpuNanos: number | undefined;
  readonly cpuIsLowerBound: boolean;
  readonly maxRssKib: number | undefined;
}

/** Ends of the same status and cause. */
interface Failures {
  readonly end: string;
  readonly cause: string | undefined;
  count: number;
}

const FAILURE_COLUMNS: ('left' | 'right')[] = ['left', 'right', 'left'];

const total = (counts: Counts): number => Object.values(counts).reduce((sum, n) => sum + n, 0);

/** Made only of the few that are shown: the text is foreign and may be long. */
function commandOf({ image }: ProcessRecord): string {
  if (image.args !== undefined) return cut(commandLine(image.args, image.argsTotal), COMMAND_WIDTH);
  return image.comm === undefined ? UNKNOWN : `[${escapeText(image.comm)}]`;
}

function lifeOf(record: ProcessRecord): Life {
  const { duration, usage } = record.exit ?? {};
  return {
    pid: record.pid,
    get command() {
      return commandOf(record);
    },
    seconds: duration?.seconds,
    cpuNanos: usage?.cpuNanos,
    cpuIsLowerBound: usage?.cpuIsLowerBound ?? false,
    maxRssKib: usage?.maxRssKib,
  };
}

export class Summary {
  private readonly byEvent = new Map<string, number>();
  private readonly byCommand = new Map<string, Record<string, number>>();
  private readonly failures = new Map<string, Failures>();
  private readonly killers = new Map<string, number>();
  private readonly longest = new TopList<Life>(TOP_LIVES, ({ seconds }) => seconds ?? 0);
  private readonly expensive = new TopList<Life>(TOP_LIVES, ({ cpuNanos }) => cpuNanos ?? 0);
  private readonly lost = new Map<LossReason, number>();
  private hasGap = false;

  count(record: StreamRecord): void {
    if (record.event === 'lost') {
      if (record.count === undefined) this.hasGap = true;
      else this.lost.set(record.reason, (this.lost.get(record.reason) ?? 0) + record.count);
    }
    if (!('pid' in record)) return;
    this.byEvent.set(record.event, (this.byEvent.get(record.event) ?? 0) + 1);
    this.countCommand(record);
    if (record.event === 'exit' && !record.thread) this.countEnd(record);
  }

  private countCommand({ event, image }: ProcessRecord): void {
    let command = image.comm === undefined ? UNKNOWN : readable(image.comm);
    if (!this.byCommand.has(command) && this.byCommand.size >= COMMAND_LIMIT) command = OTHER;
    const counts = this.byCommand.get(command) ?? {};
    counts[event] = (counts[event] ?? 0) + 1;
    this.byCommand.set(command, counts);
  }

  private countEnd(record: ProcessRecord): void {
    const { waitStatus, duration, usage, cause } = record.exit ?? {};
    // There are no more kinds of failure than a status has values, times the causes there are.
    if (waitStatus !== undefined && waitStatus !== 0) {
      this.countFailure(waitStatus, cause);
    }
    if (duration === undefined && usage === undefined) return;
    const life = lifeOf(record);
    if (duration !== undefined) this.longest.add(life);
    if (usage?.cpuNanos !== undefined) this.expensive.add(life);
  }

  private countFailure(waitStatus: number, cause: EndCause | undefined): void {
    const key = `${waitStatus} ${cause?.cause}`;
    const failures = this.failures.get(key) ?? { end: inWords(waitStatus), cause: cause?.cause, count: 0 };
    failures.count++;
    this.failures.set(key, failures);
    if (cause?.sender === undefined || cause.sender.isItself) return;
    let killer = readable(cause.sender.comm);
    if (!this.killers.has(killer) && this.killers.size >= COMMAND_LIMIT) killer = OTHER;
    this.killers.set(killer, (this.killers.get(killer) ?? 0) + 1);
  }

  render(): string {
    const sections = [
      this.commands(),
      this.failuresByStatus(),
      this.killersByName(),
      this.longestLives(),
      this.mostExpensive(),
    ];
    return `${sections.filter((text) => text !== '').join('\n\n')}\n${this.losses()}`;
  }

  private commands(): string {
    const events = [...this.byEvent.keys()];
    const rows = [...this.byCommand].sort(([, a], [, b]) => total(b) - total(a));
    const table = plainTable(['COMMAND', ...events.map((event) => event.toUpperCase()), 'TOTAL']);
    for (const [command, counts] of rows.slice(0, TOP_COMMANDS)) {
      table.push([escapeText(command), ...events.map((event) => counts[event] ?? 0), total(counts)]);
    }
    if (rows.length > TOP_COMMANDS) {
      const rest = rows.slice(TOP_COMMANDS);
      const sum = (event: string): number => rest.reduce((n, [, counts]) => n + (counts[event] ?? 0), 0);
      table.push([`and ${rest.length} more`, ...events.map(sum), rest.reduce((n, [, counts]) => n + total(counts), 0)]);
    }
    const all = [...this.byEvent.values()];
    table.push(['all', ...all, all.reduce((sum, n) => sum + n, 0)]);
    return table.toString();
  }

  private failuresByStatus(): string {
    const rows = [...this.failures.values()].sort((a, b) => b.count - a.count);
    if (rows.length === 0) return '';
    const isExplained = rows.some(({ cause }) => cause !== undefined);
    const table = plainTable(isExplained ? ['FAILURE', 'COUNT', 'CAUSE'] : ['FAILURE', 'COUNT'], FAILURE_COLUMNS);
    const push = (end: string, count: number, cause: string): void => {
      table.push(isExplained ? [end, count, cause] : [end, count]);
    };
    for (const { end, count, cause } of rows.slice(0, TOP_FAILURES)) push(end, count, cause ?? '');
    const rest = rows.slice(TOP_FAILURES);
    if (rest.length > 0)
      push(
        `and ${rest.length} more`,
        rest.reduce((sum, { count }) => sum + count, 0),
        '',
      );
    return withoutTails(table.toString());
  }

  private killersByName(): string {
    const rows = [...this.killers].sort(([, a], [, b]) => b - a);
    if (rows.length === 0) return '';
    const table = plainTable(['KILLED BY', 'COUNT']);
    for (const [name, count] of rows.slice(0, TOP_FAILURES)) table.push([escapeText(name), count]);
    return table.toString();
  }

  private longestLives(): string {
    const lives = this.longest.items;
    if (lives.length === 0) return '';
    const table = plainTable(['LONGEST', 'PID', 'COMMAND'], ['right', 'right', 'left']);
    for (const { seconds, pid, command } of lives) table.push([humanDuration(seconds ?? 0), pid, command]);
    return withoutTails(table.toString());
  }

  private mostExpensive(): string {
    const lives = this.expensive.items;
    if (lives.length === 0) return '';
    const table = plainTable(['MOST CPU', 'MEMORY', 'PID', 'COMMAND'], ['right', 'right', 'right', 'left']);
    for (const life of lives) {
      const memory = life.maxRssKib === undefined ? '' : kibInWords(life.maxRssKib);
      table.push([cpuInWords(life), memory, life.pid, life.command]);
    }
    return withoutTails(table.toString());
  }

  private losses(): string {
    const counts = [...this.lost.values()].reduce((sum, n) => sum + n, 0);
    const reasons = [...this.lost].map(([reason, count]) => `${count} ${reason}`);
    const gap = this.hasGap ? ['an unknown number while the kernel sent nothing'] : [];
    // The usual reason needs no name.
    const isUsual = this.lost.size === 0 || (this.lost.size === 1 && this.lost.has('overrun'));
    const details = isUsual ? gap : [...reasons, ...gap];
    return `lost: ${counts}${details.length === 0 ? '' : ` (${details.join(', ')})`}\n`;
  }
}

/** The last column is padded by the table, which nobody needs. */
const withoutTails = (text: string): string => text.replace(/ +$/gm, '');

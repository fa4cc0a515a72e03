/**
 * For people: one line an event, aligned, coloured by what happened, the end of a process in words. On a terminal the line is cut to
 * its width; elsewhere it is whole. Every foreign text in it is escaped.
 */
import type { Missing } from '../process/image.ts';
import { plus } from '../process/moment.ts';
import type {
  LossReason,
  LostRecord,
  ProcessEnd,
  ProcessEventName,
  ProcessRecord,
  StreamRecord,
} from '../process/record.ts';
import { outcomeOf } from '../process/wait-status.ts';
import { failedInWords } from './attempt-in-words.ts';
import { endInWords } from './cause-in-words.ts';
import { commandLine, escapeText } from './escape.ts';
import type { FieldContext } from './field.ts';
import type { Formatter } from './formatter.ts';
import type { LineBuffer } from './line-buffer.ts';
import { type Paint, type Palette, palette } from './palette.ts';
import { humanDuration, localTime } from './times.ts';
import { usageInWords } from './usage-in-words.ts';
import { cut, pad, widthOf } from './width.ts';

export interface PrettyOptions {
  readonly colour: boolean;
  /** Cells of the terminal; undefined where lines are not cut. Read for each line, since windows are resized. */
  readonly width: () => number | undefined;
  readonly header: boolean;
}

/** A run of text in one style. */
interface Span {
  readonly text: string;
  readonly paint?: Paint;
}

const WIDTHS = { time: 12, host: 12, event: 8, pid: 7, parent: 18, user: 8 } as const;
const GAP = '  ';
/** Where the name is too long for its column. */
const EVENT_LABEL: Readonly<Partial<Record<ProcessEventName, string>>> = { 'exec-failed': 'failed' };

export class PrettyFormatter implements Formatter {
  private readonly context: FieldContext;
  private readonly options: PrettyOptions;
  private readonly paint: Palette;
  /** Lines say whose they are. */
  private showsHosts: boolean;

  constructor(context: FieldContext, options: PrettyOptions) {
    this.context = context;
    this.options = options;
    this.paint = palette(options.colour);
    this.showsHosts = context.tellsHosts === true;
  }

  header(): string {
    if (!this.options.header) return '';
    const { dim } = this.paint;
    return this.line([
      { text: pad('TIME', WIDTHS.time, 'left') + GAP, paint: dim },
      ...(this.showsHosts ? [{ text: pad('HOST', WIDTHS.host, 'left') + GAP, paint: dim }] : []),
      { text: pad('EVENT', WIDTHS.event, 'left') + GAP, paint: dim },
      { text: pad('PID', WIDTHS.pid, 'right') + GAP, paint: dim },
      { text: pad('PARENT', WIDTHS.parent, 'left') + GAP, paint: dim },
      { text: pad('USER', WIDTHS.user, 'left') + GAP, paint: dim },
      { text: 'WHAT', paint: dim },
    ]);
  }

  write(record: StreamRecord, out: LineBuffer): void {
    out.text(this.format(record));
  }

  format(record: StreamRecord): string {
    if ('pid' in record) return this.again() + this.line([...this.columns(record), ...this.what(record)]);
    return record.event === 'lost' ? this.again() + this.loss(record) : '';
  }

  /** Another header, from where there are several machines on. */
  private again(): string {
    if (this.showsHosts || !this.context.tellsHosts) return '';
    this.showsHosts = true;
    return this.header();
  }

  private host(): Span[] {
    if (!this.showsHosts) return [];
    const { host = '' } = this.context;
    return [{ text: pad(cut(escapeText(host), WIDTHS.host), WIDTHS.host, 'left') + GAP, paint: this.paint.strong }];
  }

  private columns(record: ProcessRecord): Span[] {
    const { paint, context } = this;
    const time = localTime(plus(record.at, context.wallOffset));
    const { uid } = record.image;
    const user = uid === undefined ? '' : escapeText(context.userName(uid) ?? String(uid));
    return [
      { text: time + GAP, paint: paint.dim },
      ...this.host(),
      {
        text: pad(EVENT_LABEL[record.event] ?? record.event, WIDTHS.event, 'left') + GAP,
        paint: this.eventPaint(record),
      },
      { text: pad(String(record.pid), WIDTHS.pid, 'right') + GAP },
      { text: pad(cut(parentCell(record), WIDTHS.parent), WIDTHS.parent, 'left') + GAP, paint: paint.dim },
      { text: pad(cut(user, WIDTHS.user), WIDTHS.user, 'left') + GAP },
    ];
  }

  private eventPaint({ event, exit }: ProcessRecord): Paint {
    const failed = exit?.waitStatus !== undefined && exit.waitStatus !== 0;
    return failed ? this.paint.bad : this.paint.event[event];
  }

  private what(record: ProcessRecord): Span[] {
    const { dim } = this.paint;
    const command = commandOf(record);
    switch (record.event) {
      case 'fork':
        return [{ text: `(${command})`, paint: dim }];
      case 'exec':
        return this.commandSpans(command);
      case 'exit':
        return [...this.end(record), { text: command, paint: dim }];
      case 'clone':
        return [{ text: `thread ${record.tid} of ` }, { text: command, paint: dim }];
      case 'uid':
      case 'gid':
        return [{ text: this.newIds(record) }, { text: command, paint: dim }];
      case 'ptrace':
        return [
          { text: record.tracer === undefined ? 'let go by its tracer · ' : `traced by ${record.tracer.pid} · ` },
          { text: command, paint: dim },
        ];
      case 'comm':
        return [{ text: `now named ${name(record)} · ` }, { text: command, paint: dim }];
      case 'sid':
        return [{ text: 'new session · ' }, { text: command, paint: dim }];
      case 'coredump':
        return [
          { text: 'dumps core · ', paint: this.paint.bad },
          { text: command, paint: dim },
        ];
      case 'exec-failed':
        return [
          { text: `${name(record)} cannot run ` },
          { text: this.failure(record), paint: this.paint.bad },
          { text: command, paint: dim },
        ];
      case 'found':
        return [{ text: 'found after a loss · ', paint: this.paint.warning }, { text: command }];
      case 'alive':
        return [
          { text: 'there before · ', paint: dim },
          { text: command, paint: dim },
        ];
    }
  }

  /** The program's name stands out from its arguments. */
  private commandSpans(command: string): Span[] {
    const blank = command.indexOf(' ');
    if (blank < 0) return [{ text: command, paint: this.paint.strong }];
    return [{ text: command.slice(0, blank), paint: this.paint.strong }, { text: command.slice(blank) }];
  }

  private end(record: ProcessRecord): Span[] {
    const { exit, thread, tid } = record;
    if (exit === undefined) return [];
    const { how, detail } = endInWords(exit);
    const whose = thread ? `thread ${tid}: ` : '';
    const after = exit.duration === undefined ? '' : ` after ${humanDuration(exit.duration.seconds)}`;
    const cost = exit.usage === undefined ? '' : usageInWords(exit.usage);
    return [
      { text: whose },
      { text: how, paint: this.paintOf(exit) },
      { text: `${after}${detail}${cost === '' ? '' : ` · ${cost}`} · ` },
      { text: this.failure(record) },
    ];
  }

  private failure({ failed }: ProcessRecord): string {
    return failed === undefined ? '' : `${failedInWords(failed)} · `;
  }

  private paintOf({ waitStatus }: ProcessEnd): Paint {
    if (waitStatus === undefined) return this.paint.warning;
    const outcome = outcomeOf(waitStatus);
    if (outcome.kind === 'signal') return this.paint.killed;
    return outcome.code === 0 ? this.paint.good : this.paint.bad;
  }

  private newIds({ event, ids }: ProcessRecord): string {
    if (ids === undefined) return '';
    const named = (id: number): string => {
      const known = event === 'uid' ? this.context.userName(id) : undefined;
      return known === undefined ? String(id) : escapeText(known);
    };
    const what = event === 'uid' ? 'user' : 'group';
    return ids.real === ids.effective
      ? `${what} ${named(ids.real)} · `
      : `${what} ${named(ids.real)}, acting as ${named(ids.effective)} · `;
  }

  private loss({ reason, count, at, since }: LostRecord): string {
    const { warning } = this.paint;
    const time = (moment: typeof at): string => localTime(plus(moment, this.context.wallOffset));
    const what = LOSS_IN_WORDS[reason](count);
    return this.line([
      { text: time(at) + GAP, paint: this.paint.dim },
      ...this.host(),
      { text: pad('lost', WIDTHS.event, 'left') + GAP, paint: warning },
      { text: `${what} (since ${time(since)})`, paint: warning },
    ]);
  }

  private line(spans: readonly Span[]): string {
    const width = this.options.width();
    let left = width ?? Number.POSITIVE_INFINITY;
    let out = '';
    for (const { text, paint } of spans) {
      if (left <= 0) break;
      const shown = width === undefined ? text : cut(text, left);
      left -= width === undefined ? 0 : widthOf(shown);
      out += paint === undefined ? shown : paint(shown);
    }
    return `${out}\n`;
  }
}

/** `1 event was`, `1,204 events were`; `an unknown number of events were` where nobody counted. */
function counted(count: number | undefined, noun: string): string {
  if (count === 1) return `1 ${noun} was`;
  return `${count === undefined ? 'an unknown number of' : count.toLocaleString('en-US')} ${noun}s were`;
}

const LOSS_IN_WORDS: Record<LossReason, (count: number | undefined) => string> = {
  overrun: (count) => `${counted(count, 'event')} lost: the kernel's queue for us was full`,
  output: (count) => `${counted(count, 'record')} dropped: the reader of this output is too slow`,
  capture: (count) => `${counted(count, 'exec')} not captured: the ring in the kernel was full`,
  starved: (count) => `${counted(count, 'event')} lost: the kernel had stopped sending them`,
  cause: (count) => `${counted(count, 'signal')} not told: the ring in the kernel was full`,
  usage: (count) => `${counted(count, 'account')} of what ended lost`,
};

function parentCell({ ppid, parentComm }: ProcessRecord): string {
  if (ppid === undefined) return '';
  return parentComm === undefined ? String(ppid) : `${ppid} ${escapeText(parentComm)}`;
}

const WHY_MISSING: Readonly<Record<Missing, string>> = {
  gone: 'gone before its arguments could be read',
  hidden: 'hidden by /proc',
  denied: 'its arguments may not be read',
  stuck: 'its arguments did not come in time',
};

const name = ({ image }: ProcessRecord): string => (image.comm === undefined ? '?' : escapeText(image.comm));

/** The command line; without one the name in brackets, as ps does, and a word when it was too late to read more. */
function commandOf(record: ProcessRecord): string {
  const { args, argsTotal, missing } = record.image;
  if (args !== undefined) return commandLine(args, argsTotal);
  const known = record.image.comm === undefined ? '?' : `[${name(record)}]`;
  return missing === undefined ? known : `${known} (${WHY_MISSING[missing]})`;
}

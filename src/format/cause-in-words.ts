/** How a process ended and why, in words for people; foreign text in them is escaped. */
import { CAUSES } from '../cause/causes.ts';
import type { Asked, EndCause, Sender } from '../cause/end-cause.ts';
import { faultInWords } from '../cause/signal-codes.ts';
import type { ProcessEnd } from '../process/record.ts';
import { inWords } from '../process/wait-status.ts';
import { escapeText } from './escape.ts';
import { kibInWords } from './usage-in-words.ts';

export interface EndWords {
  /** `SIGKILL by systemd-oomd[612]` */
  readonly how: string;
  /** What follows the duration, with its blank: ` (4.1 GiB)`. */
  readonly detail: string;
}

export const UNKNOWN_END = 'ended, status unknown';

export function endInWords({ waitStatus, cause }: Pick<ProcessEnd, 'waitStatus' | 'cause'>): EndWords {
  if (waitStatus === undefined) return { how: UNKNOWN_END, detail: '' };
  const end = inWords(waitStatus);
  if (cause?.cause === undefined) return { how: end, detail: '' };
  const parts = partsOf(end, cause);
  const how = CAUSES[cause.cause].words.replace(/\{(\w+)\}/g, (_, part: keyof typeof parts) => parts[part]);
  const resident = cause.outOfMemory?.residentKib;
  return {
    how: how + (cause.asked === undefined ? '' : `, asked ${askedInWords(cause.asked)}`),
    detail: resident === undefined ? '' : ` (${kibInWords(resident)})`,
  };
}

const nameOf = ({ comm, pid }: Sender): string => `${escapeText(comm)}[${pid}]`;

/** What the braces of the table stand for. */
function partsOf(end: string, { sender, code, address, syscall }: EndCause) {
  const wrong = code === undefined ? undefined : faultInWords(code);
  return {
    end,
    name: sender === undefined ? '' : ` ${nameOf(sender)}`,
    by: sender === undefined ? '' : ` by ${sender.isItself ? 'itself' : nameOf(sender)}`,
    ended: sender?.isEnding ? ` as ${nameOf(sender)} ended` : '',
    at: address === undefined ? '' : ` at 0x${address.toString(16)}`,
    code: wrong === undefined ? '' : ` (${wrong})`,
    call: syscall === undefined ? 'a forbidden system call' : `forbidden system call ${syscall}`,
  };
}

function askedInWords({ signal, by, sender }: Asked): string {
  if (sender !== undefined) return `by ${nameOf(sender)} (${signal})`;
  if (by === 'terminal') return `at the terminal (${signal})`;
  return by === 'hangup' ? `at a hang-up (${signal})` : `by ${signal}`;
}

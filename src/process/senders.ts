/**
 * Who sent a signal, in full: arguments and control group as the process table has them. The kernel said which process it was, by pid and
 * birth, so one that has ended since, or whose number is another's by now, is not mistaken.
 */
import type { EndCause, Sender } from '../cause/end-cause.ts';
import type { Image } from './image.ts';
import { type Moment, plus, secondsBetween } from './moment.ts';
import type { ProcessFacts } from './proc-reader.ts';
import { isSameStart, type Subjects } from './subjects.ts';
import type { Proc } from './table.ts';
import { readable } from './text.ts';

/** A birth by its event, or in ticks, against one by the kernel's own record. */
const BIRTH_SECONDS = 0.2;
/** Ticks below /proc count on that clock. */
const ON_BOOTTIME: Moment = { seconds: 0, nanos: 0 };

export interface SenderOptions {
  readonly subjects: Subjects;
  readonly reader: { facts(pid: number): ProcessFacts | undefined };
  readonly wantsCgroup: boolean;
}

/** The same cause, its senders known by name. */
export function withSenders(cause: EndCause, options: SenderOptions): EndCause {
  const { sender, asked } = cause;
  if (sender === undefined && asked?.sender === undefined) return cause;
  return {
    ...cause,
    sender: sender && inFull(sender, options),
    asked: asked && { ...asked, sender: asked.sender && inFull(asked.sender, options) },
  };
}

function inFull(sender: Sender, { subjects, reader, wantsCgroup }: SenderOptions): Sender {
  if (sender.isItself) return sender;
  const proc = holderOf(sender, subjects);
  const image = proc === undefined ? seenNow(sender, reader) : subjects.imageOf(proc);
  // It may have executed another program since.
  const isSame = image?.comm !== undefined && readable(image.comm) === readable(sender.comm);
  return {
    ...sender,
    args: isSame ? image.args : undefined,
    cgroup: wantsCgroup && proc !== undefined ? subjects.cgroupOf(proc) : undefined,
  };
}

function holderOf({ pid, start }: Sender, { table, bootOffset }: Subjects): Proc | undefined {
  for (let proc = table.get(pid); proc !== undefined; proc = proc.previous) {
    if (proc.start !== undefined && isNear(plus(proc.start, bootOffset), start)) return proc;
  }
  return undefined;
}

const isNear = (a: Moment, b: Moment): boolean => Math.abs(secondsBetween(a, b)) < BIRTH_SECONDS;

/** Where no table is kept. */
function seenNow({ pid, start }: Sender, reader: SenderOptions['reader']): Image | undefined {
  const facts = reader.facts(pid);
  return facts !== undefined && isSameStart(start, facts.stat, ON_BOOTTIME) ? facts.image : undefined;
}

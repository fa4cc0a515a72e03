/** The fields of why a process ended. Part of the table in fields.ts. */
import { CAUSE_NAMES } from '../cause/causes.ts';
import type { EndCause } from '../cause/end-cause.ts';
import { readable, type Text } from '../process/text.ts';
import { shellLine } from './escape.ts';
import { type Field, type FieldType, type Fill, LEFT, MICRO, RIGHT, set, type Value } from './field.ts';

const addressIn = (value: unknown): bigint | undefined =>
  typeof value === 'string' && /^0x[0-9a-f]{1,16}$/.test(value) ? BigInt(value) : undefined;

/** A field of why a process ended. */
function why(
  name: string,
  type: FieldType,
  meaning: string,
  value: (cause: EndCause) => Value,
  fill: Fill,
  more: Pick<Field, 'ours' | 'cell' | 'extra'> & { readonly width?: number } = {},
): Field {
  const { width = 9, ...rest } = more;
  return {
    name,
    type,
    meaning,
    carriers: ['exit'],
    ofCause: true,
    value: ({ exit }) => exit?.cause && value(exit.cause),
    fill,
    column: type === 'integer' || type === 'number' ? RIGHT(width) : LEFT(width),
    ...rest,
  };
}

const lineOf = (args: readonly Text[] | undefined): string => (args === undefined ? '' : shellLine(args));

export const CAUSE_FIELDS: readonly Field[] = [
  why(
    'cause',
    'string',
    'why it ended, where that is certain: procwatch causes explains each',
    (c) => c.cause,
    ({ why }, v) =>
      set(
        why,
        'cause',
        CAUSE_NAMES.find((name) => name === v),
      ),
    {
      ours: true,
      width: 15,
    },
  ),
  why(
    'sender_pid',
    'integer',
    'process id of who sent the signal, or whose end sent it',
    (c) => c.sender?.pid,
    ({ sender }, v) => set(sender, 'pid', v),
  ),
  why(
    'sender_comm',
    'string',
    'its name when it did',
    (c) => c.sender?.comm,
    ({ sender }, v) => set(sender, 'comm', v),
    { width: 15 },
  ),
  why(
    'sender_uid',
    'integer',
    'its real user id',
    (c) => c.sender?.uid,
    ({ sender }, v) => set(sender, 'uid', v),
  ),
  why(
    'sender_args',
    'strings',
    'its arguments, unless it is the process itself',
    (c) => c.sender?.args,
    ({ sender }, v) => set(sender, 'args', v),
    {
      cell: ({ exit }) => lineOf(exit?.cause?.sender?.args),
      width: 24,
    },
  ),
  why(
    'sender_cgroup',
    'string',
    'path of its control group',
    (c) => c.sender?.cgroup,
    ({ sender }, v) => set(sender, 'cgroup', readable(v as Text)),
    { extra: 'cgroup', width: 24 },
  ),
  why(
    'sender_ending',
    'boolean',
    'true: it was ending at that moment, and its end sent the signal',
    (c) => c.sender?.isEnding || undefined,
    ({ sender }, v) => set(sender, 'isEnding', v === true),
    { width: 6 },
  ),
  why(
    'signal_code',
    'string',
    'si_code of the signal, by name',
    (c) => c.code,
    ({ why }, v) => set(why, 'code', readable(v as Text)),
    { ours: true, width: 12 },
  ),
  why(
    'raised_again',
    'boolean',
    'true: it handled the signal first, and then ended by sending the same to itself',
    (c) => c.raisedAgain,
    ({ why }, v) => set(why, 'raisedAgain', v === true),
    { width: 6 },
  ),
  why(
    'fault_address',
    'string',
    'the address that could not be reached, or of the instruction that could not be carried out, in hexadecimal',
    ({ address }) => (address === undefined ? undefined : `0x${address.toString(16)}`),
    ({ why }, v) => set(why, 'address', addressIn(v)),
    { ours: true, width: 18 },
  ),
  why(
    'syscall',
    'integer',
    'number of the system call that seccomp(2) forbade',
    (c) => c.syscall,
    ({ why }, v) => set(why, 'syscall', v),
  ),
  why(
    'oom_resident_kib',
    'integer',
    'memory that the process held when the kernel chose it, in KiB, as the log of the kernel has it',
    (c) => c.outOfMemory?.residentKib,
    ({ memory }, v) => set(memory, 'residentKib', v),
  ),
  why(
    'oom_trigger_pid',
    'integer',
    'process id of who wanted the memory that was not there; perhaps the process itself',
    (c) => c.outOfMemory?.trigger.pid,
    ({ memory }, v) => set(memory, 'pid', v),
  ),
  why(
    'oom_trigger_comm',
    'string',
    'its name',
    (c) => c.outOfMemory?.trigger.comm,
    ({ memory }, v) => set(memory, 'comm', v),
    { width: 15 },
  ),
  why(
    'asked_by',
    'string',
    'of an end by itself within 30 s after a SIGTERM, SIGINT, SIGHUP or SIGQUIT that it handled: the cause of that signal',
    (c) => c.asked?.by,
    ({ asked }, v) =>
      set(
        asked,
        'by',
        CAUSE_NAMES.find((name) => name === v),
      ),
    { ours: true, width: 8 },
  ),
  why(
    'asked_signal',
    'string',
    'that signal',
    (c) => c.asked?.signal,
    ({ asked }, v) => set(asked, 'signal', readable(v as Text)),
    { ours: true },
  ),
  why(
    'asked_by_pid',
    'integer',
    'process id of who sent it',
    (c) => c.asked?.sender?.pid,
    ({ asker }, v) => set(asker, 'pid', v),
  ),
  why(
    'asked_by_comm',
    'string',
    'its name when it did',
    (c) => c.asked?.sender?.comm,
    ({ asker }, v) => set(asker, 'comm', v),
    { width: 15 },
  ),
  why(
    'asked_by_uid',
    'integer',
    'its real user id',
    (c) => c.asked?.sender?.uid,
    ({ asker }, v) => set(asker, 'uid', v),
  ),
  why(
    'asked_by_args',
    'strings',
    'its arguments',
    (c) => c.asked?.sender?.args,
    ({ asker }, v) => set(asker, 'args', v),
    {
      cell: ({ exit }) => lineOf(exit?.cause?.asked?.sender?.args),
      width: 24,
    },
  ),
  why(
    'asked_before_s',
    'number',
    'seconds between that signal and the end',
    ({ asked }) => (asked === undefined ? undefined : Math.round(asked.before * MICRO) / MICRO),
    ({ asked }, v) => set(asked, 'before', v),
  ),
];

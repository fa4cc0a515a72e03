/** The fields of what a process used. Part of the table in fields.ts. */
import type { Usage } from '../usage/usage.ts';
import { type Field, MICRO, MICROS_IN, RIGHT, set } from './field.ts';

/** A field of what a process used; false is told as little as what is unknown, and times are told in seconds, to the microsecond. */
function used(
  name: string,
  type: 'integer' | 'number' | 'boolean',
  meaning: string,
  member: keyof Usage,
  time?: keyof typeof MICROS_IN,
): Field {
  const told = (figure: number | boolean | undefined): number | boolean | undefined => {
    if (time === undefined || typeof figure !== 'number') return figure === false ? undefined : figure;
    return Math.round(figure * MICROS_IN[time]) / MICRO;
  };
  return {
    name,
    type,
    meaning: `with --usage: ${meaning}`,
    carriers: ['exit'],
    extra: 'usage',
    used: { member, time },
    value: ({ exit }) => told(exit?.usage?.[member]),
    fill: ({ usage }, figure) => set(usage, member, time === undefined ? figure : unitsIn(Number(figure), time)),
    column: RIGHT(9),
  };
}

/** What `told` made seconds of, in its own unit again: whole microseconds. */
const unitsIn = (seconds: number, time: keyof typeof MICROS_IN): number =>
  Math.round(Math.round(seconds * MICRO) / MICROS_IN[time]);

export const USAGE_FIELDS: readonly Field[] = [
  used(
    'cpu_s',
    'number',
    'seconds of CPU time of all threads together, to the microsecond; exact unless cpu_is_lower_bound says otherwise',
    'cpuNanos',
    'nanos',
  ),
  used(
    'cpu_is_lower_bound',
    'boolean',
    'true: cpu_s lacks the time since the last tick or sleep of each thread, which is all the time of most short lives; no program of ours may run in the kernel, or a tracer holds threads of the process',
    'cpuIsLowerBound',
  ),
  used(
    'user_s',
    'number',
    'seconds in user mode; with an exact cpu_s divided as getrusage(2) does, to the microsecond, else in clock ticks (1 to 10 ms) and mostly 0 for short lives',
    'userMicros',
    'micros',
  ),
  used('sys_s', 'number', 'seconds in the kernel, like user_s', 'systemMicros', 'micros'),
  used(
    'max_rss_kib',
    'integer',
    'peak of resident memory in KiB, of the program it ran last; getrusage(2) also counts those before, and the memory of the parent it was forked from',
    'maxRssKib',
  ),
  used('minflt', 'integer', 'page faults without input', 'minorFaults'),
  used('majflt', 'integer', 'page faults that had to wait for input', 'majorFaults'),
  used(
    'read_bytes',
    'integer',
    'bytes read from storage; of threads that ended before the first one rounded down to 512 each, with a lower bound of cpu_s to 1024 each and without those that ended before procwatch listened',
    'readBytes',
  ),
  used(
    'write_bytes',
    'integer',
    'bytes made dirty for storage, counted when they are written to the page cache; rounded like read_bytes',
    'writeBytes',
  ),
  used(
    'nvcsw',
    'integer',
    'context switches because it waited; the last one of all, at its end, is among them unless its parent had waited for it already',
    'voluntarySwitches',
  ),
  used('nivcsw', 'integer', 'context switches because it was made to', 'involuntarySwitches'),
  used(
    'io_delay_s',
    'number',
    'seconds that threads waited for block input and output, to the microsecond; only where kernel.task_delayacct is on',
    'ioDelayNanos',
    'nanos',
  ),
  used('gid', 'integer', 'real group id', 'gid'),
];

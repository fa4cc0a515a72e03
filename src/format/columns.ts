/** The columns of the table format unless others are chosen: they follow the events. */
import { EVENT_NAMES, type EventName } from '../netlink/events.ts';

/** What each event adds to the columns of the table format, unless others are chosen: what happened. */
const COLUMNS_OF: Readonly<Partial<Record<EventName, readonly string[]>>> = {
  exit: ['exit_code', 'signal', 'duration_s'],
  'nonzero-exit': ['exit_code', 'signal', 'duration_s'],
  clone: ['tid'],
  uid: ['ruid', 'euid'],
  gid: ['rgid', 'egid'],
  ptrace: ['attached', 'tracer_pid'],
  comm: ['comm'],
  'exec-failed': ['error', 'path'],
};

/** Those that go with it where usage is wanted, before the arguments. */
const USAGE_COLUMNS = ['cpu_s', 'max_rss_kib'];

/** By the table of events, so that one selection always gives the same order. */
export function columnsFor(events: readonly EventName[], usage: boolean): string[] {
  const added = EVENT_NAMES.filter((name) => events.includes(name)).flatMap((name) => COLUMNS_OF[name] ?? []);
  const used = usage ? USAGE_COLUMNS : [];
  return ['time', 'event', 'pid', 'ppid', 'user', ...new Set(added), ...used, 'args'];
}

/** Which of them a narrow window goes without, the first first. */
export const SPARE_COLUMNS: readonly string[] = [
  'ppid',
  'user',
  'attached',
  'ruid',
  'rgid',
  'tid',
  'max_rss_kib',
  'args',
];

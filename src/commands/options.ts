/**
 * THE table of command-line options: each is declared once with its names, its value, its meaning and the reader of its value. The
 * parser, the types, help, manual and tests derive from it.
 */

import { CAUSE_NAMES } from '../cause/causes.ts';
import { Failure } from '../errors.ts';
import { FIELDS } from '../format/fields.ts';
import { FORMAT_NAMES } from '../format/formats.ts';
import { EVENT_NAMES, type EventName, HEARD_NAMES, RING_NAMES } from '../netlink/events.ts';
import { STREAM_SOURCES } from '../process/event-stream.ts';
import { signalNumber } from '../process/wait-status.ts';
import { NATS_OPTIONS } from './nats-options.ts';
import { given, last, type Option } from './option.ts';
import { READ_OPTIONS } from './read-options.ts';
import { readCount, readCounts, readName, readNames, readSize, readTime, splitList } from './values.ts';

export { GROUPS, type Group, given, last, type Option } from './option.ts';

const COLOUR_CHOICES = ['auto', 'always', 'never'] as const;
const FIELD_NAMES = FIELDS.map(({ name }) => name);

const ARGV_SOURCES = ['auto', 'bpf', 'proc'] as const;
const SOURCES = ['auto', ...STREAM_SOURCES] as const;

export const ALL_EVENTS = 'all';
/** `all` is every kind that the connector sends, still of processes only. */
const EVENT_CHOICES = [...EVENT_NAMES, ALL_EVENTS] as const;
const EVERY_KIND = HEARD_NAMES.filter((name) => name !== 'clone');
export const DEFAULT_EVENTS: readonly EventName[] = ['fork', 'exec', 'exit'];

function readEvents(texts: readonly string[], flag: string): EventName[] {
  const names = readNames(flag, texts, EVENT_CHOICES);
  return names.flatMap((name) => (name === ALL_EVENTS ? EVERY_KIND : [name]));
}

export function readSignals(texts: readonly string[], flag: string): number[] {
  return splitList(texts).map((text) => {
    const number = signalNumber(text);
    if (number !== undefined) return number;
    throw new Failure(
      'usage',
      `${flag}: there is no signal "${text}"`,
      'expected a name such as KILL or SIGSEGV, or a number',
    );
  });
}

const pids = (texts: readonly string[], flag: string): number[] => readCounts(flag, texts, 1, 2 ** 22);
const HIGHEST_EXIT_CODE = 255;

/** A selection option and its negation. */
function selector<T>(long: string, value: string, meaning: string, read: Option<T>['read']) {
  return {
    wanted: { long, value, meaning, group: 'who', read } satisfies Option<T>,
    unwanted: { long: `not-${long}`, value, meaning: `not those of --${long}`, group: 'who', read } satisfies Option<T>,
  };
}

const asGiven = (texts: readonly string[]): readonly string[] => texts;
const PID = selector('pid', 'PID', 'these processes', pids);
const TREE = selector('tree', 'PID', 'this process and all its descendants, also those born later or reparented', pids);
const USER = selector('user', 'NAME|UID', 'processes of this effective user', asGiven);
const NAME = selector(
  'name',
  'GLOB',
  'processes whose comm, or base name of program, script, path as executed or first argument, matches',
  asGiven,
);
const GREP = selector('grep', 'REGEX', 'processes whose command line matches (RE2 syntax)', asGiven);
const CGROUP = selector('cgroup', 'GLOB', 'processes whose control group path matches', asGiven);
const CODE = selector('code', 'N', 'ends with this exit code', (texts, flag) =>
  readCounts(flag, texts, 0, HIGHEST_EXIT_CODE),
);
const causes = (texts: readonly string[], flag: string) => readNames(flag, texts, CAUSE_NAMES);
const CAUSE = selector('cause', 'LIST', `ends of this cause, comma separated: ${CAUSE_NAMES.join(', ')}`, causes);
const KILLED_BY = selector(
  'killed-by',
  'GLOB|PID',
  'ends by a signal that this process sent: by its name, the base name of its first argument, or its pid',
  asGiven,
);
const SIGNAL = selector('signal', 'NAME', 'ends by this signal', readSignals);

/** Whom to select, by who a process is; in each command that selects processes. */
export const WHO_OPTIONS = {
  pid: PID.wanted,
  notPid: PID.unwanted,
  tree: TREE.wanted,
  notTree: TREE.unwanted,
  user: USER.wanted,
  notUser: USER.unwanted,
  name: NAME.wanted,
  notName: NAME.unwanted,
  grep: GREP.wanted,
  notGrep: GREP.unwanted,
  cgroup: CGROUP.wanted,
  notCgroup: CGROUP.unwanted,
} as const satisfies Record<string, Option<unknown>>;

/** Whom to select, by how it ended. */
export const END_OPTIONS = {
  code: CODE.wanted,
  notCode: CODE.unwanted,
  signal: SIGNAL.wanted,
  notSignal: SIGNAL.unwanted,
  cause: { ...CAUSE.wanted, choices: CAUSE_NAMES, isList: true },
  notCause: { ...CAUSE.unwanted, choices: CAUSE_NAMES, isList: true },
  killedBy: KILLED_BY.wanted,
  notKilledBy: KILLED_BY.unwanted,
} as const satisfies Record<string, Option<unknown>>;

export const WATCH_OPTIONS = {
  events: {
    short: 'e',
    long: 'events',
    value: 'LIST',
    choices: EVENT_CHOICES,
    isList: true,
    group: 'what',
    meaning: `the union of these, comma separated, repeatable: ${EVENT_CHOICES.join(', ')} (default ${DEFAULT_EVENTS.join(',')})`,
    read: readEvents,
  },
  ...READ_OPTIONS,
  threads: {
    long: 'threads',
    group: 'what',
    meaning: 'also events of threads that do not lead their process',
    read: given,
  },
  everyTry: {
    long: 'every-try',
    group: 'what',
    meaning: 'with exec-failed: each place of PATH that was tried, also where the program was found in a later one',
    read: given,
  },
  lives: {
    long: 'lives',
    group: 'what',
    meaning: 'one line for each process life, printed at its end',
    read: given,
  },
  ...WHO_OPTIONS,
  followReuse: {
    long: 'follow-reuse',
    group: 'where',
    meaning:
      '--pid and --tree also mean whoever gets the number next, and the watch does not end with the last of them',
    read: given,
  },
  ...END_OPTIONS,
  format: {
    short: 'f',
    long: 'format',
    value: 'FORMAT',
    choices: FORMAT_NAMES,
    group: 'how',
    meaning: `${FORMAT_NAMES.join(', ')} (default pretty)`,
    read: (texts, flag) => (given(texts) ? readName(flag, last(texts), FORMAT_NAMES) : undefined),
  },
  json: { long: 'json', group: 'how', meaning: 'short for --format json: one object a line', read: given },
  columns: {
    long: 'columns',
    value: 'LIST',
    choices: FIELD_NAMES,
    isList: true,
    group: 'how',
    meaning: `columns of the table format, comma separated: any of ${FIELD_NAMES.join(', ')}`,
    read: (texts, flag) => (given(texts) ? readNames(flag, texts, FIELD_NAMES) : undefined),
  },
  full: { long: 'full', group: 'how', meaning: 'JSON: also cgroup, container_id and unit', read: given },
  ancestry: {
    long: 'ancestry',
    group: 'how',
    meaning: 'JSON: the chain of parents up to init, as an array',
    read: given,
  },
  usage: {
    long: 'usage',
    group: 'how',
    meaning:
      'of each exit, what it used: CPU time, memory, faults, input and output; wants CAP_BPF and CAP_PERFMON, or CAP_NET_ADMIN',
    read: given,
  },
  meta: { long: 'meta', group: 'how', meaning: 'JSON: a first "start" and a last "end" record', read: given },
  state: {
    long: 'state',
    group: 'how',
    meaning: 'JSON: first an "alive" record for each process that is there already, as a recording needs them',
    read: given,
  },
  color: {
    long: 'color',
    value: 'WHEN',
    choices: COLOUR_CHOICES,
    group: 'how',
    meaning: 'auto, always or never; auto heeds NO_COLOR and FORCE_COLOR',
    read: (texts, flag) => (given(texts) ? readName(flag, last(texts), COLOUR_CHOICES) : 'auto'),
  },
  summary: {
    short: 'S',
    long: 'summary',
    group: 'how',
    meaning: 'at the end, counts by event and by command, failures, the longest lives and losses, on stderr',
    read: given,
  },
  quiet: { short: 'q', long: 'quiet', group: 'how', meaning: 'no event rows; with -S the summary alone', read: given },
  count: {
    short: 'n',
    long: 'count',
    value: 'N',
    group: 'where',
    meaning: 'end after N process events',
    read: (texts, flag) => (given(texts) ? readCount(flag, last(texts)) : undefined),
  },
  duration: {
    short: 'd',
    long: 'duration',
    only: 'live',
    instead: '--until TIME ends earlier than the recording does',
    value: 'TIME',
    group: 'where',
    meaning: 'end after this time: 10, 10s, 2m, 500ms',
    read: (texts, flag) => (given(texts) ? readTime(flag, last(texts)) : undefined),
  },
  output: {
    short: 'o',
    long: 'output',
    value: 'FILE',
    group: 'where',
    meaning: 'write to FILE, readable by its owner only',
    read: (texts) => (given(texts) ? last(texts) : undefined),
  },
  ...NATS_OPTIONS,
  append: {
    long: 'append',
    only: 'live',
    group: 'where',
    meaning: 'keep what is in the file of --output, and write behind it; half a line at its end is taken out',
    read: given,
  },
  queue: {
    long: 'queue',
    only: 'live',
    value: 'SIZE',
    group: 'where',
    meaning: 'what may wait for a slow reader before records are dropped, and counted (default 128M)',
    read: (texts, flag) => (given(texts) ? readSize(flag, last(texts)) : 128 * 2 ** 20),
  },
  latency: {
    long: 'latency',
    only: 'live',
    value: 'TIME',
    group: 'where',
    meaning:
      'how long an event may wait so that one wake-up serves many, where the kernel tells all there is to know (default 100ms, 50ms on a terminal; 0: at once)',
    read: (texts, flag) => (given(texts) ? readTime(flag, last(texts)) : undefined),
  },
  failOnLoss: {
    long: 'fail-on-loss',
    group: 'where',
    meaning: 'end with exit code 3 if anything was lost',
    read: given,
  },
  buffer: {
    long: 'buffer',
    only: 'live',
    value: 'SIZE',
    group: 'kernel',
    meaning: "size of the kernel's queue for us (default 64M, or what the kernel grants)",
    read: (texts, flag) => (given(texts) ? readSize(flag, last(texts)) : undefined),
  },
  source: {
    long: 'source',
    only: 'live',
    value: 'SOURCE',
    group: 'kernel',
    choices: SOURCES,
    meaning: `where events come from: connector is the kernel's own stream, bpf are programs of ours in the kernel (need CAP_BPF and CAP_PERFMON), which tell ${RING_NAMES.join(', ')}; auto takes the connector, and bpf where there is none (the default)`,
    read: (texts, flag) => (given(texts) ? readName(flag, last(texts), SOURCES) : 'auto'),
  },
  argvSource: {
    long: 'argv-source',
    only: 'live',
    value: 'SOURCE',
    group: 'kernel',
    choices: ARGV_SOURCES,
    meaning:
      'where arguments come from: bpf captures those of every exec inside the kernel (needs CAP_BPF and CAP_PERFMON), proc reads them if there is time, auto takes bpf where it can be had (the default)',
    read: (texts, flag) => (given(texts) ? readName(flag, last(texts), ARGV_SOURCES) : 'auto'),
  },
  redact: {
    long: 'redact',
    value: 'REGEX',
    group: 'kernel',
    meaning:
      'replace every match in a text by ***, before anything else sees it (RE2 syntax, a point means a line break too); "secrets" stands for what command lines usually hold that is secret; repeatable',
    read: asGiven,
  },
  maxArgs: {
    long: 'max-args',
    value: 'SIZE',
    group: 'kernel',
    meaning:
      'bytes of arguments that are told of a process, counted as JSON writes them; args_truncated says how many there were (default: the first 128K as they are)',
    read: (texts, flag) => (given(texts) ? readSize(flag, last(texts)) : undefined),
  },
  noArgs: { long: 'no-args', group: 'kernel', meaning: 'never read, keep or tell arguments', read: given },
  dropPrivileges: {
    long: 'drop-privileges',
    only: 'live',
    group: 'kernel',
    meaning:
      'after set-up, become the user who called sudo (or nobody) for good, keeping only the right to see the programs of others; the default under sudo',
    read: given,
  },
  keepPrivileges: { long: 'keep-privileges', only: 'live', group: 'kernel', meaning: 'do not', read: given },
  noOrder: {
    long: 'no-order',
    only: 'live',
    group: 'kernel',
    meaning: 'records as they arrive, not in the order of time across CPUs',
    read: given,
  },
} as const satisfies Record<string, Option<unknown>>;

const { read, since, until, strict, host, notHost, natsCreds, natsCa } = WATCH_OPTIONS;
/** Which recording, and which part of it; in each command that reads one. */
export const RECORDING_OPTIONS = { read, since, until, strict, host, notHost, natsCreds, natsCa } as const;

type OptionTable = Readonly<Record<string, Option<unknown>>>;

/** The values of a table's options, by key. */
export type ValuesOf<Table extends OptionTable> = { [K in keyof Table]: ReturnType<Table[K]['read']> };
export type WatchOptions = ValuesOf<typeof WATCH_OPTIONS>;

/** What was typed, by option key: every value, in order. */
export type Typed = Readonly<Record<string, readonly string[] | undefined>>;

/** `--events`, as messages name it. */
export function flagOf({ long }: { readonly long: string }): string {
  return `--${long}`;
}

/** What means nothing for the source at hand is refused by its name. */
export function refuseOtherSource(table: OptionTable, typed: Typed): void {
  const isRecorded = (typed.read ?? []).length > 0;
  for (const [key, row] of Object.entries(table)) {
    if (row.only === undefined || (typed[key] ?? []).length === 0 || (row.only === 'recorded') === isRecorded) continue;
    if (!isRecorded) throw new Failure('usage', `${flagOf(row)} is for a recording`, 'say which with --read FILE');
    throw new Failure('usage', `${flagOf(row)} is for watching live: it means nothing for a recording`, row.instead);
  }
}

export function readOptions<Table extends OptionTable>(table: Table, typed: Typed): ValuesOf<Table> {
  const entries = Object.entries(table).map(([key, row]) => [key, row.read(typed[key] ?? [], flagOf(row))]);
  return Object.fromEntries(entries) as ValuesOf<Table>;
}

/** The options of `procwatch ps`: its own, and those of watch that mean the same here. */
import { Failure } from '../errors.ts';
import { GROUP_NAMES, type GroupName, TASK_FIELD_NAMES, TASK_FIELDS } from '../ps/fields.ts';
import { PS_FORMATS } from '../ps/plan.ts';
import { given, last, type Option, WATCH_OPTIONS } from './options.ts';
import { readPointInTime } from './points-in-time.ts';
import { readCounts, readName, readNames } from './values.ts';

const {
  read,
  strict,
  host,
  notHost,
  natsCreds,
  natsCa,
  pid,
  notPid,
  user,
  notUser,
  name,
  notName,
  grep,
  notGrep,
  cgroup,
  notCgroup,
  json,
  color,
  output,
  redact,
} = WATCH_OPTIONS;

const MOST_PID = 2 ** 22;
const SOURCES = ['auto', 'bpf', 'proc'] as const;
const DEFAULT_GROUPS: readonly GroupName[] = ['base'];

const membersOf = (group: GroupName): string =>
  TASK_FIELDS.filter((field) => field.group === group)
    .map((field) => field.name)
    .join(', ');
const groups = GROUP_NAMES.map((group) => `${group} (${membersOf(group)})`);

/** `rss_kib`, or `-rss_kib` for the largest first. */
function readSorting(flag: string, text: string): { name: string; descending: boolean } {
  const descending = text.startsWith('-');
  return { name: readName(flag, descending ? text.slice(1) : text, TASK_FIELD_NAMES), descending };
}

function readGroups(texts: readonly string[], flag: string): readonly GroupName[] {
  const shown = readNames(flag, texts, GROUP_NAMES);
  if (shown.length === 0) throw new Failure('usage', `${flag}: nothing to show`, `expected ${GROUP_NAMES.join(', ')}`);
  return shown;
}

const pids: Option<number[]>['read'] = (texts, flag) => readCounts(flag, texts, 1, MOST_PID);

export const PS_OPTIONS = {
  show: {
    long: 'show',
    value: 'GROUPS',
    choices: GROUP_NAMES,
    isList: true,
    group: 'what',
    meaning: `the groups of facts, comma separated: ${groups.join(', ')}; only what is shown is read (default ${DEFAULT_GROUPS.join(',')})`,
    read: (texts, flag) => (given(texts) ? readGroups(texts, flag) : DEFAULT_GROUPS),
  },
  read,
  at: {
    long: 'at',
    only: 'recorded',
    value: 'WHEN',
    group: 'recording',
    meaning: 'the processes there were then, as --since has it; at the end of the recording, unless given',
    read: (texts, flag) => (given(texts) ? readPointInTime(flag, last(texts)) : undefined),
  },
  strict,
  host,
  notHost,
  natsCreds,
  natsCa,
  threads: {
    long: 'threads',
    only: 'live',
    group: 'what',
    meaning: 'each thread by itself, with its own figures',
    read: given,
  },
  all: { long: 'all', group: 'who', meaning: 'all processes (the default)', read: given },
  children: {
    long: 'children',
    value: 'PID',
    group: 'who',
    meaning: 'the children of this process',
    read: pids,
  },
  tree: {
    long: 'tree',
    value: 'PID',
    group: 'who',
    meaning: 'this process and all that descend from it now',
    read: pids,
  },
  notTree: { long: 'not-tree', value: 'PID', group: 'who', meaning: 'not those of --tree', read: pids },
  pid,
  notPid,
  user,
  notUser,
  name,
  notName,
  grep,
  notGrep,
  cgroup,
  notCgroup,
  format: {
    short: 'f',
    long: 'format',
    value: 'FORMAT',
    choices: PS_FORMATS,
    group: 'how',
    meaning: 'pretty (a tree, the default on a terminal), table (the default elsewhere) or json',
    read: (texts, flag) => (given(texts) ? readName(flag, last(texts), PS_FORMATS) : undefined),
  },
  json,
  columns: {
    long: 'columns',
    value: 'LIST',
    choices: TASK_FIELD_NAMES,
    isList: true,
    group: 'how',
    meaning: 'columns of the table, or members in JSON, in this order, comma separated: any field of any group',
    read: (texts, flag) => (given(texts) ? readNames(flag, texts, TASK_FIELD_NAMES) : undefined),
  },
  sort: {
    long: 'sort',
    value: 'FIELD',
    choices: TASK_FIELD_NAMES,
    group: 'how',
    meaning:
      'in the order of this field, or against it with a - before its name (default pid); of a tree, the siblings',
    read: (texts, flag) => (given(texts) ? readSorting(flag, last(texts)) : undefined),
  },
  color,
  output,
  redact,
  source: {
    long: 'source',
    only: 'live',
    value: 'SOURCE',
    choices: SOURCES,
    group: 'kernel',
    meaning:
      'where the processes come from: bpf is one walk inside the kernel (needs CAP_BPF and CAP_PERFMON), proc reads the files of each, auto takes bpf where it can be had (the default)',
    read: (texts, flag) => (given(texts) ? readName(flag, last(texts), SOURCES) : 'auto'),
  },
} as const satisfies Record<string, Option<unknown>>;

/**
 * THE table of the columns of `stat`: each once, with its name (the key in JSON), its head, its value, its cell, the key that sorts by it
 * and how soon it gives way when the window is narrow. The live picture, the plain table, JSON and `--sort` derive from it.
 */
import { humanDuration } from '../format/times.ts';
import { cpuInWords, kibInWords } from '../format/usage-in-words.ts';
import { COUNTED, type Counted, type Row } from './group.ts';

export interface Column {
  readonly name: string;
  readonly head: string;
  /** The key that sorts by it in the live picture. */
  readonly key?: string;
  readonly value: (row: Row) => number | undefined;
  readonly cell: (row: Row) => string;
  readonly width: number;
  /** The higher, the sooner it is left out. */
  readonly rank: number;
  /** Only where usage was asked for. */
  readonly ofUsage?: true;
}

/** Three figures at the most below a thousand: `0`, `0.3`, `12.5`, `1043`. */
export function rateInWords(rate: number): string {
  if (rate === 0) return '0';
  return rate >= 99.95 ? rate.toFixed(0) : rate.toFixed(1);
}

const KEYS: Record<Counted, string> = { forks: 'f', execs: 'e', exits: 'x', failures: 'a' };
const RANKS: Record<Counted, { readonly total: number; readonly rate: number }> = {
  forks: { total: 1, rate: 0 },
  execs: { total: 2, rate: 9 },
  exits: { total: 3, rate: 10 },
  failures: { total: 4, rate: 8 },
};

const counted = COUNTED.flatMap((what): Column[] => [
  {
    name: what,
    head: what.toUpperCase(),
    key: KEYS[what],
    value: ({ counts }) => counts[what],
    cell: ({ counts }) => String(counts[what]),
    width: 8,
    rank: RANKS[what].total,
  },
  {
    name: `${what}_per_s`,
    head: '/S',
    value: ({ perSecond }) => Math.round(perSecond[what] * 1000) / 1000,
    cell: ({ perSecond }) => rateInWords(perSecond[what]),
    width: 6,
    rank: RANKS[what].rate,
  },
]);

const MICRO = 1e6;
const NANO = 1e9;
const toMicro = (seconds: number | undefined): number | undefined =>
  seconds === undefined ? undefined : Math.round(seconds * MICRO) / MICRO;
const lasting = (seconds: number | undefined): string => (seconds === undefined ? '' : humanDuration(seconds));

export const COLUMNS: readonly Column[] = [
  ...counted,
  {
    name: 'median_s',
    head: 'MEDIAN',
    key: 'm',
    value: ({ medianSeconds }) => toMicro(medianSeconds),
    cell: ({ medianSeconds }) => lasting(medianSeconds),
    width: 7,
    rank: 5,
  },
  {
    name: 'longest_s',
    head: 'LONGEST',
    key: 'l',
    value: ({ longestSeconds }) => toMicro(longestSeconds),
    cell: ({ longestSeconds }) => lasting(longestSeconds),
    width: 7,
    rank: 7,
  },
  {
    name: 'cpu_s',
    head: 'CPU',
    key: 'c',
    value: ({ cpuNanos }) => toMicro(cpuNanos === undefined ? undefined : cpuNanos / NANO),
    cell: cpuInWords,
    width: 7,
    rank: 2.5,
    ofUsage: true,
  },
  {
    name: 'max_rss_kib',
    head: 'MEMORY',
    key: 'r',
    value: ({ maxRssKib }) => maxRssKib,
    cell: ({ maxRssKib }) => (maxRssKib === undefined ? '' : kibInWords(maxRssKib)),
    width: 6,
    rank: 3.5,
    ofUsage: true,
  },
];

export const SORT_NAMES = COLUMNS.map(({ name }) => name);
export const DEFAULT_SORT = 'forks';

export const columnsFor = (withUsage: boolean): readonly Column[] =>
  COLUMNS.filter(({ ofUsage }) => withUsage || !ofUsage);

/** The largest first; what was folded comes last. */
export function sorted(rows: readonly Row[], by: string): Row[] {
  const column = COLUMNS.find(({ name }) => name === by) ?? COLUMNS[0];
  const value = (row: Row): number => column.value(row) ?? -1;
  const activity = ({ counts }: Row): number => counts.forks + counts.execs + counts.exits;
  return [...rows].sort(
    (a, b) => Number(a.folded > 0) - Number(b.folded > 0) || value(b) - value(a) || activity(b) - activity(a),
  );
}

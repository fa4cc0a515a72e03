/** What the page gets: its columns and their signs, as both sides of it know them. Times are whole microseconds. */
import type { Findings } from './findings.ts';

/** Bits of the column `flags`. */
export const FLAG = {
  failure: 1,
  unseen: 2,
  /** The beginning was there before, the end was inferred, it runs on. */
  before: 4,
  inferred: 8,
  running: 16,
  /** The first program is its own, and not its parent's. */
  own: 32,
  cpuIsLowerBound: 64,
} as const;

/** What stands for "unknown" in a column. */
export const UNKNOWN = -1;

export interface PageData {
  readonly title: string;
  readonly host?: string;
  readonly kernel?: string;
  readonly cpus?: number;
  readonly began?: string;
  /** Microseconds. */
  readonly to: number;
  readonly texts: readonly string[];
  /** Columns of places in `texts`; UNKNOWN where there is none. */
  readonly programs: Readonly<Record<'name' | 'command' | 'exe' | 'cwd' | 'user', readonly number[]>>;
  /** How lives ended and why, and for each the status alone, by which lives are alike. */
  readonly outcomes: readonly string[];
  readonly ends: readonly string[];
  /** `pid` and `from` as differences to the life before; `parent` as the distance back, 0 for roots; `ppid` 0 where it is the parent's. */
  readonly lives: Readonly<Record<LifeColumn, readonly number[]>>;
  /** Programs after the first: `life` as difference to the row before, `at` after the birth. */
  readonly execs: Readonly<Record<'life' | 'at' | 'program', readonly number[]>>;
  readonly bundles: readonly {
    readonly parent: number;
    readonly count: number;
    readonly from: number;
    readonly to: number;
    readonly longest: string;
    readonly failures: number;
  }[];
  readonly losses: readonly { readonly from: number; readonly to: number; readonly says: string }[];
  /** Links of the chain of last finishers: `life` and `at` as differences to the link before. */
  readonly chain: Readonly<Record<'life' | 'at' | 'length', readonly number[]>>;
  readonly findings: Pick<Findings, 'figures' | 'sections' | 'missing'>;
}

export const LIFE_COLUMNS = [
  'pid',
  'ppid',
  'parent',
  'from',
  'length',
  'flags',
  'program',
  'outcome',
  'cpu',
  'rss',
  'read',
  'written',
] as const;
export type LifeColumn = (typeof LIFE_COLUMNS)[number];

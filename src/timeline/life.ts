/**
 * What a timeline is made of: the lives of processes on one axis of time, what is known of each, and where something is missing. All
 * times are nanoseconds after the origin, the first thing heard, as numbers: exact for a hundred days.
 */
import type { CauseName } from '../cause/causes.ts';
import type { LossReason } from '../process/record.ts';
import type { Usage } from '../usage/usage.ts';
import type { Tally } from './tally.ts';

/** A program as it is shown. Every text is escaped already. */
export interface ProgramText {
  readonly name: string;
  /** As a shell would want it typed; the name in brackets where the arguments are not known. */
  readonly command: string;
  readonly exe?: string;
  readonly cwd?: string;
  readonly user?: string;
}

export interface Program {
  readonly at: number;
  readonly text: ProgramText;
  /** False before the first exec: it is the parent's. */
  readonly own: boolean;
}

/** `heard`: its birth. `told`: the time of its birth, at its end. `before`: it was there already, nobody told since when. */
export type Beginning = 'heard' | 'told' | 'before';
/** `told`: its end. `inferred`: it was gone by then. `running`: it lived on. */
export type Ending = 'told' | 'inferred' | 'running';

export type LifeUsage = Pick<Usage, 'cpuNanos' | 'cpuIsLowerBound' | 'maxRssKib' | 'readBytes' | 'writeBytes'>;

export interface Life {
  readonly pid: number;
  readonly ppid: number | undefined;
  /** Undefined for roots. */
  readonly parent: Life | undefined;
  /** Of the birth; of the first that was heard of it where that is not known. */
  readonly from: number;
  readonly began: Beginning;
  /** Of the end; of the last moment at which it may have lived where that is not known. */
  readonly to: number;
  readonly ended: Ending;
  /** At least one, in the order of time. */
  readonly programs: readonly Program[];
  readonly waitStatus: number | undefined;
  /** Why it ended, where somebody knew. */
  readonly cause: CauseName | undefined;
  /** How and why it ended in words, escaped; undefined where the status says it all. */
  readonly why: string | undefined;
  readonly usage: LifeUsage | undefined;
  /** Nothing was heard of it: it is here as the parent of others. */
  readonly unseen: boolean;
  /** It stands for the machine that its children are of, and is no process. */
  readonly isMachine: boolean;
}

/** Short lives of one parent that are not kept each on its own. */
export interface Bundle {
  readonly parent: Life | undefined;
  readonly count: number;
  readonly from: number;
  readonly to: number;
  /** The longest of them, and all of them together. */
  readonly longest: number;
  readonly wall: number;
  readonly failures: number;
}

export interface Loss {
  readonly from: number;
  readonly to: number;
  readonly reason: LossReason;
  /** Undefined where nobody counted. */
  readonly count: number | undefined;
}

/** Where it was, as far as that is known. */
export interface MachineFacts {
  readonly host?: string;
  readonly kernel?: string;
  readonly cpus?: number;
  /** The wall clock at the origin, RFC 3339 in UTC. */
  readonly began?: string;
}

export interface Timeline {
  readonly title: string;
  readonly facts: MachineFacts;
  /** From the first thing heard to the last. */
  readonly from: number;
  readonly to: number;
  /** In the order of birth, parents before their children. */
  readonly lives: readonly Life[];
  readonly bundles: readonly Bundle[];
  /** Sums over all lives, those in bundles too. */
  readonly tally: Tally;
  readonly losses: readonly Loss[];
  /** Births beyond every limit: counted, and nothing else. */
  readonly uncounted: number;
}

/** What it was at last: the program it is named by. */
export const lastProgram = ({ programs }: Life): ProgramText => programs[programs.length - 1].text;

/** As the tree has it: in parentheses where it is the parent's. */
export function commandOf({ programs }: Life): string {
  const { text, own } = programs[programs.length - 1];
  return own ? text.command : `(${text.command})`;
}

export const isFailure = ({ waitStatus }: Life): boolean => waitStatus !== undefined && waitStatus !== 0;

/** Born within the recording: only what these did belongs to it. */
export const isWithin = ({ from, began, unseen }: Life): boolean => !unseen && began !== 'before' && from >= 0;

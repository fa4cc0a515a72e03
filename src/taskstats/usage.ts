/**
 * What a process used, as its exit record tells it: from the kernel's account of its threads, and from the exact one where there is one.
 * Pure.
 */
import type { ProcessEnd, ProcessRecord } from '../process/record.ts';
import type { Account } from './account.ts';
import type { Exact } from './exact.ts';

/** A member that is undefined is not known. */
export interface Usage {
  readonly cpuNanos: number | undefined;
  /** Without the time since the last tick or sleep, which may be all of it. */
  readonly cpuIsLowerBound: boolean;
  readonly userMicros: number | undefined;
  readonly systemMicros: number | undefined;
  readonly maxRssKib: number | undefined;
  readonly minorFaults: number | undefined;
  readonly majorFaults: number | undefined;
  readonly readBytes: number | undefined;
  readonly writeBytes: number | undefined;
  readonly voluntarySwitches: number | undefined;
  readonly involuntarySwitches: number | undefined;
  readonly exeInode: number | undefined;
  readonly ioDelayNanos: number | undefined;
  /** Real group id. */
  readonly gid: number | undefined;
}

const NOTHING: Usage = {
  cpuNanos: undefined,
  cpuIsLowerBound: false,
  userMicros: undefined,
  systemMicros: undefined,
  maxRssKib: undefined,
  minorFaults: undefined,
  majorFaults: undefined,
  readBytes: undefined,
  writeBytes: undefined,
  voluntarySwitches: undefined,
  involuntarySwitches: undefined,
  exeInode: undefined,
  ioDelayNanos: undefined,
  gid: undefined,
};

/** @param countsDelays false: the kernel's zeros are no measurement */
function usageOf(account: Account, countsDelays: boolean | undefined): Usage {
  const { ioDelayNanos } = account;
  const knowsDelay = countsDelays ?? (ioDelayNanos ?? 0) > 0;
  return {
    cpuNanos: account.cpuNanos,
    cpuIsLowerBound: account.cpuNanos !== undefined,
    userMicros: account.userMicros,
    systemMicros: account.systemMicros,
    maxRssKib: account.maxRssKib,
    minorFaults: account.minorFaults,
    majorFaults: account.majorFaults,
    readBytes: account.readBytes,
    writeBytes: account.writeBytes,
    voluntarySwitches: account.voluntarySwitches,
    involuntarySwitches: account.involuntarySwitches,
    exeInode: Number.isSafeInteger(account.exeInode) ? account.exeInode : undefined,
    ioDelayNanos: knowsDelay ? ioDelayNanos : undefined,
    gid: account.gid,
  };
}

const NANOS_PER_MICRO = 1000;

/** The kernel's own rule for rusage: ticks say how exact time is divided (`cputime_adjust` in kernel/sched/cputime.c). */
function divided({ cpuNanos, userNanos, systemNanos }: Exact): Pick<Usage, 'userMicros' | 'systemMicros'> {
  const ticks = userNanos + systemNanos;
  const system = systemNanos === 0 ? 0 : cpuNanos * (systemNanos / ticks);
  return {
    userMicros: (cpuNanos - system) / NANOS_PER_MICRO,
    systemMicros: system / NANOS_PER_MICRO,
  };
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** In place: tens of thousands a second are held when this comes, and what is held and copied is what costs most. */
function settle(usage: Mutable<Usage>, exact: Exact): void {
  const { userMicros, systemMicros } = divided(exact);
  usage.userMicros = userMicros;
  usage.systemMicros = systemMicros;
  usage.cpuNanos = exact.cpuNanos;
  usage.cpuIsLowerBound = false;
  usage.minorFaults = exact.minorFaults;
  usage.majorFaults = exact.majorFaults;
  usage.voluntarySwitches = exact.voluntarySwitches;
  usage.involuntarySwitches = exact.involuntarySwitches;
}

/**
 * Gives an exit what its account tells, also of who it was where nobody else knew. In place, as `settle` does: nobody else has seen the
 * record yet.
 */
export function accounted(record: ProcessRecord, account: Account, countsDelays: boolean | undefined): void {
  const { image, exit } = record;
  if (exit === undefined) return;
  (exit as Mutable<ProcessEnd>).usage = usageOf(account, countsDelays);
  const told = record as Mutable<ProcessRecord>;
  told.ppid ??= account.ppid;
  const comm = image.comm ?? account.comm;
  const uid = image.uid ?? account.uid;
  if (comm === image.comm && uid === image.uid) return;
  told.image = { ...image, ...(comm !== undefined && { comm }), ...(uid !== undefined && { uid }) };
}

/** The exact account has come, for an exit that has another one already or none. */
export function exactly({ exit }: ProcessRecord, exact: Exact): void {
  if (exit === undefined) return;
  const usage = exit.usage ?? { ...NOTHING };
  settle(usage, exact);
  (exit as Mutable<ProcessEnd>).usage = usage;
}

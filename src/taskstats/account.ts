/** What one process used, all its threads together: a sum that grows as its threads end. Pure. */
import type { Account } from '../usage/account.ts';
import type { Stats, ThreadEnd } from './decode.ts';

export interface ThreadsAccount extends Account {
  /** Seconds from the birth of the process to this account, where it is known. */
  readonly ageSeconds: number | undefined;
}

const sum = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined ? b : a + (b ?? 0));
const larger = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : Math.max(a, b ?? 0);

const MICRO = 1e6;

function ofOne(stats: Stats, isLeader: boolean): ThreadsAccount {
  const age = stats.processElapsedMicros ?? (isLeader ? stats.elapsedMicros : undefined);
  return {
    comm: stats.comm,
    uid: stats.uid,
    gid: stats.gid,
    ppid: stats.ppid || undefined,
    cpuNanos: stats.cpuNanos,
    cpuIsLowerBound: stats.cpuNanos !== undefined,
    userMicros: stats.userMicros,
    systemMicros: stats.systemMicros,
    maxRssKib: stats.maxRssKib,
    minorFaults: stats.minorFaults,
    majorFaults: stats.majorFaults,
    readBytes: stats.readBytes,
    writeBytes: stats.writeBytes,
    voluntarySwitches: stats.voluntarySwitches,
    involuntarySwitches: stats.involuntarySwitches,
    exeInode: Number.isSafeInteger(stats.exeInode) ? stats.exeInode || undefined : undefined,
    ioDelayNanos: stats.ioDelayNanos,
    ageSeconds: age === undefined ? undefined : age / MICRO,
  };
}

/** The later one knows the parent and the age; the name is the first thread's, which is the name of the process. */
function joined(before: ThreadsAccount, now: ThreadsAccount, nowIsLeader: boolean): ThreadsAccount {
  return {
    comm: nowIsLeader ? now.comm : before.comm,
    uid: now.uid,
    gid: now.gid,
    ppid: now.ppid,
    cpuNanos: sum(before.cpuNanos, now.cpuNanos),
    cpuIsLowerBound: now.cpuIsLowerBound,
    userMicros: sum(before.userMicros, now.userMicros),
    systemMicros: sum(before.systemMicros, now.systemMicros),
    maxRssKib: larger(before.maxRssKib, now.maxRssKib),
    minorFaults: sum(before.minorFaults, now.minorFaults),
    majorFaults: sum(before.majorFaults, now.majorFaults),
    readBytes: sum(before.readBytes, now.readBytes),
    writeBytes: sum(before.writeBytes, now.writeBytes),
    voluntarySwitches: sum(before.voluntarySwitches, now.voluntarySwitches),
    involuntarySwitches: sum(before.involuntarySwitches, now.involuntarySwitches),
    exeInode: now.exeInode ?? before.exeInode,
    ioDelayNanos: sum(before.ioDelayNanos, now.ioDelayNanos),
    ageSeconds: now.ageSeconds ?? before.ageSeconds,
  };
}

/** The kernel's own sums count threads as well that ended before anybody listened. They have no memory, no faults and no ids. */
function withSums(account: ThreadsAccount, sums: Stats): ThreadsAccount {
  return {
    ...account,
    cpuNanos: larger(account.cpuNanos, sums.cpuNanos),
    userMicros: larger(account.userMicros, sums.userMicros),
    systemMicros: larger(account.systemMicros, sums.systemMicros),
    voluntarySwitches: larger(account.voluntarySwitches, sums.voluntarySwitches),
    involuntarySwitches: larger(account.involuntarySwitches, sums.involuntarySwitches),
    ioDelayNanos: larger(account.ioDelayNanos, sums.ioDelayNanos),
  };
}

/** Adds the end of one more thread to what is known of its process. */
export function addThread(
  before: ThreadsAccount | undefined,
  { tid, stats, process }: ThreadEnd,
  tgid: number,
): ThreadsAccount {
  const isLeader = tid === tgid;
  const now = ofOne(stats, isLeader);
  const account = before === undefined ? now : joined(before, now, isLeader);
  return process === undefined ? account : withSums(account, process.stats);
}

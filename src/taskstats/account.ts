/** What one process used, all its threads together: a sum that grows as its threads end. Pure. */
import type { Stats, ThreadEnd } from './decode.ts';

const sum = (a: number | undefined, b: number | undefined): number | undefined => (a === undefined ? b : a + (b ?? 0));
const larger = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined ? b : Math.max(a, b ?? 0);

/** The later one knows the parent and the age; name, number and own age are the first thread's, which is the process to most. */
function joined(before: Stats, now: Stats, nowIsLeader: boolean): Stats {
  const first = nowIsLeader ? now : before;
  return {
    flag: now.flag,
    tid: first.tid,
    tgid: now.tgid,
    elapsedMicros: first.elapsedMicros,
    processElapsedMicros: now.processElapsedMicros ?? before.processElapsedMicros,
    comm: first.comm,
    uid: now.uid,
    ppid: now.ppid,
    cpuNanos: sum(before.cpuNanos, now.cpuNanos),
    cpuIsLowerBound: true,
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
    gid: now.gid,
  };
}

/** The kernel's own sums count threads as well that ended before anybody listened. They have no memory, no faults and no ids. */
function withSums(account: Stats, sums: Stats): Stats {
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
export function addThread(before: Stats | undefined, { tid, stats, process }: ThreadEnd, tgid: number): Stats {
  const account = before === undefined ? stats : joined(before, stats, tid === tgid);
  return process === undefined ? account : withSums(account, process.stats);
}

/** Seconds from the birth of the process to its account, where it is known. */
export function ageSeconds({ tid, elapsedMicros, processElapsedMicros }: Stats, pid: number): number | undefined {
  const micros = processElapsedMicros ?? (tid === pid ? elapsedMicros : undefined);
  return micros === undefined ? undefined : micros / 1e6;
}

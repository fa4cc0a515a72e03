/** What a process and its children cost, read from /proc: CPU in nanoseconds, memory, context switches, its subscriptions. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** The text, or nothing where the thread has just ended. */
function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}

function threadsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((tid) => `/proc/${pid}/task/${tid}`);
}

/** It and its children: a tool may be of several programs. */
export function familyOf(pid: number): number[] {
  const children = threadsOf(pid).flatMap((path) => textOf(`${path}/children`).split(' ').filter(Boolean).map(Number));
  return [pid, ...children];
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

/** User and system time of all living threads, its children's too. */
export const cpuNanos = (pid: number): number => sum(familyOf(pid).map(ownCpuNanos));

const TICK_NS = 1e7;

/** The scheduler's own account is exact; without it, clock ticks of 10 ms. */
function ownCpuNanos(pid: number): number {
  const exact = sum(threadsOf(pid).map((path) => Number.parseInt(textOf(`${path}/schedstat`) || '0', 10)));
  if (exact > 0) return exact;
  const fields = textOf(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * TICK_NS;
}

function statusField(path: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(textOf(`${path}/status`))?.[1] ?? 0);
}

/** Voluntary and not, of all living threads. */
export function contextSwitches(pid: number): number {
  return sum(
    threadsOf(pid).map(
      (path) => statusField(path, 'voluntary_ctxt_switches') + statusField(path, 'nonvoluntary_ctxt_switches'),
    ),
  );
}

const KIB_PER_MB = 1e6 / 1024;

export const residentMegabytes = (pid: number): number => statusField(`/proc/${pid}`, 'VmRSS') / KIB_PER_MB;
export const peakMegabytes = (pid: number): number =>
  sum(familyOf(pid).map((one) => statusField(`/proc/${one}`, 'VmHWM') / KIB_PER_MB));

const NETLINK_CONNECTOR = '11';

/** Connector sockets of the process that have joined the group of process events. */
export function subscriptions(pid: number): number {
  const inodes = new Set<string>();
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode !== undefined) inodes.add(inode);
    }
  } catch {
    // A descriptor was closed while we looked: the next look will tell.
  }
  const rows = readFileSync('/proc/net/netlink', 'latin1')
    .split('\n')
    .map((row) => row.trim().split(/\s+/));
  return rows.filter((row) => row[1] === NETLINK_CONNECTOR && row[3] === '00000001' && inodes.has(row[9])).length;
}

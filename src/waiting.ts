/**
 * Waiting for processes that are not our children. Two witnesses of every end: the kernel's events, which carry the status, and a
 * process descriptor, which cannot be lost, cannot mean another process, and since kernel 6.15 knows the status after the
 * reaping. Either alone is enough to come to an end; a status that none of them knows stays unknown.
 */
import type { Host, Kernel } from './host.ts';
import type { Monitor } from './monitor.ts';
import { isOver } from './process/exits.ts';
import { UNKNOWN_IMAGE } from './process/image.ts';
import type { Pidfd } from './process/pidfd.ts';
import type { ProcessFacts } from './process/proc-reader.ts';
import type { ProcessRecord, StreamRecord } from './process/record.ts';
import { unheard } from './process/teller.ts';

/** One thing waited for. Without a pid it is not there yet. */
export interface Target {
  /** As the user named it. */
  readonly label: string;
  pid: number | undefined;
  facts: ProcessFacts | undefined;
  end: { readonly waitStatus: number | undefined } | undefined;
}

/** Between the end of a process and its event or its reaping lie microseconds, on a loaded machine milliseconds. */
const PATIENCE_MS = [0, 1, 2, 5, 10, 20, 50, 100, 300] as const;
/** How often to look where the kernel has no process descriptors. */
const LOOK_MS = 500;

export class Waiting {
  private readonly host: Host;
  private readonly kernel: Kernel;
  /** Undefined where the connector is not available. */
  private readonly monitor: Monitor | undefined;
  private readonly onEnd: (target: Target, record: ProcessRecord) => void;
  private readonly awaited = new Map<number, { readonly target: Target; readonly pidfd: Pidfd | undefined }>();

  constructor(
    host: Host,
    kernel: Kernel,
    monitor: Monitor | undefined,
    onEnd: (target: Target, record: ProcessRecord) => void,
  ) {
    this.host = host;
    this.kernel = kernel;
    this.monitor = monitor;
    this.onEnd = onEnd;
  }

  /** Begins to wait for a target that has a pid; false if there is no such process. */
  add(target: Target): boolean {
    const { pid } = target;
    if (pid === undefined) return false;
    const pidfd = this.kernel.openPidfd(pid);
    if (pidfd === 'gone') return false;
    target.facts = this.kernel.reader.facts(pid);
    const entry = { target, pidfd: pidfd === 'unsupported' ? undefined : pidfd };
    this.awaited.set(pid, entry);
    const isZombie = target.facts !== undefined && isOver(target.facts.stat);
    if (isZombie || entry.pidfd === undefined) this.insist(pid, 0);
    else entry.pidfd.onEnd(() => this.insist(pid, 0));
    return true;
  }

  get pids(): ReadonlySet<number> {
    return new Set(this.awaited.keys());
  }

  /** What the events tell. An end is believed only if the descriptor agrees that the process is no more. */
  take(records: readonly StreamRecord[]): void {
    for (const record of records) {
      if (!('pid' in record) || record.event !== 'exit' || record.thread) continue;
      const entry = this.awaited.get(record.pid);
      if (entry === undefined || entry.pidfd?.state() === 'alive') continue;
      this.finish(record.pid, entry.pidfd?.waitStatus() ?? record.exit?.waitStatus, record);
    }
  }

  /** The process seems to have ended: asks for its status until one is found or patience ends. */
  private insist(pid: number, attempt: number): void {
    const entry = this.awaited.get(pid);
    if (entry === undefined) return;
    if (attempt === 0) entry.pidfd?.ignore();
    this.monitor?.wake();
    if (!this.awaited.has(pid)) return;
    if (entry.pidfd === undefined && this.isThere(pid)) {
      this.host.after(LOOK_MS, () => this.insist(pid, 0));
      return;
    }
    const status = entry.pidfd?.waitStatus() ?? this.kernel.reader.zombieStatus(pid);
    if (status !== undefined || attempt >= PATIENCE_MS.length) return this.finish(pid, status);
    this.host.after(PATIENCE_MS[attempt], () => this.insist(pid, attempt + 1));
  }

  private isThere(pid: number): boolean {
    const stat = this.kernel.reader.stat(pid);
    return stat === undefined ? this.kernel.reader.exists(pid) : !isOver(stat);
  }

  private finish(pid: number, waitStatus: number | undefined, heard?: ProcessRecord): void {
    const entry = this.awaited.get(pid);
    if (entry === undefined) return;
    this.awaited.delete(pid);
    entry.pidfd?.close();
    entry.target.end = { waitStatus };
    this.onEnd(entry.target, heard ?? this.concluded(pid, entry.target, waitStatus));
  }

  /** The record of an end that no event told. */
  private concluded(pid: number, { facts }: Target, waitStatus: number | undefined): ProcessRecord {
    const exit = { waitStatus, start: undefined, duration: undefined };
    return { ...unheard('exit', pid, facts?.image ?? UNKNOWN_IMAGE, this.host.now()), exit };
  }

  close(): void {
    for (const { pidfd } of this.awaited.values()) pidfd?.close();
    this.awaited.clear();
  }
}

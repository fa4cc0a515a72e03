/**
 * When a process has ended, and with which status. The kernel tells ends of threads: the leader may end long before the process, and
 * an exec from another thread makes the old leader end although the process lives on. So an end of the leader opens a case, and
 * a look at the process closes it: gone, or a zombie without other threads, has ended; its status is that of the thread that
 * ended last, which is what the parent's wait gives. An exec cancels the case; a birth under the same number proves the end.
 *
 * Source: kernel/exit.c (`do_exit`, `synchronize_group_exit`), fs/exec.c (`de_thread`).
 */
import type { EventOf, WireEvent } from '../netlink/events.ts';
import type { Hearing } from '../netlink/filter.ts';
import { lookAt, type Verdict } from '../process/last-look.ts';
import { type Moment, momentOfTicks, secondsBetween } from '../process/moment.ts';
import type { ProcReader } from '../process/proc-reader.ts';
import type { ProcessStat } from '../process/procstat.ts';
import { isSameStart } from '../process/subjects.ts';
import type { ProcessExit } from '../process/witness.ts';

type ThreadEnd = EventOf<'exit'>;

/** The end of a process as far as it was heard. */
interface Case {
  readonly pid: number;
  last: ThreadEnd;
  parentTgid: number;
  /** The leader's own end was heard. */
  leaderEnded: boolean;
  /** It looked ended once without an event: the event of its last thread may still be on its way. */
  lookedEnded: boolean;
}

export interface ExitRuleOptions {
  readonly hearing: Hearing;
  /** Births, execs and all exits are heard. */
  readonly hearsWholeLives: boolean;
  readonly reader: ProcReader;
  /** When the living process of this number was born, as far as known. */
  readonly startOf: (pid: number) => Moment | undefined;
  readonly bootOffset: () => Moment;
}

const CLOSED_LIMIT = 1024;

/** One more end of a thread in a case that is open. */
function goOn(open: Case, event: ThreadEnd, isLeader: boolean): void {
  open.last = event;
  open.lookedEnded = false;
  open.leaderEnded ||= isLeader;
  if (isLeader) open.parentTgid = event.parentTgid;
}

export class ExitRule {
  private readonly options: ExitRuleOptions;
  private readonly cases = new Map<number, Case>();
  /** Processes whose leader had ended before we listened: an end of another thread may be theirs. */
  private readonly leaderless = new Set<number>();
  /** With only failures heard: processes whose end was told, the latest of them. */
  private readonly closed = new Set<number>();
  /** In the current batch: the index of the last event that shows a process outliving its leader (a thread's end, an exec). */
  private readonly lastSignOfLife = new Map<number, number>();
  /** In the current batch: processes whose leader ended, and what a look at those that may have ended showed. */
  private readonly endedLeaders = new Set<number>();
  private readonly verdicts = new Map<number, Verdict>();

  constructor(options: ExitRuleOptions) {
    this.options = options;
  }

  /** Processes whose leader has ended and that may still live: their end may come without an event. */
  get unsettled(): number {
    return this.cases.size;
  }

  get open(): number[] {
    return [...this.cases.keys(), ...this.leaderless];
  }

  /** A process that was found without its leader. */
  addLeaderless(pid: number): void {
    this.leaderless.add(pid);
  }

  /** Looks at the processes whose end a batch may tell; true if there are any. */
  look(events: readonly WireEvent[]): boolean {
    this.lastSignOfLife.clear();
    this.endedLeaders.clear();
    this.verdicts.clear();
    for (let i = 0; i < events.length; i++) {
      const event = events[i];
      if (this.isSignOfLife(event)) this.lastSignOfLife.set(event.tgid, i);
      if (event.kind === 'exit' && event.tid === event.tgid) this.endedLeaders.add(event.tgid);
    }
    for (let i = 0; i < events.length; i++) {
      const event = events[i];
      if (event.kind !== 'exit' || !this.isLast(event, i) || !this.canClose(event)) continue;
      this.verdicts.set(event.tgid, lookAt(event.tgid, this.options.reader));
    }
    return this.verdicts.size > 0;
  }

  /**
   * Voids the looks at processes that gave another sign of life after the batch, before anybody else got their number: what looked gone had
   * executed a program and ended since. `later` is what was drained after `look`.
   */
  heedLater(later: readonly WireEvent[]): void {
    if (this.verdicts.size === 0) return;
    const succeeded = new Set<number>();
    for (const event of later) {
      if (event.kind === 'fork' && event.tid === event.tgid) succeeded.add(event.tgid);
      else if (this.isSignOfLife(event) && !succeeded.has(event.tgid) && this.verdicts.has(event.tgid)) {
        this.verdicts.set(event.tgid, { is: 'draining' });
      }
    }
  }

  /** Takes the end of a thread, at its place in the batch; returns the end of its process if it is that. */
  hear(event: ThreadEnd, index: number): ProcessExit | undefined {
    const isLeader = event.tid === event.tgid;
    if (isLeader) this.closed.delete(event.tgid);
    const known = this.cases.get(event.tgid);
    if (known !== undefined) goOn(known, event, isLeader);
    const open = known ?? this.opened(event, isLeader);
    if (open === undefined) return undefined;
    const found = this.isLast(event, index) ? this.judge(open, true) : 'open';
    // Most are closed as soon as they are opened, and never get into the map.
    if (found === 'open' && known === undefined) this.cases.set(open.pid, open);
    if (found === 'void') this.cases.delete(open.pid);
    return typeof found === 'string' ? undefined : found;
  }

  /** An exec: whatever ended before was not the process. */
  cancel(pid: number): void {
    this.cases.delete(pid);
    this.leaderless.delete(pid);
  }

  /** A birth proves that the process which had the number before has ended. */
  succeed(pid: number): ProcessExit | undefined {
    const before = this.cases.get(pid);
    return before && this.close(before, undefined, false);
  }

  /**
   * Looks again at the unsettled. An end that no event told must be seen twice: the first look may have come between the end of the last
   * thread and the event about it, which alone has the status of the process.
   */
  settle(): ProcessExit[] {
    this.verdicts.clear();
    return [...this.cases.values()].flatMap((open) => {
      if (!open.lookedEnded) {
        open.lookedEnded = lookAt(open.pid, this.options.reader).is !== 'draining';
        return [];
      }
      const found = this.judge(open, false);
      if (found === 'void') this.cases.delete(open.pid);
      return typeof found === 'string' ? [] : found;
    });
  }

  /** An event after which an end of the leader that came before was not that of the process. */
  private isSignOfLife(event: WireEvent): boolean {
    if (event.kind === 'exec') return true;
    if (event.kind !== 'exit') return false;
    // Where execs are not heard, a second end of a leader is all there is to see of one.
    return event.tid !== event.tgid || !this.options.hearing.scopes.has('exec');
  }

  private isLast({ tgid }: ThreadEnd, index: number): boolean {
    return (this.lastSignOfLife.get(tgid) ?? index) <= index;
  }

  /** Whether an end of a thread may be the first that is heard of the end of its process. */
  private canOpen({ tid, tgid }: ThreadEnd): boolean {
    // With only failures heard, the leader's own end may have been a zero that was never sent.
    const mayBeLeaderless = this.options.hearing.onlyFailures && !this.closed.has(tgid);
    return tid === tgid || mayBeLeaderless || this.leaderless.has(tgid);
  }

  private canClose(event: ThreadEnd): boolean {
    return this.canOpen(event) || this.endedLeaders.has(event.tgid) || this.cases.has(event.tgid);
  }

  private opened(event: ThreadEnd, isLeader: boolean): Case | undefined {
    if (!this.canOpen(event)) return undefined;
    const { tgid: pid, parentTgid } = event;
    return { pid, last: event, parentTgid, leaderEnded: isLeader, lookedEnded: false };
  }

  /** Closes the case if the process has ended; leaves it open, or finds that it was none. */
  private judge(open: Case, byEvent: boolean): ProcessExit | 'open' | 'void' {
    const verdict = this.verdicts.get(open.pid) ?? lookAt(open.pid, this.options.reader);
    if (verdict.is === 'draining') return 'open';
    const remains = verdict.is === 'ended' ? verdict.stat : undefined;
    // With only failures heard, the end of the leader may still be on its way: let `settle` see whether it comes.
    if (byEvent && this.options.hearing.onlyFailures && !open.leaderEnded && remains === undefined) return 'open';
    if (verdict.is === 'ended') return this.close(open, verdict.stat, byEvent);
    if (!this.isSameProcess(open, verdict.stat)) return this.close(open, undefined, byEvent);
    // An exec from another thread, or the number's next holder within a clock tick: where both are heard, they close the case.
    return this.options.hearsWholeLives ? 'open' : 'void';
  }

  /** Whether the living holder of the number is the process whose leader ended, and not its successor. */
  private isSameProcess({ pid, last }: Case, stat: ProcessStat): boolean {
    const known = this.options.startOf(pid);
    const bootOffset = this.options.bootOffset();
    if (known !== undefined) return isSameStart(known, stat, bootOffset);
    return secondsBetween(momentOfTicks(stat.startTicks, bootOffset), last.stamp) > 0;
  }

  private close(open: Case, zombie: ProcessStat | undefined, byEvent: boolean): ProcessExit {
    const { pid, last, parentTgid } = open;
    this.cancel(pid);
    if (this.options.hearing.onlyFailures) this.remember(pid);
    return { pid, last, parentTgid, zombie, status: this.statusOf(open, zombie, byEvent) };
  }

  /** Ends of its threads that come later than the look are no second end of the process. */
  private remember(pid: number): void {
    this.closed.add(pid);
    if (this.closed.size <= CLOSED_LIMIT) return;
    for (const oldest of this.closed) {
      this.closed.delete(oldest);
      break;
    }
  }

  /**
   * The status of a process is that of the thread that ended last. With only failures heard a last end with 0 is never sent: then the
   * remains are asked, and else only an end that was the leader's and closed the case at once is sure.
   */
  private statusOf({ pid, last, leaderEnded }: Case, zombie: ProcessStat | undefined, byEvent: boolean) {
    if (!this.options.hearing.onlyFailures) return last.status;
    const left = zombie && this.options.reader.zombieStatus(pid);
    return left ?? (byEvent && leaderEnded ? last.status : undefined);
  }
}

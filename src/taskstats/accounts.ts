/**
 * Accounts that wait for the exit they belong to. The kernel queues the account of each thread before it tells of its end, so an account
 * waits for a moment only; what nobody claims leaves after a while, and there is a bound on all of it. Pure.
 */
import { LAST_THREAD } from './abi.ts';
import { addThread, ageSeconds } from './account.ts';
import type { Stats, ThreadEnd } from './decode.ts';

interface Finished {
  readonly account: Stats;
  readonly since: number;
  /** Of the next process with the same number. */
  later: Finished | undefined;
}

/** Some seconds: exits come within milliseconds, but a machine may be busy. */
const UNCLAIMED_MS = 3000;
/** Bounds in entries: of processes that have lost some threads, of single threads whose process is not known, of unclaimed accounts. */
const MOST = { open: 65_536, threads: 16_384, finished: 65_536 } as const;

/** A life as the clock of the events has it, and as the account has it, which was written earlier. */
const CLOCK_TOLERANCE_SECONDS = 0.025;

export class Accounts {
  /** Of processes that live on with fewer threads. */
  private readonly open = new Map<number, Stats>();
  /** Complete; for each number the first end that nobody claimed, and behind it the later ones. */
  private readonly finished = new Map<number, Finished>();
  /** Threads whose process their account does not name (before version 12), by thread id. */
  private readonly strays = new Map<number, ThreadEnd>();

  /** All that is kept. */
  get size(): number {
    return this.open.size + this.finished.size + this.strays.size;
  }

  add(end: ThreadEnd, now: number): void {
    const isLast = (end.stats.flag & LAST_THREAD) !== 0 || end.process !== undefined;
    // The last thread of a process without sums was its only one.
    const tgid = end.stats.tgid ?? end.process?.tgid ?? (isLast ? end.tid : undefined);
    if (tgid === undefined) this.keep(this.strays, end.tid, end, MOST.threads);
    else this.join(end, tgid, isLast, now);
  }

  /** A thread's end was heard, which says what process it belonged to. */
  heard(tid: number, tgid: number, now: number): void {
    const stray = this.strays.get(tid);
    if (stray === undefined) return;
    this.strays.delete(tid);
    this.join(stray, tgid, false, now);
  }

  private join(end: ThreadEnd, tgid: number, isLast: boolean, now: number): void {
    const account = addThread(this.open.get(tgid), end, tgid);
    this.open.delete(tgid);
    if (!isLast) return this.keep(this.open, tgid, account, MOST.open);
    const finished = { account, since: now, later: undefined };
    const first = this.finished.get(tgid);
    if (first !== undefined) lastOf(first).later = finished;
    this.keep(this.finished, tgid, first ?? finished, MOST.finished);
  }

  private keep<Value>(map: Map<number, Value>, key: number, value: Value, most: number): void {
    // Again at the end: the order is that of the last news.
    map.delete(key);
    map.set(key, value);
    if (map.size <= most) return;
    for (const oldest of map.keys()) {
      map.delete(oldest);
      if (map.size <= most) break;
    }
  }

  /** The account of a process that ended at this age: the oldest of its number that is not older than the process was. */
  take(pid: number, age: number | undefined): Stats | undefined {
    let one = this.finished.get(pid);
    // Those before it belong to ends that were not told.
    while (one !== undefined && !isPossible(one.account, pid, age)) one = one.later;
    if (one === undefined) return undefined;
    if (one.later === undefined) this.finished.delete(pid);
    else this.finished.set(pid, one.later);
    return one.account;
  }

  /** Forgets what nobody claimed for too long. Entries are in the order of their last account. */
  expire(now: number): void {
    for (const [pid, first] of this.finished) {
      if (now - lastOf(first).since < UNCLAIMED_MS) return;
      this.finished.delete(pid);
    }
  }

  /** Some accounts were lost, perhaps the last one of a process: what was begun must not be added to the next of that number. */
  forgetBegun(): void {
    this.open.clear();
    this.strays.clear();
  }
}

function lastOf(first: Finished): Finished {
  let one = first;
  while (one.later !== undefined) one = one.later;
  return one;
}

function isPossible(account: Stats, pid: number, ageAtEnd: number | undefined): boolean {
  const age = ageSeconds(account, pid);
  return age === undefined || ageAtEnd === undefined || age <= ageAtEnd + CLOCK_TOLERANCE_SECONDS;
}

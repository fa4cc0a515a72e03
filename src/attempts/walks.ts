/**
 * Attempts to execute, put together as people mean them: a walk along PATH tries one name in many places and is one attempt, told only if
 * none succeeded. Pure over attempts, execs and ends in the order of time; bounded.
 *
 * A walk is one thread that tries the same name with the same arguments, right after each other. It is over when something else is tried,
 * when the process ends, or when nothing more comes for a moment; an exec that succeeds makes it none.
 */
import { compareMoments, type Moment, secondsBetween } from '../process/moment.ts';
import { rawOf, type Text } from '../process/text.ts';
import type { Attempt } from './attempt.ts';

/** What could not be executed. */
export interface FailedExec {
  /** The attempt that tells most of it: the first that was refused, or else the last, as execvp(3) tells its caller. */
  readonly attempt: Attempt;
  readonly tried: number;
}

const EACCES = 13;
/** No loop over PATH takes so long for a step. */
export const QUIET_SECONDS = 0.25;
/** Who ends so long after an attempt, at the most, ends because of it. */
const ENDS_SECONDS = 1;
const MOST = 4096;

interface Walk {
  readonly name: string;
  best: Attempt;
  last: Attempt;
  tried: number;
}

const nameOf = (path: Text | undefined): string => (path === undefined ? '' : rawOf(path).replace(/^.*\//s, ''));

const sameRest = (a: readonly Text[], b: readonly Text[]): boolean =>
  a.length === b.length && a.every((text, i) => i === 0 || rawOf(text) === rawOf(b[i]));

export class Walks {
  /** By thread. */
  private readonly open = new Map<number, Walk>();
  /** The last of each process that has executed nothing since. */
  private readonly latest = new Map<number, FailedExec>();
  private readonly isEvery: boolean;

  /** `tells`: each attempt for itself, or walks. */
  constructor(tells: 'every try' | 'walks') {
    this.isEvery = tells === 'every try';
  }

  /** Whether something waits to be told. */
  get isOpen(): boolean {
    return this.open.size > 0;
  }

  /** What is over now that this was tried. */
  tried(attempt: Attempt): FailedExec[] {
    const walk = this.open.get(attempt.tid);
    const goesOn = walk !== undefined && !this.isEvery && continues(walk, attempt);
    if (goesOn) {
      walk.tried++;
      walk.last = attempt;
      if (walk.best.errno !== EACCES) walk.best = attempt;
      this.remember({ attempt: walk.best, tried: walk.tried });
      return [];
    }
    this.remember({ attempt, tried: 1 });
    if (this.isEvery) return [{ attempt, tried: 1 }];
    this.open.delete(attempt.tid);
    this.open.set(attempt.tid, { name: nameOf(attempt.path), best: attempt, last: attempt, tried: 1 });
    return [...(walk === undefined ? [] : [failedOf(walk)]), ...this.overflow()];
  }

  private remember(failed: FailedExec): void {
    const { pid } = failed.attempt;
    this.latest.delete(pid);
    this.latest.set(pid, failed);
    for (const oldest of this.latest.keys()) {
      if (this.latest.size <= MOST) break;
      this.latest.delete(oldest);
    }
  }

  private overflow(): FailedExec[] {
    if (this.open.size <= MOST) return [];
    const [oldest] = this.open.keys();
    return this.take(oldest);
  }

  private take(tid: number): FailedExec[] {
    const walk = this.open.get(tid);
    this.open.delete(tid);
    return walk === undefined ? [] : [failedOf(walk)];
  }

  /** A program of this process runs: what was tried before were steps on the way. Its event may be read after what is tried next. */
  executed(pid: number, moment: Moment): void {
    const isBefore = ({ at }: Attempt): boolean => compareMoments(at, moment) <= 0;
    const latest = this.latest.get(pid);
    if (latest !== undefined && isBefore(latest.attempt)) this.latest.delete(pid);
    for (const [tid, { last }] of this.open) if (last.pid === pid && isBefore(last)) this.open.delete(tid);
  }

  /** What is over with a thread. */
  ended(tid: number): FailedExec[] {
    return this.take(tid);
  }

  /** What the process tried last, if it ends because of that. Asked once. */
  lastOf(pid: number, end: Moment): FailedExec | undefined {
    const failed = this.latest.get(pid);
    this.latest.delete(pid);
    return failed !== undefined && secondsBetween(failed.attempt.at, end) <= ENDS_SECONDS ? failed : undefined;
  }

  /** Walks that nothing was added to since, or all. */
  quiet(now: Moment | 'all'): FailedExec[] {
    const over = [...this.open].filter(
      ([, { last }]) => now === 'all' || secondsBetween(last.at, now) >= QUIET_SECONDS,
    );
    return over.flatMap(([tid]) => this.take(tid));
  }
}

function continues({ name, last }: Walk, { pid, path, args, at }: Attempt): boolean {
  const isSame = last.pid === pid && nameOf(path) === name && sameRest(args, last.args);
  return isSame && secondsBetween(last.at, at) < QUIET_SECONDS;
}

const failedOf = ({ best, tried }: Walk): FailedExec => ({ attempt: best, tried });

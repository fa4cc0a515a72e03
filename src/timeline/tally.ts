/**
 * Sums over lives, each added once: by command, by command line, failures, the longest. Bounded however many there are: commands
 * beyond a limit are summed as others, and of command lines those that came once are forgotten when there are too many.
 */
import { TopList } from '../format/top-list.ts';
import { commandOf, isFailure, isWithin, type Life, lastProgram } from './life.ts';
import { endOf, outcomeOf } from './outcome.ts';

const MOST = { commands: 10_000, lines: 50_000, failures: 1000, longest: 10 } as const;
export const OTHERS = '(other)';

/** What lives of one kind have in sum. */
export interface Sum {
  count: number;
  /** Nanoseconds. */
  wall: number;
  /** Undefined while no account was seen. */
  cpu: number | undefined;
  cpuIsLowerBound: boolean;
  /** The highest. */
  rssKib: number | undefined;
  failures: number;
}

/** The same command line that ended in the same way. */
export interface FailureSum {
  readonly first: Life;
  /** With the cause where it is the same for all of them. */
  outcome: string;
  count: number;
}

const nothing = (): Sum => ({
  count: 0,
  wall: 0,
  cpu: undefined,
  cpuIsLowerBound: false,
  rssKib: undefined,
  failures: 0,
});

function addTo(sum: Sum, life: Life): void {
  const { usage, from, to } = life;
  sum.count++;
  sum.wall += to - from;
  if (usage?.cpuNanos !== undefined) sum.cpu = (sum.cpu ?? 0) + usage.cpuNanos;
  sum.cpuIsLowerBound ||= usage?.cpuIsLowerBound ?? false;
  if (usage?.maxRssKib !== undefined) sum.rssKib = Math.max(sum.rssKib ?? 0, usage.maxRssKib);
  if (isFailure(life)) sum.failures++;
}

export class Tally {
  readonly all = nothing();
  /** CPU time of those born within the recording. */
  readonly within = nothing();
  readonly byCommand = new Map<string, Sum>();
  readonly byLine = new Map<string, Sum>();
  readonly failures = new Map<string, FailureSum>();
  readonly longest = new TopList<Life>(MOST.longest, ({ from, to }) => to - from);
  /** Ends without an account, which the sums of CPU time lack. */
  withoutAccount = 0;

  add(life: Life): void {
    if (life.unseen) return;
    addTo(this.all, life);
    if (isWithin(life)) addTo(this.within, life);
    if (life.ended !== 'running' && life.usage?.cpuNanos === undefined) this.withoutAccount++;
    this.longest.add(life);
    const { name, command } = lastProgram(life);
    addTo(this.sumOf(name), life);
    if (life.programs.some(({ own }) => own)) addTo(this.lineOf(command), life);
    if (isFailure(life)) this.addFailure(life);
  }

  private sumOf(name: string): Sum {
    const key = this.byCommand.has(name) || this.byCommand.size < MOST.commands ? name : OTHERS;
    return found(this.byCommand, key, nothing);
  }

  private lineOf(line: string): Sum {
    if (this.byLine.size >= MOST.lines && !this.byLine.has(line)) {
      for (const [once, { count }] of this.byLine) if (count === 1) this.byLine.delete(once);
      // All of them came again and again: the newcomer has to wait for a place.
      if (this.byLine.size >= MOST.lines) return nothing();
    }
    return found(this.byLine, line, nothing);
  }

  private addFailure(life: Life): void {
    const [end, outcome] = [endOf(life), outcomeOf(life)];
    const key = `${end}\0${commandOf(life)}`;
    if (this.failures.size >= MOST.failures && !this.failures.has(key)) return;
    const sum = found(this.failures, key, () => ({ first: life, outcome, count: 0 }));
    sum.count++;
    if (sum.outcome !== outcome) sum.outcome = end;
  }
}

function found<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

/**
 * Who is there: what fills the process table at the start, and makes it true again after a loss. Either a walk over the kernel's own list
 * tells it, in a handful of system calls, or each process is read below /proc; both tell the same.
 */
import type { Image } from './image.ts';
import { compareMoments, type Moment } from './moment.ts';
import type { ProcessFacts, ProcReader } from './proc-reader.ts';
import type { ProcessStat } from './procstat.ts';

export interface Scan {
  /** Everybody, with what they run. */
  facts(): Map<number, ProcessFacts>;
  /** Everybody. `known` are those of whom the caller would believe that they have ended, were they not among them. */
  stats(known: Iterable<number>): Map<number, ProcessStat>;
  close(): void;
}

/** What the kernel's own list tells of a process. */
export interface Walked {
  readonly pid: number;
  readonly stat: ProcessStat;
  /** Effective. */
  readonly uid: number;
  /** On CLOCK_BOOTTIME, to the nanosecond: with the pid it says which process. */
  readonly start: Moment;
  /** It has no memory, and so neither program nor arguments. */
  readonly isKernelThread: boolean;
  /** /proc tells more of the name. */
  readonly isNameCut: boolean;
}

export interface ProcessWalk {
  /** Undefined where the kernel lets us walk no more. */
  processes(): Walked[] | undefined;
  close(): void;
}

type Reader = Pick<ProcReader, 'pids' | 'factsOfAll' | 'images' | 'stat' | 'exists'>;

/** Reads for each of these pids; nothing for those who are gone. */
export function readEach<T>(pids: Iterable<number>, read: (pid: number) => T | undefined): Map<number, T> {
  const found = new Map<number, T>();
  for (const pid of pids) {
    const value = read(pid);
    if (value !== undefined) found.set(pid, value);
  }
  return found;
}

/** One process after another, below /proc. */
export class ReadScan implements Scan {
  private readonly reader: Reader;

  constructor(reader: Reader) {
    this.reader = reader;
  }

  facts(): Map<number, ProcessFacts> {
    return this.reader.factsOfAll(this.reader.pids());
  }

  stats(): Map<number, ProcessStat> {
    return readEach(this.reader.pids(), (pid) => this.reader.stat(pid));
  }

  close(): void {}
}

/**
 * The walk tells all but what stands in the memory of a process: arguments, program and directory are read below /proc, between two
 * walks. Who was there in both, born at the same nanosecond, is who was read.
 */
export class WalkedScan implements Scan {
  private readonly walk: ProcessWalk;
  private readonly reader: Reader;
  private readonly fallback: ReadScan;

  /** Takes over the walk. */
  constructor(walk: ProcessWalk, reader: Reader) {
    this.walk = walk;
    this.reader = reader;
    this.fallback = new ReadScan(reader);
  }

  /** Half of all that is there may be kernel threads. */
  private imagesOf(walked: readonly Walked[]): Map<number, Pick<Walked, 'start'> & { readonly image: Image }> {
    const images = this.reader.images(walked.filter((one) => !one.isKernelThread).map(({ pid }) => pid));
    return new Map(
      walked.map((one) => [one.pid, { start: one.start, image: images.get(one.pid) ?? this.nameOf(one) }]),
    );
  }

  private nameOf({ pid, isKernelThread, isNameCut }: Walked): Image {
    const comm = isKernelThread && isNameCut ? this.reader.stat(pid)?.comm : undefined;
    return comm === undefined ? {} : { comm };
  }

  facts(): Map<number, ProcessFacts> {
    const before = this.walk.processes();
    const read = this.imagesOf(before ?? []);
    const after = before && this.walk.processes();
    if (after === undefined) return this.fallback.facts();
    const found = new Map<number, ProcessFacts>();
    const others: number[] = [];
    for (const { pid, stat, uid, start } of after) {
      const one = read.get(pid);
      if (one === undefined || compareMoments(one.start, start) !== 0) others.push(pid);
      else {
        const { comm } = one.image;
        const whole = comm === undefined ? stat : { ...stat, comm };
        found.set(pid, { stat: whole, image: Object.assign(one.image, { comm: whole.comm, uid }) });
      }
    }
    others.push(...unseen(after, []));
    for (const [pid, facts] of this.reader.factsOfAll(others)) found.set(pid, facts);
    return found;
  }

  stats(known: Iterable<number>): Map<number, ProcessStat> {
    const walked = this.walk.processes();
    if (walked === undefined) return this.fallback.stats();
    const found = new Map(walked.map(({ pid, stat }) => [pid, stat]));
    const { reader } = this;
    const others = unseen(walked, known);
    const seen = readEach(others, (pid) => (reader.exists(pid) ? reader.stat(pid) : undefined));
    for (const [pid, stat] of seen) found.set(pid, stat);
    return found;
  }

  close(): void {
    this.walk.close();
  }
}

/**
 * Whom the walk does not show: parents, who must be there, since a machine's first process may be kept out of its sight; and those known
 * before, since one that changes its first thread at that very moment (an exec from another thread) may be passed over.
 */
function unseen(walked: readonly Walked[], known: Iterable<number>): Set<number> {
  const others = new Set([...known, ...walked.map(({ stat }) => stat.ppid)]);
  for (const { pid } of walked) others.delete(pid);
  others.delete(0);
  return others;
}

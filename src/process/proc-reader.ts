/**
 * The one interface through which facts about living processes are read. Its real form reads /proc; tests script it, and
 * another source (a capture inside the kernel) can take its place.
 */
import type { Image } from './image.ts';
import type { ProcessStat } from './procstat.ts';

/** What a process is, as far as it could be read at one moment, all of it about the same process. */
export interface ProcessFacts {
  readonly stat: ProcessStat;
  readonly image: Image;
}

export interface ProcReader {
  /** Undefined when there is no such process, or none that we may see. */
  facts(pid: number): ProcessFacts | undefined;
  /** The same, or `later` where its arguments might not come at once: then `factsOfAll` has them, waited for together with those of others. */
  factsAtOnce(pid: number): ProcessFacts | 'later' | undefined;
  /** Of those who are there. Arguments that do not come are not waited for (`missing`: "stuck"). */
  factsOfAll(pids: Iterable<number>): Map<number, ProcessFacts>;
  /** The same without args and uid: what no capture in the kernel can tell. */
  links(pid: number): ProcessFacts | undefined;
  /** Arguments, program and directory alone, without any proof whose they are. */
  image(pid: number): Image;
  images(pids: Iterable<number>): Map<number, Image>;
  stat(pid: number): ProcessStat | undefined;
  /** The wait status of a process that has ended and was not reaped, if we may know it. */
  zombieStatus(pid: number): number | undefined;
  /** One line of /proc/PID/cgroup: the path in the unified hierarchy. */
  cgroup(pid: number): string | undefined;
  /** Whether /proc has a directory of it, whoever may look into that. */
  isListed?(pid: number): boolean;
  /** False only when no process has this pid any more, not even as a zombie. */
  exists(pid: number): boolean;
  /** Whether all of the process has ended; asked of a process descriptor, which works where /proc hides the process. */
  hasEnded(pid: number): boolean;
  pids(): number[];
}

/**
 * The reader of a place where /proc has other numbers than events: what it shows under a number is another process. Of all processes of the
 * events it knows ourselves alone, whose two numbers are known; the others are there, for all it can tell, and hidden from us.
 */
import type { ProcessFacts, ProcReader } from './proc-reader.ts';
import { readEach } from './scan.ts';

export interface OurNumbers {
  readonly inEvents: number;
  readonly inProc: number;
}

export function foreignReader(reader: ProcReader, { inEvents, inProc }: OurNumbers): ProcReader {
  const ofUs =
    <T>(read: (pid: number) => T, otherwise: T) =>
    (pid: number): T =>
      pid === inEvents ? read(inProc) : otherwise;
  const us = (pids: Iterable<number>): number[] => [...pids].filter((pid) => pid === inEvents);
  return {
    factsAtOnce: ofUs<ProcessFacts | 'later' | undefined>((pid) => reader.factsAtOnce(pid), undefined),
    factsOfAll: (pids) => readEach(us(pids), () => reader.facts(inProc)),
    images: (pids) => readEach(us(pids), () => reader.image(inProc)),
    facts: ofUs((pid) => reader.facts(pid), undefined),
    links: ofUs((pid) => reader.links(pid), undefined),
    image: ofUs((pid) => reader.image(pid), {}),
    stat: ofUs((pid) => reader.stat(pid), undefined),
    zombieStatus: () => undefined,
    cgroup: ofUs((pid) => reader.cgroup(pid), undefined),
    isListed: () => false,
    exists: () => true,
    hasEnded: () => false,
    pids: () => [inEvents],
  };
}

/** Records of a few processes, told in few words, with times in milliseconds after the origin. */
import type { FailedExec } from '../../src/attempts/walks.ts';
import type { EndCause } from '../../src/cause/end-cause.ts';
import type { Image } from '../../src/process/image.ts';
import type { LostRecord, ProcessRecord, StreamRecord } from '../../src/process/record.ts';
import { Collector, type CollectorOptions } from '../../src/timeline/collector.ts';
import { commandOf, type Life, lastProgram, type Timeline } from '../../src/timeline/life.ts';
import { momentOf } from '../support/many-lives.ts';
import { lost, record } from '../support/records.ts';

const MILLI = 1e6;
export const ms = (nanos: number): number => nanos / MILLI;
const at = (milliseconds: number) => momentOf(milliseconds * MILLI);

export const image = (...args: readonly string[]): Image => ({
  comm: args[0],
  args,
  exe: `/usr/bin/${args[0]}`,
  cwd: '/src',
  uid: 1000,
});

const about = (pid: number, over: Partial<ProcessRecord>): ProcessRecord => record({ pid, tid: pid, ...over });

export const fork = (time: number, pid: number, ppid: number, over: Partial<ProcessRecord> = {}): ProcessRecord =>
  about(pid, { event: 'fork', at: at(time), ppid, image: image('sh'), imageOf: 'inherited', ...over });

export const exec = (time: number, pid: number, ...args: readonly string[]): ProcessRecord =>
  about(pid, { event: 'exec', at: at(time), ppid: 1, image: image(...args) });

interface End {
  readonly status?: number | undefined;
  /** Of the birth, in milliseconds. */
  readonly start?: number;
  readonly cpu?: number;
  readonly rss?: number;
  readonly cause?: EndCause;
  readonly over?: Partial<ProcessRecord>;
}

export const exit = (
  time: number,
  pid: number,
  { status = 0, start, cpu, rss, cause, over }: End = {},
): ProcessRecord =>
  about(pid, {
    event: 'exit',
    at: at(time),
    image: image('sh'),
    exit: {
      waitStatus: status,
      start: start === undefined ? undefined : at(start),
      duration: undefined,
      cause,
      usage:
        cpu === undefined
          ? undefined
          : {
              cpuNanos: cpu * MILLI,
              cpuIsLowerBound: false,
              userMicros: undefined,
              systemMicros: undefined,
              maxRssKib: rss,
              minorFaults: undefined,
              majorFaults: undefined,
              readBytes: 0,
              writeBytes: 4096,
              voluntarySwitches: undefined,
              involuntarySwitches: undefined,
              ioDelayNanos: undefined,
              gid: undefined,
            },
    },
    ...over,
  });

export const hole = (from: number, to: number, over: Partial<LostRecord> = {}): LostRecord =>
  lost({ since: at(from), at: at(to), ...over });

/** Of a whole process: born, running a program half a millisecond later, ended. */
export function life(
  pid: number,
  ppid: number,
  [from, to]: readonly [number, number],
  args: string,
  end: End = {},
): ProcessRecord[] {
  const words = args.split(' ');
  const over = { image: image(...words), ...end.over };
  return [fork(from, pid, ppid), exec(from + 0.5, pid, ...words), exit(to, pid, { start: from, ...end, over })];
}

/** Sent to a process by another one. */
export const killedBy = (comm: string, pid: number): EndCause => ({
  cause: 'signal',
  sender: { pid, comm, uid: 0, start: at(0), isEnding: false, isItself: false },
  code: 'SI_USER',
});

/** What a process tried to execute, and could not. */
export const notFound = (path: string, pid: number, tried = 1): FailedExec => ({
  attempt: {
    at: at(0),
    pid,
    tid: pid,
    ppid: 1,
    start: at(0),
    uid: 0,
    comm: 'sh',
    errno: 2,
    path,
    args: [path],
    hasAllArgs: true,
  },
  tried,
});

const timeOf = ({ at: { seconds, nanos } }: StreamRecord): number => seconds * 1e9 + nanos;

/** Records in the order of time, as a timeline. */
export function timelineOf(
  records: readonly StreamRecord[],
  options: CollectorOptions = {},
  cpus: number | 'unknown' = 2,
): Timeline {
  const collector = new Collector(options);
  collector.take([...records].sort((a, b) => timeOf(a) - timeOf(b)));
  return collector.finish('a story', cpus === 'unknown' ? {} : { cpus });
}

/** `2 sh (1) 0–10 exit`: pid, command, pid of the parent, milliseconds. */
export function brief(one: Life): string {
  const parent = one.parent === undefined ? '' : ` < ${one.parent.pid}`;
  return `${one.pid} ${commandOf(one)}${parent} ${ms(one.from)}–${ms(one.to)} ${one.ended}`;
}

export const briefs = ({ lives }: Timeline): string[] => lives.map(brief);
export const names = ({ lives }: Timeline): string[] => lives.map((one) => lastProgram(one).name);

/** A small build: two jobs side by side, one of which fails, and a wait at its end. */
export const BUILD: readonly ProcessRecord[] = [
  ...life(100, 17, [0, 100], 'make -j2', { status: 512, cpu: 2, rss: 2000 }),
  ...life(101, 100, [1, 41], 'cc -c a.c', { cpu: 1, rss: 2500 }),
  ...life(102, 101, [2, 40], 'cc1 a.c', { cpu: 36, rss: 60_000 }),
  ...life(103, 100, [1.5, 21], 'cc -c b.c', { status: 256, cpu: 1, rss: 2400 }),
  ...life(104, 103, [3, 20], 'cc1 b.c', { status: 256, cpu: 16, rss: 30_000 }),
  ...life(105, 100, [42, 62], 'cc -c c.c', { cpu: 1, rss: 2400 }),
  ...life(106, 105, [43, 61], 'cc1 c.c', { cpu: 17, rss: 30_000 }),
  ...life(107, 100, [63, 99], 'sleep 0.036', { cpu: 0.5, rss: 1700 }),
];

/** Workers that are killed by others, each by one of its own; one that was asked to end; and a shell that does not find a program. */
export const DEATHS: readonly ProcessRecord[] = [
  ...life(1, 9, [0, 100], 'sh -c work', { status: 127 << 8, over: { failed: notFound('/usr/bin/sh\u202eop', 1, 4) } }),
  ...[2, 3, 4].flatMap((pid) =>
    life(pid, 1, [pid * 10, pid * 10 + 9], 'worker', { status: 9, cause: killedBy('oomd', pid + 70) }),
  ),
  ...life(5, 1, [50, 60], 'server', {
    status: 143 << 8,
    cause: {
      cause: 'exit',
      asked: { signal: 'SIGTERM', by: 'signal', sender: killedBy('kubelet', 8).sender, before: 1 },
    },
  }),
  ...life(6, 1, [70, 80], 'shop', { status: 11, cause: { cause: 'fault', code: 'SEGV_MAPERR', address: 0x18n } }),
  ...life(7, 1, [85, 90], 'true', { cause: { cause: 'exit' } }),
];

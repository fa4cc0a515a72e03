/** Records of a large build, made up: one root, jobs side by side, each a driver with two children, as a compiler has them. */
import type { Image } from '../../src/process/image.ts';
import type { Moment } from '../../src/process/moment.ts';
import type { ProcessRecord } from '../../src/process/record.ts';
import { seeded } from './random.ts';
import { record } from './records.ts';

const BILLION = 1_000_000_000;
const ORIGIN_SECONDS = 1000;

export const momentOf = (nanos: number): Moment => ({
  seconds: ORIGIN_SECONDS + Math.floor(nanos / BILLION),
  nanos: Math.round(nanos - Math.floor(nanos / BILLION) * BILLION),
});

interface Planned {
  readonly pid: number;
  readonly ppid: number;
  readonly from: number;
  readonly to: number;
  readonly image: Image;
  readonly waitStatus: number;
}

const imageOf = (...args: readonly string[]): Image => ({
  comm: args[0],
  args,
  exe: `/usr/bin/${args[0]}`,
  cwd: '/src',
  uid: 1000,
});

const base = { cpu: 0, imageOf: undefined, ancestry: undefined, cgroup: undefined } as const;

function recordsOf({ pid, ppid, from, to, image, waitStatus }: Planned): ProcessRecord[] {
  const of = { ...base, pid, tid: pid, ppid, parentComm: 'make', image };
  const usage = {
    cpuNanos: Math.round((to - from) * 0.8),
    cpuIsLowerBound: false,
    maxRssKib: 1500 + (pid % 4000),
    readBytes: 0,
    writeBytes: 4096 * (pid % 7),
  };
  const end = { waitStatus, start: momentOf(from), duration: { seconds: (to - from) / BILLION, exact: true } };
  return [
    record({ ...of, event: 'fork', at: momentOf(from), imageOf: 'inherited' }),
    record({ ...of, event: 'exec', at: momentOf(from + 200_000) }),
    record({ ...of, event: 'exit', at: momentOf(to), exit: { ...end, usage: { ...UNUSED, ...usage } } }),
  ];
}

const UNUSED = {
  userMicros: undefined,
  systemMicros: undefined,
  minorFaults: undefined,
  majorFaults: undefined,
  voluntarySwitches: undefined,
  involuntarySwitches: undefined,
  ioDelayNanos: undefined,
  gid: undefined,
};

/** In the order of time. Every hundredth job fails. */
export function manyLives(count: number, jobs = 8): ProcessRecord[] {
  const random = seeded(18);
  const between = (least: number, most: number): number => Math.round(least + (random() / 2 ** 32) * (most - least));
  const free = Array.from({ length: jobs }, () => 1_000_000);
  const planned: Planned[] = [];
  for (let job = 0; planned.length + 3 < count; job++) {
    const slot = free.indexOf(Math.min(...free));
    const from = free[slot] + between(50_000, 400_000);
    const compiled = from + 600_000 + between(3_000_000, 60_000_000);
    const assembled = compiled + 100_000 + between(1_000_000, 9_000_000);
    const to = assembled + between(100_000, 300_000);
    const name = `src/module${job % 97}/file${job}.c`;
    const waitStatus = job % 100 === 99 ? 256 : 0;
    const pid = 2000 + planned.length;
    const driver = imageOf('cc', '-O2', '-c', name);
    planned.push(
      { pid, ppid: 1999, from, to, image: driver, waitStatus },
      {
        pid: pid + 1,
        ppid: pid,
        from: from + 500_000,
        to: compiled,
        image: imageOf('cc1', '-quiet', name),
        waitStatus,
      },
      {
        pid: pid + 2,
        ppid: pid,
        from: compiled + 50_000,
        to: assembled,
        image: imageOf('as', '-o', `${name}.o`),
        waitStatus: 0,
      },
    );
    free[slot] = to;
  }
  const end = Math.max(...free) + 1_000_000;
  planned.push({ pid: 1999, ppid: 17, from: 0, to: end, image: imageOf('make', `-j${jobs}`), waitStatus: 0 });
  const at = ({ at: { seconds, nanos } }: ProcessRecord): number => (seconds - ORIGIN_SECONDS) * BILLION + nanos;
  return planned.flatMap(recordsOf).sort((a, b) => at(a) - at(b));
}

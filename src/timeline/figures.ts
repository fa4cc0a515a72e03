/** The few figures that head a timeline. Pure. */
import { humanDuration } from '../format/times.ts';
import { cpuInWords, kibInWords } from '../format/usage-in-words.ts';
import type { Timeline } from './life.ts';

export interface Figure {
  readonly label: string;
  readonly value: string;
  /** What it is to be compared with. */
  readonly note?: string;
  /** Something went wrong. */
  readonly isBad?: true;
}

const NANO = 1e9;
const count = (n: number): string => n.toLocaleString('en-US');

/** `parallelism`: how many processes ran on average. */
export function figuresOf({ tally, from, to, facts, lives }: Timeline, parallelism: number): Figure[] {
  const wall = (to - from) / NANO;
  const { cpu, cpuIsLowerBound } = tally.within;
  const { cpus } = facts;
  const of = cpus === undefined ? {} : { note: `of ${count(cpus)} ${cpus === 1 ? 'CPU' : 'CPUs'}` };
  const running = lives.filter(({ ended, unseen }) => ended === 'running' && !unseen).length;
  return [
    { label: 'wall time', value: humanDuration(wall) },
    ...(cpu === undefined || wall === 0
      ? []
      : [
          { label: 'CPU time', value: cpuInWords({ cpuNanos: cpu, cpuIsLowerBound }) },
          {
            label: 'CPUs used on average',
            value: `${cpuIsLowerBound ? '≥' : ''}${(cpu / NANO / wall).toFixed(2)}`,
            ...of,
          },
        ]),
    { label: 'average parallelism', value: parallelism.toFixed(2), note: 'processes running' },
    {
      label: 'processes',
      value: count(tally.all.count),
      ...(running > 0 && { note: `${count(running)} still running` }),
    },
    ...(tally.all.rssKib === undefined
      ? []
      : [{ label: 'peak memory', value: kibInWords(tally.all.rssKib), note: 'of one process' }]),
    {
      label: 'failures',
      value: count(tally.all.failures),
      ...(tally.all.failures > 0 && { isBad: true as const }),
    },
  ];
}

/** What a process cost, in a few words: CPU time and peak memory. Pure. */
import type { Usage } from '../usage/usage.ts';
import { humanDuration } from './times.ts';

const MICRO = 1e6;
const NANOS_IN_MICRO = 1000;

/** `200ms`; `≥200ms` where it is a lower bound. Rounded as in JSON first, so that a recording says the same. */
export function cpuInWords({ cpuNanos, cpuIsLowerBound }: Pick<Usage, 'cpuNanos' | 'cpuIsLowerBound'>): string {
  return cpuNanos === undefined
    ? ''
    : `${cpuIsLowerBound ? '≥' : ''}${humanDuration(Math.round(cpuNanos / NANOS_IN_MICRO) / MICRO)}`;
}

const UNITS = ['K', 'M', 'G', 'T'] as const;
const STEP = 1024;
/** What would be rounded to four figures goes to the next unit. */
const MOST = 999.5;
const LEAST_WITHOUT_DECIMAL = 9.95;

/** `740K`, `1.2M`, `51M`. */
export function kibInWords(kib: number): string {
  let value = kib;
  let unit = 0;
  while (value >= MOST && unit < UNITS.length - 1) {
    value /= STEP;
    unit++;
  }
  return `${value.toFixed(unit === 0 || value >= LEAST_WITHOUT_DECIMAL ? 0 : 1)}${UNITS[unit]}`;
}

/** `cpu 200ms, 51M`; empty where nothing is known. */
export function usageInWords(usage: Usage): string {
  const cpu = usage.cpuNanos === undefined ? [] : [`cpu ${cpuInWords(usage)}`];
  const memory = usage.maxRssKib === undefined ? [] : [kibInWords(usage.maxRssKib)];
  return [...cpu, ...memory].join(', ');
}

/** The processors that this machine has or may ever have. Source: Documentation/admin-guide/cputopology.rst. */
import { readFileSync } from 'node:fs';

const POSSIBLE = '/sys/devices/system/cpu/possible';

/** As the kernel writes it: `0-7`. Where it does not, one processor. */
export function possibleCpuList(): string {
  try {
    return readFileSync(POSSIBLE, 'latin1').trim();
  } catch {
    return '0';
  }
}

/** One more than the highest number a processor may have. */
export const possibleCpus = (): number => 1 + Math.max(...possibleCpuList().split(/[-,]/).map(Number));

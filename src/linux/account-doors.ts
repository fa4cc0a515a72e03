/** What accounts need of the real system. Source: Documentation/accounting/taskstats.rst, kernel.task_delayacct in sysctl/kernel.rst. */
import { readFileSync } from 'node:fs';
import type { AccountDoors } from '../taskstats/doors.ts';
import { isInitialNetwork } from './namespaces.ts';
import { openTaskstats } from './socket.ts';

const POSSIBLE_CPUS = '/sys/devices/system/cpu/possible';
const COUNTS_DELAYS = '/proc/sys/kernel/task_delayacct';

/** Some 8,000 ends. */
const RING_BYTES = 2 ** 20;

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return undefined;
  }
}

export const accountDoors: AccountDoors = {
  openTaskstats,
  possibleCpus: () => textOf(POSSIBLE_CPUS) ?? '0',
  countsDelays() {
    const text = textOf(COUNTS_DELAYS);
    return text === undefined ? undefined : text !== '0';
  },
  isInitialNetwork,
  async openExact() {
    const { openEndAccounts } = await import('../bpf/end-accounts.ts');
    const opened = openEndAccounts({ ringBytes: RING_BYTES });
    return 'reason' in opened ? opened : { exact: opened.accounts };
  },
};

/** What accounts need of the real system. Source: Documentation/accounting/taskstats.rst, kernel.task_delayacct in sysctl/kernel.rst. */
import { readFileSync } from 'node:fs';
import { possibleCpuList } from '../linux/cpus.ts';
import { isInitialNetwork } from '../linux/namespaces.ts';
import type { AccountDoors } from '../usage/doors.ts';
import { openTaskstats } from './netlink-socket.ts';

const COUNTS_DELAYS = '/proc/sys/kernel/task_delayacct';

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return undefined;
  }
}

function countsDelays(): boolean | undefined {
  const text = textOf(COUNTS_DELAYS);
  return text === undefined ? undefined : text !== '0';
}

export const accountDoors: AccountDoors = {
  async openExact({ onlyFailures }) {
    const { openKernelAccounts } = await import('../bpf/kernel-accounts.ts');
    const opened = openKernelAccounts({ onlyFailures, countsDelays: countsDelays() });
    return 'reason' in opened ? opened : opened.accounts;
  },
  openTaskstats,
  possibleCpus: possibleCpuList,
  countsDelays,
  isInitialNetwork,
};

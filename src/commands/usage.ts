/** `--usage`: the accounts of ended processes, where they are wanted and the kernel gives them. */
import type { Host, Kernel } from '../host/host.ts';
import { TaskstatsSource } from '../taskstats/taskstats-source.ts';
import type { AccountSource } from '../usage/account-source.ts';
import { ExactAccounts } from '../usage/exact-accounts.ts';
import { UsageSource } from '../usage/usage-source.ts';

export interface UsageWish {
  readonly wanted: boolean;
  /** Nobody asked for it by name: what cannot be had is not told. */
  readonly isQuiet?: boolean;
  /** Nobody hears of ends with status 0. */
  readonly onlyFailures: boolean;
}

/** Exact accounts, else taskstats; what cannot be had is told to `notice`. */
async function openAccounts(
  { accounts: doors, clocks }: Kernel,
  onlyFailures: boolean,
  notice: (text: string) => void,
): Promise<AccountSource | undefined> {
  const exact = await doors.openExact({ onlyFailures });
  if (!('reason' in exact)) return new ExactAccounts(exact, () => clocks().bootOffset);
  const taskstats = TaskstatsSource.open(doors);
  if ('reason' in taskstats) {
    notice(`no usage: ${taskstats.reason}`);
    return undefined;
  }
  notice(`CPU times are lower bounds, since short times are not in the kernel's accounts: ${exact.reason}`);
  return taskstats;
}

/**
 * To be opened before the events are subscribed to, so that no exit is heard without its account. What cannot be had is one line on
 * stderr, and no reason not to watch.
 */
export async function openUsage(
  host: Host,
  kernel: Kernel,
  { wanted, isQuiet, onlyFailures }: UsageWish,
): Promise<UsageSource | undefined> {
  if (!wanted) return undefined;
  const notice = (text: string): void => {
    if (!isQuiet) host.stderr.write(`procwatch: --usage: ${text}\n`);
  };
  const source = await openAccounts(kernel, onlyFailures, notice);
  return source && new UsageSource(host, source);
}

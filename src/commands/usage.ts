/** `--usage`: the accounts of ended processes, where they are wanted and the kernel gives them. */
import type { Host, Kernel } from '../host.ts';
import type { UsageSource } from '../usage/usage-source.ts';

export interface UsageWish {
  readonly wanted: boolean;
  /** Nobody hears of ends with status 0. */
  readonly onlyFailures: boolean;
}

/** To be opened before the events are subscribed to. What cannot be had is one line on stderr, and no reason not to watch. */
export async function openUsage(
  host: Host,
  kernel: Kernel,
  { wanted, onlyFailures }: UsageWish,
): Promise<UsageSource | undefined> {
  if (!wanted) return undefined;
  const { UsageSource } = await import('../usage/usage-source.ts');
  const bootOffset = () => kernel.clocks().bootOffset;
  return UsageSource.open(host, kernel.accounts, { onlyFailures, bootOffset }, (text) =>
    host.stderr.write(`procwatch: --usage: ${text}\n`),
  );
}

/** `--usage`: the accounts of ended processes, where they are wanted and the kernel gives them. */
import type { Host, Kernel } from '../host.ts';
import type { UsageSource } from '../taskstats/usage-source.ts';

/** To be opened before the events are subscribed to. What cannot be had is one line on stderr, and no reason not to watch. */
export async function openUsage(host: Host, kernel: Kernel, wanted: boolean): Promise<UsageSource | undefined> {
  if (!wanted) return undefined;
  const { UsageSource } = await import('../taskstats/usage-source.ts');
  const bootOffset = () => kernel.clocks().bootOffset;
  return UsageSource.open(host, kernel.accounts, bootOffset, (text) =>
    host.stderr.write(`procwatch: --usage: ${text}\n`),
  );
}

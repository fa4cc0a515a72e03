/** Questions about the kernel that only doctor asks. Their real form is in src/linux/probes.ts; tests script them. */
import type { Kernel } from '../host/host.ts';

export interface Answers {
  /** Whether programs of ours may tell exactly what processes used; a reason where they may not. */
  readonly accounts: 'exact' | { readonly impossible: string };
  /** The kernel's own accounts of processes: given to us, refused to us, sent to the initial network and pid namespace only, or not there. */
  readonly taskstats: 'given' | 'refused' | 'elsewhere' | 'absent';
  /** Process descriptors: with the exit status of processes that were reaped (6.15), without it, or not there. */
  readonly pidfd: 'with status' | 'without status' | 'absent';
  /** Whether programs of ours may see signals being sent; a reason where they may not. */
  readonly causes: 'possible' | 'unchecked' | { readonly impossible: string };
  /** Whether programs of ours may tell events in the place of the connector; a reason where they may not. */
  readonly ring: 'possible' | 'unchecked' | { readonly impossible: string };
  /** Whether arguments can be captured inside the kernel; a reason where they cannot. */
  readonly capture: 'possible' | 'unchecked' | { readonly impossible: string };
}

export interface Probes {
  readonly versions: { readonly node: string; readonly koffi: string };
  ask(kernel: Kernel): Promise<Answers>;
}

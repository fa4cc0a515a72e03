/**
 * What accounts need of the operating system: a socket of generic netlink at byte level, a few facts, and the program in the kernel that
 * settles the exact CPU time. Tests have their own.
 */
import type { OpenConnector } from '../netlink/socket.ts';
import type { Exact } from './exact.ts';

export interface AccountDoors {
  /** A netlink socket like the connector's, for NETLINK_GENERIC. */
  readonly openTaskstats: OpenConnector;
  /** The list of all CPUs this machine may ever have, as the kernel writes it: `0-7`. */
  possibleCpus(): string;
  /** Whether delays are counted (kernel.task_delayacct); undefined where the kernel does not say. */
  countsDelays(): boolean | undefined;
  /** The kernel sends its accounts to the initial network namespace only. */
  isInitialNetwork(): boolean;
  openExact(): Promise<{ readonly exact: ExactSource } | { readonly reason: string }>;
}

/** Exact accounts, which come some milliseconds after the end was told. */
export interface ExactSource {
  /** What has arrived since, oldest first. */
  drain(): readonly Exact[];
  /** Accounts that were lost on their way, as far as the kernel counts them, since this was last asked. */
  takeLost(): number;
  close(): void;
}

/**
 * What accounts need of the operating system: the programs in the kernel that settle exact accounts, and for where those cannot be had a
 * socket of generic netlink at byte level and a few facts. Tests have their own.
 */
import type { Opened, Readiness } from '../netlink/socket.ts';
import type { Account } from './account.ts';

export interface ExactWants {
  /** Ends with status 0 are not wanted. */
  readonly onlyFailures: boolean;
}

export interface AccountDoors {
  openExact(wants: ExactWants): Promise<ExactDoor | { readonly reason: string }>;
  /** A netlink socket like the connector's, for NETLINK_GENERIC. */
  readonly openTaskstats: () => Opened;
  /** The list of all CPUs this machine may ever have, as the kernel writes it: `0-7`. */
  possibleCpus(): string;
  /** Whether delays are counted (kernel.task_delayacct); undefined where the kernel does not say. */
  countsDelays(): boolean | undefined;
  /** The kernel sends taskstats to the initial network namespace only. */
  isInitialNetwork(): boolean;
}

/** The account of a whole life. */
export interface ExactEnd extends Account {
  readonly pid: number;
  /** Nanoseconds on CLOCK_BOOTTIME. */
  readonly startNanos: number;
  /** As wait(2) gives it to the parent. */
  readonly waitStatus: number;
}

/** Exact accounts, which come some microseconds after the end was told. */
export interface ExactDoor {
  /** Tells what has arrived since, oldest first; returns how many. */
  read(onEnd: (end: ExactEnd) => void): number;
  /** Called when much is unread. */
  onReadable(listener: () => void): Readiness;
  close(): void;
}

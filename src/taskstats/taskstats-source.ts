/**
 * Accounts by taskstats, for where no program of ours may run in the kernel. They are queued before the exits are told, so nothing waits for
 * them; their CPU times are lower bounds.
 */
import type { WireEvent } from '../netlink/events.ts';
import type { Readiness } from '../netlink/socket.ts';
import { secondsBetween } from '../process/moment.ts';
import type { ProcessRecord } from '../process/record.ts';
import type { Account } from '../usage/account.ts';
import type { AccountSource } from '../usage/account-source.ts';
import type { AccountDoors } from '../usage/doors.ts';
import { Accounts } from './accounts.ts';
import { TaskstatsSubscription } from './subscription.ts';

export class TaskstatsSource implements AccountSource {
  readonly comesLate = false;
  private readonly subscription: TaskstatsSubscription;
  private readonly countsDelays: boolean | undefined;
  private readonly accounts = new Accounts();

  private constructor(subscription: TaskstatsSubscription, countsDelays: boolean | undefined) {
    this.subscription = subscription;
    this.countsDelays = countsDelays;
  }

  /** Never throws for what the kernel refuses: the reason is for people. */
  static open(doors: AccountDoors): TaskstatsSource | { readonly reason: string } {
    const subscription = TaskstatsSubscription.open(doors);
    return 'reason' in subscription ? subscription : new TaskstatsSource(subscription, doors.countsDelays());
  }

  drain(now: number): number {
    const count = this.subscription.drain((end) => this.accounts.add(end, now));
    this.accounts.expire(now);
    return count;
  }

  hear(events: readonly WireEvent[], now: number): void {
    for (const { kind, tid, tgid } of events) {
      if (kind === 'exit' && tid !== tgid) this.accounts.heard(tid, tgid, now);
    }
  }

  take({ pid, at, exit }: ProcessRecord): Account | undefined {
    const start = exit?.start;
    const account = this.accounts.take(pid, start && secondsBetween(start, at));
    if (account === undefined) return undefined;
    const { ioDelayNanos } = account;
    const isMeasured = this.countsDelays ?? (ioDelayNanos ?? 0) > 0;
    return isMeasured ? account : { ...account, ioDelayNanos: undefined };
  }

  /** Of threads. */
  takeLost(): number {
    const lost = this.subscription.takeDrops();
    if (lost > 0) this.accounts.forgetBegun();
    return lost;
  }

  onReadable(listener: () => void): Readiness {
    return this.subscription.onReadable(listener);
  }

  close(): void {
    this.subscription.close();
  }
}

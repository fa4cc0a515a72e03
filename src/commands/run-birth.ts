/**
 * The birth of the command where events have other numbers than ours: which of our children it is can be told only once it has been started.
 * Until then what is heard is held. The last child of ours is the command: those before were attempts to start it.
 */
import type { StreamRecord } from '../process/record.ts';

export class HeldBirth {
  private readonly self: number;
  private held: StreamRecord[] | undefined = [];

  /** @param self our number in events */
  constructor(self: number) {
    this.self = self;
  }

  /** Whether these are held. */
  holds(records: readonly StreamRecord[]): boolean {
    this.held?.push(...records);
    return this.held !== undefined;
  }

  /** The command has been started, and all that happened until then was heard: its number in events, if it was, and what was held. */
  end(): { readonly pid: number | undefined; readonly records: readonly StreamRecord[] } {
    const records = this.held ?? [];
    this.held = undefined;
    const birth = records.findLast(
      (record) => record.event === 'fork' && 'ppid' in record && record.ppid === this.self,
    );
    return { pid: birth !== undefined && 'pid' in birth ? birth.pid : undefined, records };
  }
}

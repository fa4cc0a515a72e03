/** Whether records of several machines stand beside each other, so that each has to say whose it is. */
import type { Told } from './row.ts';

/** What is known before the first record is read: that of whom else something comes cannot be known of what is still to be read. */
export type Expected = 'one' | 'several' | 'unknown';

export class Hosts {
  /** Known beforehand, or since the second was met. */
  areMany: boolean;
  private readonly expected: Expected;
  private first: string | undefined;

  constructor(expected: Expected) {
    this.expected = expected;
    this.areMany = expected === 'several';
  }

  /** To be told of every record before it is shown. */
  meet({ host, namesHost }: Told): void {
    if (this.areMany || this.expected === 'one' || host === undefined) return;
    this.first ??= host;
    this.areMany = namesHost || host !== this.first;
  }

  /** The machine, if a record has to name it. */
  toTell(told: Told | undefined): string | undefined {
    return told !== undefined && (this.areMany || told.namesHost) ? told.host : undefined;
  }
}

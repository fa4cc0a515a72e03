/** When a flight recorder writes out: which record is a reason, and how often that may be. */
import { type Moment, secondsBetween } from '../process/moment.ts';
import type { Matcher } from '../process/patterns.ts';
import type { ProcessRecord, StreamRecord } from '../process/record.ts';
import { namesOf } from '../process/select.ts';
import { readable } from '../process/text.ts';
import { inWords, outcomeOf } from '../process/wait-status.ts';
import type { DumpReason } from './record-options.ts';

export interface DumpWish {
  readonly on: readonly DumpReason[];
  readonly names: readonly Matcher[];
  readonly codes: readonly number[];
  readonly signals: readonly number[];
  readonly everySeconds: number;
}

const HAPPENED: Readonly<Record<DumpReason, (record: ProcessRecord) => boolean>> = {
  'nonzero-exit': ({ event, thread, exit }) =>
    event === 'exit' && !thread && exit?.waitStatus !== undefined && exit.waitStatus !== 0,
  coredump: ({ event, exit }) => event === 'coredump' || ((exit?.waitStatus ?? 0) & 0x80) !== 0,
  signal: ({ event, thread, exit }) => event === 'exit' && !thread && ((exit?.waitStatus ?? 0) & 0x7f) !== 0,
};

export class DumpTrigger {
  private readonly wish: DumpWish;
  private before: Moment | undefined;

  constructor(wish: DumpWish) {
    this.wish = wish;
  }

  /** Why to write out now; undefined where nothing of these records is a reason. */
  reasonIn(records: readonly StreamRecord[], now: Moment): string | undefined {
    const { on, everySeconds } = this.wish;
    if (on.length === 0) return undefined;
    if (this.before !== undefined && secondsBetween(this.before, now) < everySeconds) return undefined;
    const record = records.find((one): one is ProcessRecord => 'pid' in one && this.isReason(one));
    if (record === undefined) return undefined;
    this.before = now;
    return this.inWords(record);
  }

  private isReason(record: ProcessRecord): boolean {
    const { on, names, codes, signals } = this.wish;
    if (!on.some((reason) => HAPPENED[reason](record))) return false;
    if (names.length > 0 && !namesOf(record.image).some((name) => names.some((matches) => matches(name)))) return false;
    return codes.length + signals.length === 0 || this.endMatches(record);
  }

  private endMatches({ exit }: ProcessRecord): boolean {
    if (exit?.waitStatus === undefined) return false;
    const end = outcomeOf(exit.waitStatus);
    return end.kind === 'code' ? this.wish.codes.includes(end.code) : this.wish.signals.includes(end.number);
  }

  private inWords({ image, pid, exit }: ProcessRecord): string {
    const who = image.comm === undefined ? `process ${pid}` : `${readable(image.comm)} (${pid})`;
    return exit?.waitStatus === undefined ? `${who} dumped core` : `${who} ended with ${inWords(exit.waitStatus)}`;
  }
}

/**
 * Ends that were told already: before Linux 6.16 more than one thread may have been the last for a moment, and each of them tells the end of
 * their process. Of the same number and birth it is the same end.
 */
import { FACT } from '../bpf/fact-record.ts';
import type { FactView, Place } from './fact-view.ts';

/** The second one comes within microseconds. */
const REMEMBERED = 1024;

export class RepeatedEnds {
  private readonly view: FactView;
  private readonly mayRepeat: boolean;
  /** Births of those that ended lately, by number. */
  private readonly births = new Map<number, string>();

  constructor(view: FactView, { mayRepeatEnds }: { readonly mayRepeatEnds: boolean }) {
    this.view = view;
    this.mayRepeat = mayRepeatEnds;
  }

  has(place: Place): boolean {
    return this.mayRepeat && this.births.get(this.view.u32(place, FACT.tgid)) === this.view.birth(place);
  }

  /** It is told now. */
  add(place: Place): void {
    if (!this.mayRepeat) return;
    const pid = this.view.u32(place, FACT.tgid);
    this.births.delete(pid);
    this.births.set(pid, this.view.birth(place));
    for (const oldest of this.births.keys()) {
      if (this.births.size <= REMEMBERED) break;
      this.births.delete(oldest);
    }
  }
}

/** A life while it is being collected: it grows with each record, and is read only afterwards. */
import type { CauseName } from '../cause/causes.ts';
import type { Text } from '../process/text.ts';
import type { Beginning, Ending, Life, LifeUsage, Program, ProgramText } from './life.ts';

export class GrowingLife implements Life {
  readonly pid: number;
  readonly ppid: number | undefined;
  parent: GrowingLife | undefined;
  from: number;
  began: Beginning;
  to: number;
  ended: Ending = 'running';
  programs: Program[];
  waitStatus: number | undefined;
  cause: CauseName | undefined;
  why: string | undefined;
  usage: LifeUsage | undefined;
  unseen = false;
  isMachine = false;
  /** By its last record. */
  chosen = true;
  /** The name of a parent of which nothing was heard. */
  parentComm: Text | undefined;
  /** Children that are kept. */
  kids = 0;

  constructor(pid: number, ppid: number | undefined, parent: GrowingLife | undefined, from: number, began: Beginning) {
    this.pid = pid;
    this.ppid = ppid;
    this.parent = parent;
    if (parent !== undefined) parent.kids++;
    this.from = from;
    this.to = from;
    this.began = began;
    this.programs = [];
    this.waitStatus = undefined;
    this.cause = undefined;
    this.why = undefined;
    this.usage = undefined;
  }

  runs(at: number, text: ProgramText, own: boolean): void {
    this.programs.push({ at, text, own });
  }

  moveBy(nanos: number): void {
    if (nanos === 0) return;
    this.from += nanos;
    this.to += nanos;
    this.programs = this.programs.map(({ at, text, own }) => ({ at: at + nanos, text, own }));
  }

  end(at: number, ended: Ending, waitStatus: number | undefined): void {
    this.to = Math.max(at, this.from);
    this.ended = ended;
    this.waitStatus = waitStatus;
  }
}

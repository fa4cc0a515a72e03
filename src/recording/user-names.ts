/** Users chosen by their names: which numbers these are on the machine of a recording, only its records tell. */
import type { Selection } from '../process/select.ts';
import { readable, type Text } from '../process/text.ts';

interface Asked {
  readonly wanted: readonly string[];
  readonly unwanted: readonly string[];
}

/** No user has it: a choice of names that are not known yet is a choice all the same. */
const NOBODY = -1;

/** Numbers of users as the records tell them, one after the other. */
export class UserNames {
  readonly choice: { readonly wanted: number[]; readonly unwanted: number[] };
  private readonly numbers: Selection['uid'];
  private readonly names = new Map<number, Text>();
  private readonly asked: Asked;

  constructor(uids: Selection['uid'], asked: Asked | undefined) {
    this.asked = asked ?? { wanted: [], unwanted: [] };
    this.numbers = uids;
    this.choice = { wanted: [...uids.wanted], unwanted: [...uids.unwanted] };
    if (this.asked.wanted.length > 0) this.choice.wanted.push(NOBODY);
    if (this.asked.unwanted.length > 0) this.choice.unwanted.push(NOBODY);
  }

  learn(uid: number | undefined, name: Text | undefined): void {
    if (uid === undefined || name === undefined || this.names.get(uid) === name) return;
    this.names.set(uid, name);
    const text = readable(name);
    if (this.asked.wanted.includes(text)) this.choice.wanted.push(uid);
    if (this.asked.unwanted.includes(text)) this.choice.unwanted.push(uid);
  }

  /** Whether the user of a record is chosen, by its own name: on another machine the number may be somebody else's. */
  chooses(uid: number | undefined, name: Text | undefined): boolean {
    const { wanted, unwanted } = this.choice;
    if (wanted.length + unwanted.length === 0) return true;
    const text = name === undefined ? undefined : readable(name);
    const isOf = (numbers: readonly number[], names: readonly string[]): boolean =>
      (uid !== undefined && numbers.includes(uid)) || (text !== undefined && names.includes(text));
    const { numbers, asked } = this;
    if (isOf(numbers.unwanted, asked.unwanted)) return false;
    return wanted.length === 0 || isOf(numbers.wanted, asked.wanted);
  }

  nameOf(uid: number): Text | undefined {
    return this.names.get(uid);
  }
}

/** Users chosen by their names: which numbers these are on the machine of a recording, only its records tell. */
import type { Selection } from '../process/select.ts';
import { readable, type Text } from '../process/text.ts';

interface Asked {
  readonly wanted: readonly string[];
  readonly unwanted: readonly string[];
}

/** No user has it: a choice of names that are not known yet must not choose everybody. */
const NOBODY = -1;

/** Numbers of users as the records tell them, one after the other. */
export class UserNames {
  readonly choice: { readonly wanted: number[]; readonly unwanted: number[] };
  private readonly names = new Map<number, Text>();
  private readonly asked: Asked;

  constructor(uids: Selection['uid'], asked: Asked | undefined) {
    this.asked = asked ?? { wanted: [], unwanted: [] };
    this.choice = { wanted: [...uids.wanted], unwanted: [...uids.unwanted] };
    if (this.asked.wanted.length > 0) this.choice.wanted.push(NOBODY);
  }

  learn(uid: number | undefined, name: Text | undefined): void {
    if (uid === undefined || name === undefined || this.names.get(uid) === name) return;
    this.names.set(uid, name);
    const text = readable(name);
    if (this.asked.wanted.includes(text)) this.choice.wanted.push(uid);
    if (this.asked.unwanted.includes(text)) this.choice.unwanted.push(uid);
  }

  nameOf(uid: number): Text | undefined {
    return this.names.get(uid);
  }
}

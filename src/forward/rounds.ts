/** What was sent together is reached together: when all messages of a round are acknowledged, and those of all rounds before. */
import { Covered } from '../nats/covered.ts';
import type { Outgoing } from '../nats/engine.ts';
import type { FilePlace, Note } from './note.ts';

/** Records of one stream: those above one number, up to another. */
export interface Span {
  readonly key: string;
  readonly above: number;
  upto: number;
}

export interface Round {
  readonly fileId: string;
  /** Where the file is read to; undefined if it has not begun. */
  readonly place: FilePlace | undefined;
  readonly spans: readonly Span[];
}

interface Waiting extends Round {
  left: number;
}

export class Rounds {
  private readonly note: Note;
  private readonly waiting: Waiting[] = [];
  private readonly roundOf = new Map<Outgoing, Waiting>();
  /** Whether the note says more than what was written down last. */
  isNew = false;

  constructor(note: Note) {
    this.note = note;
  }

  add(messages: readonly Outgoing[], round: Round): void {
    const waiting = { ...round, left: messages.length };
    this.waiting.push(waiting);
    for (const message of messages) this.roundOf.set(message, waiting);
    this.conclude();
  }

  acknowledge(message: Outgoing): void {
    const round = this.roundOf.get(message);
    if (round === undefined) return;
    this.roundOf.delete(message);
    round.left--;
    this.conclude();
  }

  private conclude(): void {
    for (let [first] = this.waiting; first?.left === 0; [first] = this.waiting) {
      this.waiting.shift();
      this.remember(first);
    }
  }

  private remember({ fileId, place, spans }: Round): void {
    const { files, streams } = this.note;
    if (place !== undefined) files.set(fileId, place);
    for (const { key, above, upto } of spans) {
      const covered = streams.get(key) ?? new Covered();
      covered.add(above, upto);
      // The last heard of stands last.
      streams.delete(key);
      streams.set(key, covered);
    }
    this.isNew = true;
  }
}

/**
 * Takes out of arguments what must not be told: every match of a pattern is replaced, before anything else sees the arguments. Broken
 * text is matched in its readable form and loses its bytes where something was replaced.
 */
import { changed, type Image } from './image.ts';
import type { ProcessFacts, ProcReader } from './proc-reader.ts';
import { readable, type Text } from './text.ts';
import type { ProcessExit, Told, Witness } from './witness.ts';

/** A text without what it must not hold. */
export type Redact = (text: string) => string;

function redactText(text: Text, redact: Redact): Text {
  const before = readable(text);
  const after = redact(before);
  return after === before ? text : after;
}

export const redactTexts = (texts: readonly Text[], redact: Redact): Text[] =>
  texts.map((text) => redactText(text, redact));

export function redactImage(image: Image, redact: Redact): Image {
  const { args } = image;
  return args === undefined ? image : changed(image, { args: redactTexts(args, redact) });
}

const redactFacts = (facts: ProcessFacts, redact: Redact): ProcessFacts => ({
  stat: facts.stat,
  image: redactImage(facts.image, redact),
});

const redactTold = (told: Told, redact: Redact): Told => ({ ...told, image: redactImage(told.image, redact) });

function redactExit(exit: ProcessExit, redact: Redact): ProcessExit {
  const { told } = exit;
  if (told === undefined) return exit;
  const { pid, last, parentTgid, status, zombie, birth } = exit;
  return { pid, last, parentTgid, status, zombie, birth, told: redactTold(told, redact) };
}

export function redactingReader(reader: ProcReader, redact: Redact): ProcReader {
  return {
    ...reader,
    facts(pid) {
      const facts = reader.facts(pid);
      return facts && redactFacts(facts, redact);
    },
    image: (pid) => redactImage(reader.image(pid), redact),
  };
}

/** The same witness, who tells no argument unredacted. */
export class RedactingWitness implements Witness {
  private readonly witness: Witness;
  private readonly redact: Redact;

  constructor(witness: Witness, redact: Redact) {
    this.witness = witness;
    this.redact = redact;
  }

  get isPatient(): boolean {
    return this.witness.isPatient;
  }

  get unsettled(): number {
    return this.witness.unsettled;
  }

  attend: Witness['attend'] = (batch, wanted) => this.witness.attend(batch, wanted);
  heed: Witness['heed'] = (later) => this.witness.heed(later);
  forget: Witness['forget'] = (pid) => this.witness.forget(pid);
  addLeaderless: Witness['addLeaderless'] = (pid) => this.witness.addLeaderless(pid);
  rest: Witness['rest'] = () => this.witness.rest();
  takeLost: Witness['takeLost'] = (how) => this.witness.takeLost(how);
  close: Witness['close'] = () => this.witness.close();

  executed: Witness['executed'] = (exec) => {
    const told = this.witness.executed(exec);
    return typeof told === 'object' ? redactTold(told, this.redact) : told;
  };

  ended: Witness['ended'] = (event, index) => {
    const exit = this.witness.ended(event, index);
    return exit && redactExit(exit, this.redact);
  };

  succeeded: Witness['succeeded'] = (pid) => {
    const exit = this.witness.succeeded(pid);
    return exit && redactExit(exit, this.redact);
  };

  settle: Witness['settle'] = () => this.witness.settle().map((exit) => redactExit(exit, this.redact));

  takeUnheard: Witness['takeUnheard'] = (before) =>
    this.witness.takeUnheard(before).map((one) => ({ ...one, told: one.told && redactTold(one.told, this.redact) }));
}

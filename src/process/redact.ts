/**
 * Takes out of arguments what must not be told: every match of a pattern is replaced, before anything else sees the arguments. Broken
 * text is matched in its readable form and loses its bytes where something was replaced.
 */
import type { Image } from './image.ts';
import type { ImageCapture } from './image-capture.ts';
import type { ProcessFacts, ProcReader } from './proc-reader.ts';
import { readable, type Text } from './text.ts';

/** A text without what it must not hold. */
export type Redact = (text: string) => string;

function redactText(text: Text, redact: Redact): Text {
  const before = readable(text);
  const after = redact(before);
  return after === before ? text : after;
}

export function redactImage(image: Image, redact: Redact): Image {
  return image.args === undefined ? image : { ...image, args: image.args.map((text) => redactText(text, redact)) };
}

const redactFacts = (facts: ProcessFacts, redact: Redact): ProcessFacts => ({
  stat: facts.stat,
  image: redactImage(facts.image, redact),
});

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

export function redactingCapture(capture: ImageCapture, redact: Redact): ImageCapture {
  return {
    capture: (events, wanted) => capture.capture(events, wanted),
    confirm: (later) => capture.confirm(later),
    of(exec) {
      const facts = capture.of(exec);
      return typeof facts === 'object' ? redactFacts(facts, redact) : facts;
    },
    takeLost: () => capture.takeLost(),
    takeUnheard: (before) =>
      capture.takeUnheard(before).map((exec) => ({ ...exec, facts: redactFacts(exec.facts, redact) })),
    close: () => capture.close(),
  };
}

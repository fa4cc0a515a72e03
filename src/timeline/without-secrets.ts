/** What may not be told is taken out of a record before anything else sees it: arguments, or what a pattern finds in them. */
import type { Image } from '../process/image.ts';
import { type Redact, redactImage } from '../process/redact.ts';
import type { Revise } from './source.ts';

export function withoutArguments(): Revise {
  return revised(({ args: _, argsTotal: __, ...rest }) => rest);
}

export function withRedactedArguments(redact: Redact): Revise {
  return revised((image) => redactImage(image, redact));
}

function revised(change: (image: Image) => Image): Revise {
  const images = new WeakMap<Image, Image>();
  return (record) => {
    const image = images.get(record.image) ?? change(record.image);
    images.set(record.image, image);
    return { ...record, image };
  };
}

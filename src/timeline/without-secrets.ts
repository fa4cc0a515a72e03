/** What may not be told is taken out of a record before anything else sees it: arguments, or what a pattern finds in any text. */
import type { Image } from '../process/image.ts';
import { withArgsUpTo } from '../process/image-bounds.ts';
import { type Redact, redactImage, redactNames } from '../process/redact.ts';
import type { Revise } from './source.ts';

export function withoutArguments(): Revise {
  return revised(({ args: _, argsTotal: __, ...rest }) => rest);
}

export function withRedactedTexts(redact: Redact): Revise {
  const reviseImage = revised((image) => redactImage(image, redact));
  return (record) => redactNames(reviseImage(record), redact);
}

export function withBoundedArguments(maxArgs: number): Revise {
  return revised((image) => withArgsUpTo(image, maxArgs));
}

function revised(change: (image: Image) => Image): Revise {
  const images = new WeakMap<Image, Image>();
  return (record) => {
    const image = images.get(record.image) ?? change(record.image);
    images.set(record.image, image);
    return { ...record, image };
  };
}

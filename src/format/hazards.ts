/**
 * Characters that are not what they look like: a terminal obeys them, or shows nothing or a blank where another name would have nothing or
 * a plain blank. As parts of a regular expression with the flag `u`. Source: Unicode, DerivedCoreProperties.txt and UnicodeData.txt.
 */

/** Format (bidi among them), line and paragraph separator. */
const FORMAT = String.raw`\p{Cf}\p{Zl}\p{Zp}`;

/** Fillers, joiners and selectors of every kind (Hangul's are letters); the empty Braille cell; every blank but the plain one. */
const UNSEEN = String.raw`\p{Default_Ignorable_Code_Point}\u2800\u{1d159}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000`;

/** For a set in brackets. */
export const NOT_TO_BE_SEEN = FORMAT + UNSEEN;

/** So many marks may stand on one letter: no script needs more. */
const MARKS = 4;
/** A mark that has no letter to stand on, and any beyond that number. */
export const TOO_MANY_MARKS = String.raw`(?<![\s\S])\p{M}|(?<=\p{M}{${MARKS}})\p{M}`;

/** With the flags `gu`. Such sets take a millisecond to be made: not before a text needs them. */
export function patternOf(source: string): () => RegExp {
  let pattern: RegExp | undefined;
  return () => {
    pattern ??= new RegExp(source, 'gu');
    return pattern;
  };
}

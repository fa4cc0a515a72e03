/**
 * Patterns from the command line, matched in linear time: no pattern and no foreign text can make a match hang. Regular expressions
 * are RE2's; globs (`*`, `?`, `[…]`) are translated to them.
 */
import { RE2JS } from 're2js';

export type Matcher = (text: string) => boolean;

/** Finds the pattern anywhere in the text. Throws an error with a message for a pattern that is none. */
export function regexMatcher(pattern: string): Matcher {
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.matcher(text).find();
}

/** Replaces every match of the pattern. */
export function replacer(pattern: string, by: string): (text: string) => string {
  const compiled = RE2JS.compile(pattern);
  const literal = RE2JS.quoteReplacement(by);
  return (text) => compiled.matcher(text).replaceAll(literal);
}

/** Matches the whole text. */
export function globMatcher(glob: string): Matcher {
  const compiled = RE2JS.compile(globToRegex(glob), RE2JS.DOTALL);
  return (text) => compiled.matches(text);
}

/** `*` any run, `?` any one character, `[a-z]` and `[!a-z]` one of a set, everything else itself; `\` takes the sign off a sign. */
function globToRegex(glob: string): string {
  let regex = '';
  for (let i = 0; i < glob.length; i++) {
    const sign = glob[i];
    const close = sign === '[' ? glob.indexOf(']', i + 2) : -1;
    if (sign === '*') regex += '.*';
    else if (sign === '?') regex += '.';
    else if (close > 0) {
      const negated = glob[i + 1] === '!' || glob[i + 1] === '^';
      const set = glob.slice(i + (negated ? 2 : 1), close).replace(/[\\[\]^]/g, '\\$&');
      regex += `[${negated ? '^' : ''}${set}]`;
      i = close;
    } else {
      if (sign === '\\' && i + 1 < glob.length) i++;
      regex += RE2JS.quote(glob[i]);
    }
  }
  return regex;
}

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

/** Replaces every match of the pattern; in `by`, `$1` is its first group. */
export function regexReplacer(pattern: string, by: string): (text: string) => string {
  const compiled = RE2JS.compile(pattern);
  return (text) => compiled.matcher(text).replaceAll(by);
}

export interface Replacer {
  text(text: string): string;
  /** Also where a match reaches from one argument into the next: each of them loses its part of it. */
  args(args: readonly string[]): readonly string[];
}

/** Replaces every match of the pattern; a point means a line break too. */
export function replacer(pattern: string, by: string): Replacer {
  const compiled = RE2JS.compile(pattern, RE2JS.DOTALL);
  const literal = RE2JS.quoteReplacement(by);
  const text = (one: string): string => compiled.matcher(one).replaceAll(literal);
  return { text, args: (args) => replaceAcross(args.map(text), compiled, by) };
}

function replaceAcross(args: readonly string[], compiled: RE2JS, by: string): readonly string[] {
  const matcher = compiled.matcher(args.join(' '));
  const told = [...args];
  let first = 0;
  let at = 0;
  while (matcher.find()) {
    const [from, to] = [matcher.start(), matcher.end()];
    for (; first < args.length - 1 && at + args[first].length < from; first++) at += args[first].length + 1;
    for (let i = first, start = at; i < args.length && start < to; start += args[i++].length + 1) {
      const [here, end] = [Math.max(from - start, 0), Math.min(to - start, args[i].length)];
      const isAcross = from < start || to > start + args[i].length;
      // From the second match on, what is told is no more what was matched.
      if (isAcross && here < end) told[i] = told[i] === args[i] ? args[i].slice(0, here) + by + args[i].slice(end) : by;
    }
  }
  return told;
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

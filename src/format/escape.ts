/**
 * Foreign text for a terminal: everything that is not a plain printable character is written out, visibly and reversibly. The same
 * rule serves every column of pretty and table, and every message on stderr.
 */
import type { Text } from '../process/text.ts';

/** Nothing here needs a second look: printable ASCII without the backslash. */
const PLAIN = /^[ -[\]-~]*$/;
/** Control, format (bidi among them), separator, surrogate, private and unassigned characters, and the escape's own sign. */
const HAZARD = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}\\]/gu;
const SHORT: Record<string, string> = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '\\': '\\\\' };

function writeOut(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}

/** Safe to print, on one line. */
export function escapeText(text: Text): string {
  if (typeof text === 'string') return PLAIN.test(text) ? text : text.replace(HAZARD, writeOut);
  return escapeBytes(text.bytes);
}

/** Valid UTF-8 runs are escaped as text, the bytes between them as `\xff`. */
function escapeBytes(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length; ) {
    const length = validLength(bytes, at);
    if (length === 0) {
      out += `\\x${bytes[at].toString(16).padStart(2, '0')}`;
      at += 1;
    } else {
      out += escapeText(new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(at, at + length)));
      at += length;
    }
  }
  return out;
}

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const LONGEST_SEQUENCE = 4;

/** Bytes of the one valid UTF-8 character at `at`; 0 if there is none. */
function validLength(bytes: Uint8Array, at: number): number {
  for (let length = 1; length <= LONGEST_SEQUENCE && at + length <= bytes.length; length++) {
    try {
      strict.decode(bytes.subarray(at, at + length));
      return length;
    } catch {}
  }
  return 0;
}

/** What a shell takes as one word without quotes. */
const BARE_WORD = /^[\w@%+=:,./-]+$/;

/** One argument as a shell would want it typed: bare, in quotes, or as `$'…'` where something had to be written out. */
function shellWord(argument: Text): string {
  if (typeof argument === 'string' && BARE_WORD.test(argument)) return argument;
  if (typeof argument === 'string' && (PLAIN.test(argument) || !needsEscape(argument))) {
    return argument.includes("'") ? `$'${argument.replaceAll("'", "\\'")}'` : `'${argument}'`;
  }
  return `$'${escapeText(argument).replaceAll("'", "\\'")}'`;
}

function needsEscape(text: string): boolean {
  HAZARD.lastIndex = 0;
  return HAZARD.test(text);
}

/** A command line that shows where one argument ends and the next begins. */
export function shellLine(args: readonly Text[]): string {
  return args.map(shellWord).join(' ');
}

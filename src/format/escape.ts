/**
 * Foreign text for a terminal: everything that is not a plain printable character is written out, visibly and reversibly. The same
 * rule serves every column of pretty and table, and every message on stderr.
 */
import { rawByte, rawOf, type Text } from '../process/text.ts';
import { NOT_TO_BE_SEEN, patternOf, TOO_MANY_MARKS } from './hazards.ts';

/** Nothing here needs a second look: printable ASCII without the backslash. */
const PLAIN = /^[ -[\]-~]*$/;
/** Control, surrogate, private and unassigned characters, those that cannot be seen, too many marks, and the escape's own sign. */
const hazard = patternOf(`[\\p{Cc}\\p{Cs}\\p{Co}\\p{Cn}${NOT_TO_BE_SEEN}\\\\]|${TOO_MANY_MARKS}`);
const SHORT: Record<string, string> = { '\n': '\\n', '\t': '\\t', '\r': '\\r', '\\': '\\\\' };

function writeOut(character: string): string {
  const short = SHORT[character];
  if (short !== undefined) return short;
  const byte = rawByte(character);
  const code = byte ?? character.codePointAt(0) ?? 0;
  if (byte !== undefined || code < 0x80) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
}

/** Safe to print, on one line. What is not UTF-8 is written as `\xff`. */
export function escapeText(text: Text): string {
  const raw = rawOf(text);
  return PLAIN.test(raw) ? raw : raw.replace(hazard(), writeOut);
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
  const pattern = hazard();
  pattern.lastIndex = 0;
  return pattern.test(text);
}

/** A command line that shows where one argument ends and the next begins. */
export function shellLine(args: readonly Text[]): string {
  return args.map(shellWord).join(' ');
}

/** That of a process, with a mark where only its beginning is known. */
export function commandLine(args: readonly Text[], argsTotal: number | undefined): string {
  return argsTotal === undefined ? shellLine(args) : `${shellLine(args)} …`;
}

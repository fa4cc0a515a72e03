/**
 * The plain command line: options of watch and nothing else, which is what is typed most and read here without the parser of all commands,
 * since loading that takes as long as subscribing. Whatever is not plain, and every mistake, is left to it. Pure.
 */
import { type Option, type Typed, WATCH_OPTIONS } from './options.ts';

type Row = readonly [key: string, option: Option<unknown>];

const ROWS: readonly Row[] = Object.entries(WATCH_OPTIONS);
const BY_LONG = new Map(ROWS.map((row) => [`--${row[1].long}`, row]));
const BY_SHORT = new Map(ROWS.flatMap((row) => (row[1].short === undefined ? [] : [[row[1].short, row] as const])));

/** One option as it was typed: `value` is what the same word says of it. */
interface Word {
  readonly row: Row;
  readonly value: string | undefined;
}

/** `--name=x`, `--name`. */
function longWord(word: string): readonly Word[] | undefined {
  const equals = word.indexOf('=');
  const row = BY_LONG.get(equals < 0 ? word : word.slice(0, equals));
  return row && [{ row, value: equals < 0 ? undefined : word.slice(equals + 1) }];
}

/** `-e`, `-efork`, `-qSefork`. */
function shortWord(word: string): readonly Word[] | undefined {
  const words: Word[] = [];
  for (let at = 1; at < word.length; at++) {
    const row = BY_SHORT.get(word[at]);
    if (row === undefined) return undefined;
    if (row[1].value === undefined) words.push({ row, value: undefined });
    else return [...words, { row, value: at + 1 < word.length ? word.slice(at + 1) : undefined }];
  }
  return words;
}

/** A value that looks like an option is for the parser of all to judge. */
const isValue = (word: string | undefined): word is string => word !== undefined && !word.startsWith('-');

/** What was typed, by option key; undefined if it is not plain. */
export function plainWatch(argv: readonly string[]): Typed | undefined {
  const typed: Record<string, string[]> = {};
  for (let at = argv[0] === 'watch' ? 1 : 0; at < argv.length; at++) {
    const word = argv[at];
    const words = word.startsWith('--')
      ? longWord(word)
      : word.startsWith('-') && word !== '-'
        ? shortWord(word)
        : undefined;
    if (words === undefined) return undefined;
    for (const { row, value } of words) {
      const [key, option] = row;
      if (option.value === undefined) {
        if (value !== undefined) return undefined;
        typed[key] = [''];
        continue;
      }
      const said = value ?? argv[++at];
      if (value === undefined && !isValue(said)) return undefined;
      typed[key] = [...(typed[key] ?? []), said];
    }
  }
  return typed;
}

/**
 * The command line as a completion sees it: commands, flags and what may follow each, taken from the tables. Knows no shell. Pure.
 */

/** What may stand at a place. `words` with `isList` may be joined by commas. */
export type Expected =
  | { readonly kind: 'words'; readonly words: readonly string[]; readonly isList: boolean }
  | { readonly kind: 'file' | 'user' | 'pid' | 'command' | 'anything' | 'nothing' };

export interface Flag {
  readonly short: string | undefined;
  /** Without dashes. */
  readonly long: string;
  readonly meaning: string;
  /** `nothing` for a switch. */
  readonly value: Expected;
  /** The value's name. */
  readonly label: string;
}

export interface CompletedCommand {
  readonly name: string;
  readonly meaning: string;
  readonly flags: readonly Flag[];
  readonly operands: Expected;
}

export interface CommandLine {
  readonly commands: readonly CompletedCommand[];
  /** The command whose flags may come without its name. */
  readonly defaultCommand: string;
}

/** The parts of the tables of commands and options that matter here. */
export interface OptionRow {
  readonly short?: string;
  readonly long: string;
  readonly value?: string;
  readonly meaning: string;
  readonly choices?: readonly string[];
  readonly isList?: true;
}
export interface CommandRow {
  readonly meaning: string;
  readonly operands?: string;
  readonly choices?: readonly string[];
  readonly options: Readonly<Record<string, OptionRow>>;
}

const HELP: Flag = { short: 'h', long: 'help', meaning: 'print this help', value: { kind: 'nothing' }, label: '' };

/** Names of values, as help shows them, that say what is meant. */
const KIND_OF: Readonly<Record<string, 'file' | 'user' | 'pid' | 'command'>> = {
  FILE: 'file',
  USER: 'user',
  'NAME|UID': 'user',
  PID: 'pid',
  COMMAND: 'command',
};

function expected(label: string | undefined, choices: readonly string[] | undefined, isList: boolean): Expected {
  if (choices !== undefined) return { kind: 'words', words: choices, isList };
  if (label === undefined) return { kind: 'nothing' };
  return { kind: KIND_OF[label] ?? 'anything' };
}

/** The part of a meaning that fits beside a word: without examples, defaults and lists of names, but with a prefix such as `JSON:`. */
const brief = (meaning: string): string => meaning.split(/ \(|(?<= .*): |; /)[0];

function flagOf({ short, long, value, meaning, choices, isList }: OptionRow): Flag {
  const label = value ?? '';
  return { short, long, meaning: brief(meaning), value: expected(value, choices, isList ?? false), label };
}

/** `[PID...]` to `PID`. */
const firstOperand = (operands: string | undefined): string | undefined => operands && /[\w|]+/.exec(operands)?.[0];

export function commandLine(rows: Readonly<Record<string, CommandRow>>, defaultCommand: string): CommandLine {
  const commands = Object.entries(rows).map(([name, { meaning, operands, choices, options }]) => ({
    name,
    meaning: brief(meaning),
    flags: [...Object.values(options).map(flagOf), HELP],
    operands: expected(firstOperand(operands), choices, false),
  }));
  const help: CompletedCommand = {
    name: 'help',
    meaning: 'print the help of a command',
    flags: [],
    operands: { kind: 'words', words: Object.keys(rows), isList: false },
  };
  return { commands: [...commands, help], defaultCommand };
}

export const dashed = ({ short, long }: Flag): string[] => [...(short === undefined ? [] : [`-${short}`]), `--${long}`];

export const takesValue = ({ value }: Flag): boolean => value.kind !== 'nothing';

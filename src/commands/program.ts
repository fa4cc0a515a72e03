/**
 * The command line: commands and options from the tables, through commander, which is imported only here. Actions do nothing but hand
 * what was typed to the command; an error of the command line becomes a Failure.
 */
import { Command, CommanderError } from 'commander';
import { EXIT, Failure, type Result } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { VERSION } from '../version.ts';
import { COMMANDS, type CommandRow, DEFAULT_COMMAND } from './commands.ts';
import { legible } from './legible.ts';
import { nearest } from './nearest.ts';
import { GROUPS, type Group, type Option, type Typed } from './options.ts';

const EXAMPLES = `Examples:
  sudo procwatch                              every process that starts, runs a program and ends
  procwatch -e nonzero-exit                   only failures
  procwatch --tree 4242 --lives               one line for each life below process 4242
  procwatch --json --name 'cc1*' | jq .args   as JSON Lines, of some programs
  procwatch -qS -d 10s                        ten seconds, counted by command
`;

const EXIT_CODES = `Exit codes:
${Object.values(EXIT)
  .sort((a, b) => a.code - b.code)
  .map(({ code, meaning }) => `  ${String(code).padStart(3)}  ${meaning}`)
  .join('\n')}
`;

/** Collects every value given, in order; the readers of the table decide what several mean. */
const collect = (value: string, before: string[] = []): string[] => [...before, value];

function addOptions(command: Command, table: Readonly<Record<string, Option<unknown>>>): void {
  for (const group of Object.keys(GROUPS) as Group[]) {
    const rows = Object.values(table).filter((row) => row.group === group);
    if (rows.length > 0) command.optionsGroup(`${GROUPS[group]}:`);
    for (const { short, long, value, meaning } of rows) {
      const names = `${short === undefined ? '' : `-${short}, `}--${long}`;
      if (value === undefined) command.option(names, meaning);
      else command.option(`${names} <${value}>`, meaning, collect);
    }
  }
}

/** What commander parsed, by key of the table. `--no-x` is commander's negation of `x`. */
function typedOf(command: Command, table: Readonly<Record<string, Option<unknown>>>): Typed {
  const parsed = command.opts<Record<string, unknown>>();
  const entries = Object.entries(table).map(([key, { long, value }]) => {
    const negation = /^no-(.*)$/.exec(long);
    if (negation) return [key, parsed[negation[1]] === false ? [''] : []];
    if (value === undefined) return [key, parsed[key] === true ? [''] : []];
    return [key, parsed[key] ?? []];
  });
  return Object.fromEntries(entries);
}

function addCommand(
  program: Command,
  [name, row]: readonly [string, CommandRow],
  host: Host,
  finish: (result: Result) => void,
): void {
  const command = program.command(name, { isDefault: name === DEFAULT_COMMAND }).description(row.meaning);
  if (row.operands === undefined) command.allowExcessArguments();
  else command.usage(`[options] ${row.operands}`).argument('[operands...]');
  if (row.passesThrough) command.passThroughOptions();
  // Options take commander a millisecond a command: those of commands that nobody named are not asked for.
  if (name === DEFAULT_COMMAND || host.argv.includes(name)) addOptions(command, row.options);
  command.action(async (operands: readonly string[]) => {
    if (row.operands === undefined && command.args.length > 0) throw unexpected(host, name, command.args[0]);
    const typed = typedOf(command, row.options);
    finish(await row.run(legible(host, name, typed), typed, row.operands === undefined ? [] : operands));
  });
}

/** A word that nobody takes is most likely the name of a command, unless one was named before it. */
function unexpected(host: Host, command: string, word: string): Failure {
  if (host.argv[0] === command) return new Failure('usage', `${command} takes options only, not "${word}"`);
  return noCommand(word);
}

function noCommand(word: string): Failure {
  const names = Object.keys(COMMANDS);
  const close = nearest(word, names);
  const guess = close === undefined ? '' : `; did you mean "${close}"?`;
  return new Failure('usage', `there is no command "${word}"${guess}`, `expected ${names.join(', ')}`);
}

/** The options of a command as its own help lists them: whoever asks without naming a command means the default one's too. */
function optionsOf(program: Command, name: string): string {
  const command = program.commands.find((one) => one.name() === name);
  const help = command?.helpInformation() ?? '';
  const [firstGroup] = Object.values(GROUPS);
  return `Options of ${name}:\n\n${help.slice(help.indexOf(firstGroup))}`;
}

export async function run(host: Host, commands = COMMANDS): Promise<Result> {
  let result: Result = 'ok';
  const program = new Command('procwatch');
  program
    .description('Watch Linux process events live: every process that starts, runs a program and ends.')
    .version(VERSION, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .addHelpText('before', EXAMPLES)
    .addHelpText('after', () => `\n${optionsOf(program, DEFAULT_COMMAND)}\n${EXIT_CODES}`)
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride()
    .configureOutput({
      writeOut: (text) => host.stdout.write(text),
      writeErr: () => {},
      getOutHelpWidth: () => host.stdout.size()?.width ?? 100,
      getOutHasColors: () => false,
    });
  for (const command of Object.entries(commands)) {
    addCommand(program, command, host, (end) => {
      result = end;
    });
  }
  try {
    await program.parseAsync([...host.argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return fromCommander(error, host.argv);
    throw error;
  }
  return result;
}

const HELP_CODES = ['commander.help', 'commander.helpDisplayed', 'commander.version'];

/** What commander adds to the message of an unknown option. */
const SUGGESTION = /\n\(Did you mean (?:one of )?(.*)\?\)$/;

function fromCommander(error: CommanderError, argv: readonly string[]): Result {
  // Help that nobody asked for, commander's answer to `help` about something it does not know, ends with 1.
  if (error.code === 'commander.help' && error.exitCode !== 0) throw noCommand(argv[1] ?? '');
  if (HELP_CODES.includes(error.code)) return 'ok';
  const [, suggested] = SUGGESTION.exec(error.message) ?? [];
  const message = error.message.replace(/^error: /, '').replace(SUGGESTION, '');
  const command = argv[0] !== undefined && Object.hasOwn(COMMANDS, argv[0]) ? ` ${argv[0]}` : '';
  const hint =
    suggested === undefined ? `procwatch${command} --help lists what there is` : `did you mean ${suggested}?`;
  throw new Failure('usage', message, hint);
}

/**
 * The command line: commands and options from the tables, through commander, which is imported only here. Actions do nothing but hand
 * what was typed to the command; an error of the command line becomes a Failure.
 */
import { Command, CommanderError } from 'commander';
import { EXIT, Failure, type Result } from '../errors.ts';
import type { Host } from '../host.ts';
import { VERSION } from '../version.ts';
import { COMMANDS, DEFAULT_COMMAND } from './commands.ts';
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

/** A word that nothing takes: meant as a command, unless there is one before it. */
function refuseOperand(host: Host, name: string, operand: string): never {
  const quoted = JSON.stringify(operand);
  const close = nearest(operand, Object.keys(COMMANDS));
  const message =
    host.argv[0] === name
      ? `${name} takes options only, and no ${quoted}`
      : `there is no command ${quoted}${close === undefined ? '' : `; did you mean "${close}"?`}`;
  throw new Failure('usage', message, SEE_HELP);
}

function addCommand(program: Command, name: string, host: Host, finish: (result: Result) => void): void {
  const row = COMMANDS[name];
  const command = program.command(name, { isDefault: name === DEFAULT_COMMAND }).description(row.meaning);
  if (row.operands !== undefined) command.usage(`[options] ${row.operands}`).argument('[operands...]');
  if (row.passesThrough) command.passThroughOptions();
  addOptions(command, row.options);
  // Words that no command takes are refused in our own way.
  command.allowExcessArguments().action(async () => {
    const { args } = command;
    if (row.operands === undefined && args.length > 0) refuseOperand(host, name, args[0]);
    finish(await row.run(host, typedOf(command, row.options), args));
  });
}

/** The options of a command as its own help lists them: whoever asks without naming a command means the default one's too. */
function optionsOf(program: Command, name: string): string {
  const command = program.commands.find((one) => one.name() === name);
  const help = command?.helpInformation() ?? '';
  const [firstGroup] = Object.values(GROUPS);
  return `Options of ${name}:\n\n${help.slice(help.indexOf(firstGroup))}`;
}

export async function run(host: Host): Promise<Result> {
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
  for (const name of Object.keys(COMMANDS)) {
    addCommand(program, name, host, (end) => {
      result = end;
    });
  }
  try {
    await program.parseAsync([...host.argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) return fromCommander(error);
    throw error;
  }
  return result;
}

const SEE_HELP = 'procwatch --help lists what there is';
const HELP_CODES = ['commander.help', 'commander.helpDisplayed', 'commander.version'];

function fromCommander(error: CommanderError): Result {
  if (HELP_CODES.includes(error.code)) return 'ok';
  const [message, ...rest] = error.message.replace(/^error: /, '').split('\n');
  throw new Failure('usage', message, rest.length > 0 ? rest.join(' ') : SEE_HELP);
}

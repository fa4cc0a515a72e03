/** The completion script for zsh, for a directory of fpath or to be sourced. Pure. */
import { type CommandLine, type CompletedCommand, type Expected, type Flag, takesValue } from './command-line.ts';

/** Text within single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** Text within the brackets of a description, or between the colons of an argument. */
const plain = (text: string): string => text.replace(/[[\]:\\]/g, (sign) => `\\${sign}`);

const ACTION: Readonly<Record<Exclude<Expected['kind'], 'words'>, string>> = {
  file: '_files',
  user: '_users',
  pid: 'compadd - /proc/<->(\\:t)',
  command: '_normal',
  anything: ' ',
  nothing: ' ',
};

function action(expected: Expected): string {
  if (expected.kind !== 'words') return ACTION[expected.kind];
  return expected.isList ? `_sequence compadd - ${expected.words.join(' ')}` : `(${expected.words.join(' ')})`;
}

/** One specification of _arguments. Every flag may be repeated: of several values the last counts, or all do. */
function specification(flag: Flag): string {
  const { short, long, meaning, value, label } = flag;
  const argument = takesValue(flag) ? `:${plain(label)}:${action(value)}` : '';
  const rest = `[${plain(meaning)}]${argument}`;
  const longName = `--${long}${takesValue(flag) ? '=' : ''}`;
  if (short === undefined) return quoted(`*${longName}${rest}`);
  return `'*'{-${short}${takesValue(flag) ? '+' : ''},${longName}}${quoted(rest)}`;
}

/** What follows a command that runs another is that other's own: `_normal` completes it, and needs to see the rest alone. */
function operandSpecification(operands: Expected): string[] {
  if (operands.kind === 'nothing') return [];
  return [quoted(`*:${operands.kind === 'command' ? ':command' : 'operand'}:${action(operands)}`)];
}

const options = ({ flags }: CompletedCommand): string[] => flags.map(specification);

function commandCase(command: CompletedCommand): string {
  const start = command.operands.kind === 'command' ? "_arguments -s -S -A '-*'" : '_arguments -s -S';
  const lines = [start, ...options(command), ...operandSpecification(command.operands)];
  return `    ${command.name})\n      ${lines.join(' \\\n        ')} && ret=0\n      ;;`;
}

export function zshScript({ commands, defaultCommand }: CommandLine): string {
  const byDefault = commands.filter(({ name }) => name === defaultCommand).flatMap(options);
  return `#compdef procwatch
# zsh completion of procwatch: source <(procwatch completion zsh), or put it into a directory of fpath as _procwatch

_procwatch_commands() {
  local -a commands=(
${commands.map(({ name, meaning }) => `    ${quoted(`${name}:${plain(meaning)}`)}`).join('\n')}
  )
  _describe -t commands command commands
}

_procwatch() {
  local curcontext=$curcontext state line ret=1
  typeset -A opt_args
  _arguments -C -s -S -A '-*' \\
    ${[...byDefault, quoted('1:command:_procwatch_commands'), quoted('*::operand:->operands')].join(' \\\n    ')} && ret=0
  [[ $state == operands ]] || return ret
  case $line[1] in
${commands.map(commandCase).join('\n')}
  esac
  return ret
}

if [[ $funcstack[1] == _procwatch ]]; then _procwatch "$@"; else compdef _procwatch procwatch; fi
`;
}

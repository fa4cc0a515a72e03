/** The completion script for bash. It needs nothing but bash itself. Pure. */
import { type CommandLine, type CompletedCommand, dashed, type Expected, takesValue } from './command-line.ts';

/** Commands of the script below that fill COMPREPLY. */
const ACTION: Readonly<Record<Exclude<Expected['kind'], 'words'>, string>> = {
  file: '_procwatch_from -f',
  user: '_procwatch_from -u',
  pid: '_procwatch_pids',
  command: '_procwatch_from -c',
  anything: 'return',
  nothing: 'return',
};

function action(expected: Expected): string {
  if (expected.kind !== 'words') return ACTION[expected.kind];
  return `${expected.isList ? '_procwatch_list' : '_procwatch_words'} '${expected.words.join(' ')}'`;
}

function valueCases({ name, flags }: CompletedCommand): string[] {
  return flags.filter(takesValue).map(
    (flag) =>
      `    ${dashed(flag)
        .map((word) => `${name}:${word}`)
        .join('|')}) ${action(flag.value)}; return ;;`,
  );
}

const wordCase = ({ name, flags }: CompletedCommand): string =>
  `    ${name}:-*) _procwatch_words '${flags.flatMap(dashed).join(' ')}' ;;`;

const operandCase = ({ name, operands }: CompletedCommand): string => `    ${name}:*) ${action(operands)} ;;`;

export function bashScript({ commands, defaultCommand }: CommandLine): string {
  const names = commands.map(({ name }) => name);
  const passing = commands.filter(({ operands }) => operands.kind === 'command').map(({ name }) => name);
  const valued = commands.flatMap(({ flags }) => flags.filter(takesValue).flatMap(dashed));
  return `# bash completion of procwatch: source <(procwatch completion bash)

_procwatch_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur"); }
_procwatch_from() { compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen "$1" -- "$cur"); }
_procwatch_pids() { _procwatch_words "$(cd /proc && echo [0-9]*)"; }

# Names joined by commas: those not there yet are offered for the last place.
_procwatch_list() {
  local before='' name
  local -a left=()
  [[ $cur == *,* ]] && before="\${cur%,*},"
  for name in $1; do [[ ",$before" == *",$name,"* ]] || left+=("$name"); done
  compopt -o nospace 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -P "$before" -W "\${left[*]}" -- "\${cur##*,}")
}

_procwatch() {
  local cur=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} command='' operand='' word i
  COMPREPLY=()
  # Bash takes the sign in --format=json for a word of its own.
  if [[ $cur == '=' ]]; then cur=''
  elif [[ $previous == '=' ]]; then previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    case $word in
      ${[...new Set(valued)].join('|')}) [[ \${COMP_WORDS[i+1]} == '=' ]] && ((i++)); ((i++)) ;;
      -*) ;;
      ${names.join('|')}) if [[ -z $command ]]; then command=$word; else operand=$i; break; fi ;;
      *) operand=$i; break ;;
    esac
  done
  # Behind its own command everything belongs to that.
  if [[ -n $operand && ' ${passing.join(' ')} ' == *" $command "* ]]; then
    if declare -F _command_offset >/dev/null; then _command_offset "$operand"; else _procwatch_from -f; fi
    return
  fi
  case \${command:-${defaultCommand}}:$previous in
${commands.flatMap(valueCases).join('\n')}
  esac
  case $command:$cur in
${[...commands, { ...commandNamed(commands, defaultCommand), name: '' }].map(wordCase).join('\n')}
    :*) _procwatch_words '${names.join(' ')}' ;;
${commands.map(operandCase).join('\n')}
  esac
}

complete -F _procwatch procwatch
`;
}

function commandNamed(commands: readonly CompletedCommand[], name: string): CompletedCommand {
  const found = commands.find((command) => command.name === name);
  if (found === undefined) throw new Error(`there is no command ${name}`);
  return found;
}

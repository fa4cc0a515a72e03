/** The completion script for fish. Pure. */
import {
  type CommandLine,
  type CompletedCommand,
  dashed,
  type Expected,
  type Flag,
  takesValue,
} from './command-line.ts';

const quoted = (text: string): string => `'${text.replace(/['\\]/g, (sign) => `\\${sign}`)}'`;

const ACTION: Readonly<Record<Exclude<Expected['kind'], 'words'>, string>> = {
  file: '-r -F',
  user: `-x -a '(__fish_complete_users)'`,
  pid: `-x -a '(__fish_complete_pids)'`,
  command: `-x -a '(__procwatch_subcommand)'`,
  anything: '-x',
  nothing: '',
};

function action(expected: Expected): string {
  if (expected.kind !== 'words') return ACTION[expected.kind];
  const words = expected.words.join(' ');
  return `-x -a ${quoted(expected.isList ? `(__procwatch_list ${words})` : words)}`;
}

function flagLine(command: string, flag: Flag): string {
  const short = flag.short === undefined ? '' : ` -s ${flag.short}`;
  const value = action(flag.value);
  const parts = [`-n '__procwatch_is ${command}'${short} -l ${flag.long}`, value, `-d ${quoted(flag.meaning)}`];
  return `complete -c procwatch ${parts.filter((part) => part !== '').join(' ')}`;
}

function commandLines({ name, flags, operands }: CompletedCommand): string[] {
  const after = operands.kind === 'nothing' || operands.kind === 'anything' ? [] : [operandLine(name, operands)];
  return [...flags.map((flag) => flagLine(name, flag)), ...after];
}

/** Operands come after the command's name, also where the command is the default one. */
function operandLine(name: string, operands: Expected): string {
  const place = `__procwatch_has ${name}${operands.kind === 'command' ? `; or __procwatch_has ${name}+` : ''}`;
  return `complete -c procwatch -n '${place}' ${action(operands).replace(/^-[rx] /, '')}`;
}

export function fishScript({ commands, defaultCommand }: CommandLine): string {
  const names = commands.map(({ name }) => name);
  const passing = commands.filter(({ operands }) => operands.kind === 'command').map(({ name }) => name);
  const valued = new Set(commands.flatMap(({ flags }) => flags.filter(takesValue).flatMap(dashed)));
  return `# fish completion of procwatch: procwatch completion fish | source

# The command that was typed, if any; the value of a flag is none. With a plus sign where a command of its own follows it.
function __procwatch_command
    set -l skip 0
    set -l command
    set -l words (commandline -opc)
    set -g __procwatch_rest
    for i in (seq 2 (count $words))
        set -l word $words[$i]
        if test $skip = 1
            set skip 0
        else if contains -- $word ${[...valued].join(' ')}
            set skip 1
        else if string match -q -- '-*' $word
            continue
        else if test -n "$command"
            contains -- $command ${passing.join(' ')}; and set command $command+
            set __procwatch_rest $words[$i..]
            break
        else if contains -- $word ${names.join(' ')}
            set command $word
        else
            break
        end
    end
    echo $command
end

function __procwatch_has
    test "$(__procwatch_command)" = "$argv[1]"
end

# True for the default command also where none was typed.
function __procwatch_is
    set -l command (__procwatch_command)
    test "$command" = "$argv[1]"; or begin
        test -z "$command"; and test $argv[1] = ${defaultCommand}
    end
end

# A command line of its own, which is completed as if it stood alone.
function __procwatch_subcommand
    complete -C "$(string escape -- $__procwatch_rest | string join ' ') $(commandline -ct)"
end

# Names joined by commas: those not there yet are offered for the last place.
function __procwatch_list
    set -l token (string replace -r -- '^--[^=]*=' '' (commandline -ct))
    set -l before (string match -r -- '^.*,' $token)
    for name in $argv
        string match -q -- "*,$name,*" ",$before"; or echo "$before$name"
    end
end

complete -c procwatch -f
${commands
  .map(({ name, meaning }) => `complete -c procwatch -n '__procwatch_has ""' -a ${name} -d ${quoted(meaning)}`)
  .join('\n')}
${commands.flatMap(commandLines).join('\n')}
`;
}

# What bash would offer for a line, whose words are split as bash does it: `=` is a word of its own.
# usage: bash --norc capture.bash SCRIPT WORD...
source "$1"
shift
complete -p procwatch >/dev/null || exit 1
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_procwatch
printf '%s\n' "${COMPREPLY[@]}"

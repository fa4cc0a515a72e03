# What zsh would offer for a line: a real interactive zsh in a terminal of its own, told to print its matches.
# usage: zsh -f capture.zsh DIRECTORY LINE; DIRECTORY holds the function _procwatch and takes what compinit writes
zmodload zsh/zpty || exit 1

cat > $1/zshrc <<'EOF'
PROMPT=
autoload -Uz compinit
compinit -u -d $directory/dump
bindkey '^I' complete-word
start() { echo -E - '<begin>' }
finish() { echo -E - '<end>'; exit }
compprefuncs=(start)
comppostfuncs=(finish)
compadd() {
  # With -O, -A or -D matches go to an array and are not offered.
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return $?; fi
  typeset -a hits
  builtin compadd -A hits "$@"
  local hit
  for hit in $hits; do print -r -- "$IPREFIX$hit"; done
  builtin compadd "$@"
}
echo '<ready>'
EOF

zpty terminal zsh -f -i
zpty -w terminal "directory=$1; fpath=($1 \$fpath); source $1/zshrc"
zpty -r -m terminal REPLY '*<ready>*'
zpty -w -n terminal "$2"$'\t'
zpty -r -m terminal REPLY '*<end>*'
REPLY=${REPLY##*<begin>}
print -r -- "${REPLY%%<end>*}"
zpty -d terminal

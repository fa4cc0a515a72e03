#!/bin/sh
':' /*
# The launcher is two programs in one file. This is the shell's, of which Node.js sees nothing but a comment. It becomes Node.js, and for
# `run` it notes before what this process was given and Node.js changes at its start, since a command must be given the same: the
# descriptors, the soft limit of open files, the signals that are blocked or ignored, and the environment, of which a shell keeps
# only what it takes for variables (see src/linux/given.ts). What was meant for a command's Node.js is not for ours.
if [ "${1-}" = run ] && [ -r /proc/self/environ ]; then
  pw_fds='' pw_signals='' pw_limit='' pw_words="$*"
  for pw_fd in /proc/self/fd/*; do
    pw_fd=${pw_fd#/proc/self/fd/}
    [ -L "/proc/self/fd/$pw_fd" ] || continue
    { read -r pw_key pw_value && read -r pw_key pw_value; } <"/proc/self/fdinfo/$pw_fd"
    case $pw_value in *[2367]??????) ;; *) pw_fds=$pw_fds,$pw_fd ;; esac
  done
  while read -r pw_key pw_value; do
    case $pw_key in SigBlk:) pw_signals=$pw_value ;; SigIgn:) pw_signals="$pw_signals $pw_value"; break ;; esac
  done </proc/self/status
  while read -r pw_key pw_value pw_more pw_limit pw_rest; do
    [ "$pw_value" != open ] || break
  done </proc/self/limits
  pw_environment=$(LC_ALL=C od -A n -v -t x1 "/proc/$$/environ" 2>/dev/null)
  # The kernel takes no longer string, and of all together not much more.
  [ $((${#pw_environment} + ${#pw_words})) -lt 130000 ] || pw_environment=
  PROCWATCH_GIVEN="$$ $pw_signals $pw_limit $pw_fds $pw_environment"
  export PROCWATCH_GIVEN
fi
# Node.js opens /dev/null for a closed stdout, so that nobody would notice that nothing is written.
[ "${1-}" = run ] || { true 3>&1; } 2>/dev/null || { PROCWATCH_NO_STDOUT=$$; export PROCWATCH_NO_STDOUT; }
# What a caller may tell Node.js by its environment is code to run and files to load, and the caller's rights may be less than ours.
[ "${1-}" = run ] && [ -z "${pw_environment-}" ] || unset NODE_OPTIONS NODE_PATH NODE_CHANNEL_FD NODE_EXTRA_CA_CERTS NODE_V8_COVERAGE
exec node "$0" "$@"
*/
// For Node.js. First of all: SIGUSR1 would open its debugger, a door through which anybody who may signal us runs code with our rights
// (nodejs.org/api/process.html, signal events). Once heard it does no more; one that came sooner is undone now, or when all is loaded.
process.on('SIGUSR1', () => {});
process._debugEnd?.();
setImmediate(() => process._debugEnd?.());

// The built program where there is one, the sources through tsx in a checkout. A CommonJS file, like the one it starts: that
// saves Node the start of its module loader.
const { existsSync } = require('node:fs');
const { join } = require('node:path');

const built = join(__dirname, '../dist/cli.cjs');
if (existsSync(built)) {
  require(built);
} else {
  import('tsx/esm/api').then(({ register }) => {
    register();
    return import('../src/cli.ts');
  });
}

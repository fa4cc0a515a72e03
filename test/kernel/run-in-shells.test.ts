/** `procwatch run` inside of shell scripts, loops and make: what is around the command cannot tell that it is there. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from './support/fixtures.ts';
import { kernelTest } from './support/requirements.ts';
import { inBash, reportFile, under, WAYS, type Way } from './support/run-support.ts';
import { KEYS, Terminal } from './support/terminal.ts';
import { programTest, Running } from './support/wait-support.ts';

const NEEDS = ['connector'] as const;
const LONG = process.env.PROCWATCH_LONG === '1';
const EACH_WAY = Object.keys(WAYS) as Way[];
const SHELLS = ['bash', 'dash', 'zsh'] as const;

/** As one writes it into a script. */
const typed = (words: readonly string[]): string => words.map((word) => `'${word}'`).join(' ');

/** What becomes of a script with a command as it is, and with the command under run. */
async function bothWays<T>(run: (prefix: readonly string[]) => T | Promise<T>): Promise<void> {
  const alone = await run([]);
  for (const way of EACH_WAY) assert.deepEqual(await run(under(way)), alone, way);
}

const SCRIPTS: readonly { readonly title: string; readonly script: string }[] = [
  { title: 'a descriptor of a redirection', script: `$run sh -c 'echo hi >&3' 3>"$file"; cat "$file"` },
  { title: 'a lock on a descriptor', script: `exec 9>"$file"; $run flock 9; echo $?; flock -n "$file" true; echo $?` },
  { title: 'bytes that are no text', script: `$run printf '%s' $'a\\xffb' | od -An -tx1` },
  { title: 'the same in the environment', script: `x=$'a\\xffb' $run sh -c 'printf "%s" "$x"' | od -An -tx1` },
  { title: 'a closed stdin', script: `$run sh -c 'test -e /proc/self/fd/0; echo $?' <&-` },
  { title: 'statuses', script: `for i in 0 1 7 126 127 255; do $run sh -c "exit $i"; echo $?; done` },
  {
    title: 'ends by signals',
    script: 'for i in 1 2 3 6 9 11 13 14 15 34 64; do (ulimit -c 0; $run sh -c "kill -$i \\$\\$"); echo $?; done',
  },
  {
    title: 'a script without an interpreter',
    script: 'echo "echo it runs \\$0" >"$file"; chmod +x "$file"; env $run "$file"',
  },
  { title: 'a pipe whose reader has gone', script: `$run yes | head -n 1; echo \${PIPESTATUS[@]}` },
  {
    title: 'a coprocess',
    script: `coproc $run cat; echo word >&"\${COPROC[1]}"; read -r word <&"\${COPROC[0]}"; echo "$word"`,
  },
  { title: 'process substitution', script: '$run cat <(echo one) <(echo two)' },
  { title: 'exported functions', script: 'said() { echo "said $1"; }; export -f said; $run bash -c "said it"' },
  { title: 'a command in the background', script: '$run sh -c "exit 4" & wait $!; echo $?' },
  { title: 'set -e and a failure', script: 'set -e; $run false; echo "not reached"' },
  {
    title: 'input for a command and for the shell',
    script: 'printf "1\\n2\\n" | { $run head -c 2; read -r x; echo "then $x"; }',
  },
];

for (const { title, script } of SCRIPTS) {
  kernelTest(`a script cannot tell: ${title}`, NEEDS, async () => {
    const file = reportFile();
    await bothWays((prefix) => {
      writeFileSync(file, '');
      const told = inBash(`file=${file}; run='${prefix.join(' ')}'; ${script}`, []);
      return { ...told, stderr: told.stderr.replace(/line 1: +\d+ /g, '') };
    });
  });
}

for (const shell of SHELLS) {
  programTest(`Ctrl-C ends a loop of ${shell}, and what comes after it`, NEEDS, ['script', shell], async () => {
    await bothWays(async (prefix) => {
      const command = `${typed(prefix)} sh -c 'echo "round $0"; sleep 60' $i`;
      const script = join(scratch(), `loop.${shell}`);
      writeFileSync(script, `for i in 1 2 3; do ${command}; echo "after $i"; done; echo "after all"\n`);
      const terminal = new Terminal(`${shell} ${script}; echo "code $?"`);
      await terminal.shows(/round 1\n/);
      terminal.type(KEYS.interrupt);
      await terminal.code();
      return terminal.screen;
    });
  });

  programTest(`a command that kills itself by SIGINT, in a loop of ${shell}`, NEEDS, [shell], async () => {
    await bothWays(async (prefix) => {
      const loop = `for i in 1 2 3; do ${typed(prefix)} sh -c 'kill -INT $$'; echo "$i $?"; done`;
      const running = new Running(shell, ['-c', loop]);
      return [await running.end(), running.stdout];
    });
  });
}

programTest('with --exit-code the loop of a shell goes on after Ctrl-C', NEEDS, ['script', 'bash'], async () => {
  const run = [...WAYS['by its name'], 'run', '-q', '--no-summary', '--exit-code', '--'];
  const script = join(scratch(), 'goes-on.bash');
  writeFileSync(
    script,
    `for i in 1 2; do ${typed(run)} sh -c 'echo "round $0"; sleep 60' $i; echo "after $i $?"; done\n`,
  );
  const terminal = new Terminal(`bash ${script}`);
  for (const round of [1, 2]) {
    await terminal.shows(new RegExp(`round ${round}\n`));
    terminal.type(KEYS.interrupt);
    await terminal.shows(new RegExp(`after ${round} 130\n`));
  }
  assert.equal(await terminal.code(), 0);
});

kernelTest('a script without an interpreter is one process, whatever it took to start it', NEEDS, async () => {
  const file = reportFile();
  writeFileSync(file, 'exit 3\n', { mode: 0o755 });
  const { status, stderr } = inBash('chmod +x "$1"; exec "$2" run --json -- "$1"', [file, ...WAYS['by its name']]);
  const rows = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.deepEqual([status, rows.map(({ event }) => event)], [3, ['fork', 'exec', 'exit']]);
  assert.equal(new Set(rows.map(({ pid }) => pid)).size, 1);
});

/** Two rules that each wait to see the other at work: alone in its turn neither would end. */
function makefile(command: string): string {
  const directory = join(scratch(), 'jobs');
  mkdirSync(directory, { recursive: true });
  const meet = (own: string, other: string) =>
    `\t@touch ${own}; for i in $$(seq 200); do test -e ${other} && exit 0; sleep 0.02; done; echo "${own} is alone"; exit 1\n`;
  const inner = `inner: a b\na:\n${meet('a.here', 'b.here')}b:\n${meet('b.here', 'a.here')}`;
  writeFileSync(join(directory, 'inner.mk'), inner);
  writeFileSync(
    join(directory, 'Makefile'),
    `all:\n\t+@rm -f a.here b.here; ${command} make --no-print-directory -f inner.mk\n`,
  );
  return directory;
}

programTest('the job server of make reaches a make under run: by descriptors', NEEDS, ['make'], async () => {
  await bothWays((prefix) => {
    const directory = makefile(prefix.join(' '));
    return inBash(`cd ${directory}; exec "$@"`, ['make', '-s', '-j2']);
  });
});

programTest('the job server of make 4.4, a named pipe, reaches a command under run', NEEDS, ['mkfifo'], async () => {
  // Whoever has a token may begin one job more: takes one as make does, and gives it back.
  const client = `fifo=\${MAKEFLAGS##*fifo:}; exec 3<>"$fifo"; read -r -n 1 token <&3; echo "took $token"; printf "%s" "$token" >&3`;
  const directory = join(scratch(), 'fifo');
  mkdirSync(directory, { recursive: true });
  await bothWays((prefix) =>
    inBash(
      `fifo=$(mktemp -u ${directory}/XXXXXX); mkfifo "$fifo"; exec 5<>"$fifo"; printf + >&5
       MAKEFLAGS=" -j2 --jobserver-auth=fifo:$fifo" ${prefix.join(' ')} bash -c '${client}'
       read -r -n 1 token <&5; echo "back: $token"`,
      [],
    ),
  );
});

programTest('a socket and its activation reach a command under run', NEEDS, ['systemd-socket-activate'], async () => {
  // The number of the process that the socket is for is the command's own.
  const said = 'test "$LISTEN_PID" = $$ && test -S /dev/fd/3 && echo "mine: $LISTEN_FDS"';
  const socket = join(scratch(), 'activated');
  await bothWays((prefix) => {
    const { stdout } = inBash(
      `rm -f ${socket}; systemd-socket-activate -l ${socket} "$@" & server=$!
       until test -S ${socket}; do sleep 0.02; done
       "$NODE" -e 'require("node:net").connect(process.argv[1]).on("error", () => {})' ${socket}
       wait $server`,
      [...prefix, 'sh', '-c', said],
      { ...process.env, NODE: process.execPath },
    );
    return stdout;
  });
});

kernelTest('many runs in a row leave nothing behind, and each is as its command is', NEEDS, async () => {
  const rounds = LONG ? 1000 : 40;
  const mark = `procwatch-runs-${process.pid}`;
  const script = `
    ls /proc/$$/fd >"$1.before"
    i=0; while [ $i -lt ${rounds} ]; do
      i=$((i + 1))
      said=$(MARK=${mark} ${typed(under('by its name', 'true'))} 2>&1) && [ -z "$said" ] || echo "round $i: $? $said"
    done
    ls /proc/$$/fd >"$1.after"; read -r left </proc/$$/task/$$/children; echo $left`;
  const file = reportFile();
  const running = new Running('/bin/sh', ['-c', script, 'sh', file]);
  assert.equal(await running.code(), 0);
  assert.equal(running.stdout.trim(), '', 'no difference, and no child is left');
  assert.equal(readFileSync(`${file}.after`, 'utf8'), readFileSync(`${file}.before`, 'utf8'));
  const left = readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`MARK=${mark}`);
    } catch {
      // It has gone meanwhile.
      return false;
    }
  });
  assert.deepEqual(left, []);
});

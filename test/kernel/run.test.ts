/** `procwatch run` on the real kernel and on real terminals: the command is as if alone, and its whole tree is told. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixture, scratch } from './support/fixtures.ts';
import { of, story } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { KEYS, Terminal } from './support/terminal.ts';
import { procwatch, programTest, Running } from './support/wait-support.ts';
import { BIN, type Row, until } from './support/watcher.ts';

const NEEDS = ['connector'] as const;
const TERMINAL = ['script', 'bash'];
const NOBODY = 65_534;

const rowsOf = (text: string): Row[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line));

/** Runs a command under procwatch to its end. */
async function ran(
  args: readonly string[],
  options: { uid?: number; env?: Record<string, string>; input?: string } = {},
) {
  const running = procwatch(['run', ...args], options);
  running.child.stdin?.end(options.input ?? '');
  const code = await running.code();
  return { code, stdout: running.stdout, stderr: running.stderr, rows: rowsOf(running.stderr), pid: running.pid };
}

/** A script of the shell as a command. */
const sh = (script: string): string[] => ['--', 'sh', '-c', script];
const exists = (pid: number): boolean => existsSync(`/proc/${pid}`);
const isEvent = (event: string) => (row: Row) => row.event === event;

for (const [title, script, code] of [
  ['an exit code', 'exit 7', 7],
  ['success', 'exit 0', 0],
  ['SIGKILL', 'kill -9 $$', 137],
  ['a signal that has no name', 'kill -35 $$', 163],
] as const) {
  kernelTest(`it ends as its command does: ${title}`, NEEDS, async () => {
    for (const uid of process.getuid?.() === 0 ? [0, NOBODY] : [process.getuid?.() ?? 0]) {
      const shell = new Running(
        '/bin/sh',
        ['-c', '"$@"; echo $?', 'sh', process.execPath, BIN, 'run', '-q', ...sh(script)],
        { uid },
      );
      assert.equal(await shell.code(), 0);
      assert.equal(shell.stdout, `${code}\n`, 'as a shell sees it');
      assert.equal((await ran(['-q', '--exit-code', ...sh(script)], { uid })).code, code);
    }
  });
}

kernelTest(
  'what is not there ends with 127, what cannot be run with 126, and nothing else is said',
  NEEDS,
  async () => {
    assert.deepEqual(await ran(['--', 'no-such-command']).then(({ code, stderr }) => [code, stderr]), [
      127,
      'procwatch: no-such-command: there is no such command\n',
    ]);
    assert.equal((await ran(['--', ''])).code, 127);
    assert.deepEqual(await ran(['--', '/etc/passwd']).then(({ code, stderr }) => [code, stderr]), [
      126,
      'procwatch: /etc/passwd: it cannot be run (EACCES)\n',
    ]);
    assert.equal((await ran([])).code, 2);
  },
);

kernelTest('input and output are those of the command, records go to stderr', NEEDS, async () => {
  const { code, stdout, stderr } = await ran(['-f', 'json', '--', 'cat'], { input: 'some text\n' });
  assert.deepEqual([code, stdout], [0, 'some text\n']);
  assert.deepEqual(
    rowsOf(stderr).map(({ event }) => event),
    ['fork', 'exec', 'exit'],
  );
});

kernelTest('--output takes the records, and only its owner may read it', NEEDS, async () => {
  const path = join(scratch(), 'run.jsonl');
  const { stderr } = await ran(['--json', '-o', path, ...sh('echo of the command >&2')]);
  assert.equal(stderr, 'of the command\n');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(
    rowsOf(readFileSync(path, 'utf8')).map(({ event }) => event),
    ['fork', 'exec', 'exit'],
  );
});

kernelTest('nothing of the tree is missed, and nothing else is shown', ['connector', 'compiler'], async () => {
  const storm = new Running('/bin/sh', ['-c', 'while :; do /bin/true; done']);
  const { rows, pid } = await ran(['--json', '--all', '--', fixture('storm'), 'execs', '50', 'mine']);
  storm.child.kill('SIGKILL');
  const command = rows[0].pid;
  assert.deepEqual([rows[0].event, rows[0].ppid], ['fork', pid]);
  const strangers = rows.filter((row) => row.pid !== command && row.event === 'fork' && row.ppid !== command);
  assert.deepEqual(strangers, []);
  for (const event of ['fork', 'exec', 'exit']) assert.equal(rows.filter(isEvent(event)).length, 51, event);
});

kernelTest(
  'descendants that changed their parent are shown, to the end of the last with --all',
  ['connector', 'compiler'],
  async () => {
    const { rows, code, pid } = await ran(['--json', '--all', '--', fixture('life'), 'double-fork', '4']);
    assert.equal(code, 0);
    assert.deepEqual(story(rows, rows[0].pid, pid), {
      A: ['fork', 'exec', 'exit 0'],
      B: ['fork of A', 'exit 0'],
      C: ['fork of B', 'exit 4'],
    });
  },
);

const OUTLIVED = '(sleep 0.3; exit 3) & exit 5';

kernelTest('without --all it ends with its command, with --all when the whole tree has ended', NEEDS, async () => {
  const short = await ran(['--json', ...sh(OUTLIVED)]);
  const all = await ran(['--json', '--all', ...sh(OUTLIVED)]);
  assert.deepEqual([short.code, all.code], [5, 5]);
  assert.equal(
    short.rows.some(({ exit_code }) => exit_code === 3),
    false,
  );
  assert.equal(
    all.rows.some(({ exit_code }) => exit_code === 3),
    true,
  );
});

kernelTest('the end of the command is always told', NEEDS, async () => {
  for (let i = 0; i < 20; i++) {
    const { rows } = await ran(['--json', '-e', 'exit', ...sh('/bin/true; exit 4')]);
    assert.deepEqual(
      rows.map(({ exit_code }) => exit_code),
      [0, 4],
    );
  }
});

kernelTest('a loss does not keep it from ending, and is told', ['connector', 'compiler'], async () => {
  const { code, stderr } = await ran(['-q', '-S', '--all', '--buffer', '1', '--', fixture('storm'), 'forks', '5000']);
  assert.equal(code, 0);
  assert.match(stderr, /\d events were lost: processes may be missing above\n/);
});

/** The signal makes the command say so and end with 9. */
const CATCHER = (signal: string) => `trap 'echo caught; exit 9' ${signal}; echo ready; while :; do sleep 0.02; done`;

for (const signal of ['TERM', 'HUP', 'INT', 'QUIT', 'USR1', 'USR2'] as const) {
  kernelTest(`SIG${signal} to procwatch reaches the command`, NEEDS, async () => {
    const running = procwatch(['run', '-q', ...sh(CATCHER(signal))]);
    await until('the command is ready', () => running.stdout.includes('ready'));
    running.child.kill(`SIG${signal}`);
    assert.equal(await running.code(), 9);
    assert.equal(running.stdout, 'ready\ncaught\n');
  });
}

kernelTest('once the command has ended, a signal ends the waiting for its tree', NEEDS, async () => {
  for (const [signal, code] of [
    ['SIGTERM', 143],
    ['SIGINT', 130],
    ['SIGHUP', 129],
  ] as const) {
    for (const by of ['signal', 'code'] as const) {
      const options = by === 'signal' ? ['--json', '--all'] : ['--json', '--all', '--exit-code'];
      const running = procwatch(['run', ...options, ...sh('sleep 60 >&- 2>&- & echo $!; exit 5')]);
      await until('the command has ended', () => rowsOf(running.stderr).some(({ exit_code }) => exit_code === 5));
      running.child.kill(signal);
      assert.deepEqual(await running.end(), by === 'signal' ? { code: null, signal } : { code, signal: null });
      process.kill(Number(running.stdout));
    }
  }
});

kernelTest('--as and sudo: the command has no rights of root', ['connector', 'root'], async () => {
  const ids = 'id -u; id -g; id -G; echo $USER; grep CapEff /proc/self/status';
  const nobody = '65534\n65534\n65534\nnobody\nCapEff:\t0000000000000000\n';
  assert.equal((await ran(['-q', '--as', 'nobody', ...sh(ids)])).stdout, nobody);
  const bySudo = await ran(['--json', ...sh(`${ids}; exit 3`)], { env: { SUDO_USER: 'nobody' } });
  assert.deepEqual([bySudo.stdout, bySudo.code], [nobody, 3]);
  assert.equal(bySudo.rows.at(-1)?.uid, NOBODY);
  const asRoot = await ran(['-q', '--as', 'root', '--', 'id', '-u'], { env: { SUDO_USER: 'nobody' } });
  assert.equal(asRoot.stdout, '0\n');
  const unknown = await ran(['--as', 'no-such-user', '--', 'id']);
  assert.deepEqual([unknown.code, unknown.stdout], [2, '']);
  assert.match(unknown.stderr, /there is no user "no-such-user"/);
  const refused = await ran(['--as', 'root', '--', 'id'], { uid: NOBODY });
  assert.deepEqual([refused.code, refused.stdout], [77, '']);
});

programTest('make -j4: every compiler with its file and its status', ['connector', 'compiler'], ['make'], async () => {
  const FILES = 12;
  const BROKEN = 5;
  const project = join(scratch(), 'project');
  mkdirSync(project);
  const names = Array.from({ length: FILES }, (_, i) => `part${i}`);
  names.forEach((name, i) => {
    const parts = Array.from({ length: 200 }, (_, n) => `int ${name}_${n}(int n) { return printf("%d", n * ${n}); }\n`);
    const broken = i === BROKEN ? 'this is no C\n' : '';
    writeFileSync(join(project, `${name}.c`), `#include <stdio.h>\n${parts.join('')}${broken}`);
  });
  const objects = names.map((name) => `${name}.o`).join(' ');
  writeFileSync(join(project, 'Makefile'), `all: ${objects}\n%.o: %.c\n\tgcc -O2 -c -o $@ $<\n`);
  const { code, rows, stderr } = await ran(['--json', '-S', '--', 'make', '-C', project, '-k', '-j4']);
  assert.equal(code, 2);
  for (const [i, name] of names.entries()) {
    const compilers = rows.filter(
      ({ event, comm, args }) => event === 'exec' && comm === 'cc1' && (args as string[]).includes(`${name}.c`),
    );
    assert.equal(compilers.length, 1, `the compiler of ${name}`);
    const ends = of(rows, compilers[0].pid).filter(isEvent('exit'));
    assert.deepEqual(
      ends.map(({ exit_code }) => exit_code),
      [i === BROKEN ? 1 : 0],
    );
  }
  // Alike branches are one, the one that failed stands alone.
  assert.match(stderr, /gcc × \d+ .*exit 0\n.*cc1 × \d+ .*exit 0\n/);
  assert.match(stderr, /cc1 .*part5\.c.*exit 1\n/);
});

kernelTest('--summary draws the tree, with what is alike folded', NEEDS, async () => {
  const { stderr } = await ran(['-q', '-S', ...sh('for i in 1 2 3 4; do sleep 0.05; done; (exit 3); exit 4')]);
  const [tree, ...words] = stderr.split('\n\n');
  const shape = `${tree}\n`.replace(/ +\+.*?(exit \d+)$/gm, ' … $1');
  assert.equal(
    shape,
    [
      "sh -c 'for i in 1 2 3 4; do sleep 0.05; done; (exit 3); exit 4' … exit 4",
      '├─ sleep × 4 … exit 0',
      "└─ (sh -c 'for i in 1 2 3 4; do sleep 0.05; done; (exit 3); exit 4') … exit 3",
      '',
    ].join('\n'),
  );
  assert.match(words[0], /^wall time \d+ms, .*average parallelism .*, processes 6, .*failures 2$/);
  assert.match(words.join('\n\n'), /\nexit 3 +1 +\(sh -c 'for i|exit 3 /);
  assert.equal((await ran(['-q', ...sh('exit 0')])).stderr, '', 'not by default where stderr is no terminal');
});

/** procwatch as typed into a shell. */
const TYPED = `'${process.execPath}' '${BIN}' run`;

programTest('on a terminal the tree is drawn at the end, unless it is not wanted', NEEDS, TERMINAL, async () => {
  const drawn = new Terminal(`${TYPED} -q -- true`);
  assert.equal(await drawn.code(), 0);
  assert.match(drawn.screen, /^true +\+0µs .* exit 0\n$/);
  const plain = new Terminal(`${TYPED} -q --no-summary -- true`);
  assert.equal(await plain.code(), 0);
  assert.equal(plain.screen, '');
});

programTest("the terminal is the command's own", NEEDS, TERMINAL, async () => {
  const terminal = new Terminal(
    `${TYPED} -q --no-summary -- sh -c 'test -t 0 && test -t 1 && test -t 2 && cat </dev/tty'`,
  );
  terminal.type('typed\n');
  await terminal.shows(/typed\ntyped\n/);
  terminal.type(KEYS.end);
  assert.equal(await terminal.code(), 0);
});

programTest('what the command does to the modes of its terminal stays', NEEDS, TERMINAL, async () => {
  const modes = `stty -a | grep -o -- '-*echo '`;
  const terminal = new Terminal(`${TYPED} -q --no-summary -- stty -echo; ${modes}; ${TYPED} -q -- stty echo; ${modes}`);
  assert.equal(await terminal.code(), 0);
  const [first, drawn, second] = terminal.screen.split('\n').map((line) => line.trim());
  assert.deepEqual([first, second], ['-echo', 'echo']);
  assert.match(drawn, /^stty echo +\+0µs .* exit 0$/);
});

for (const elsewhere of ['| cat', '> /dev/null', '< /dev/null', '2> /dev/null', '< /dev/null | cat']) {
  programTest(`on a terminal it ends with its command although it has: ${elsewhere}`, NEEDS, TERMINAL, async () => {
    const terminal = new Terminal(`${TYPED} -q --no-summary -- true ${elsewhere}; echo "it has ended"`);
    await terminal.shows(/it has ended/);
    await terminal.code();
  });
}

programTest('Ctrl-C ends the command and procwatch and leaves nothing behind', NEEDS, TERMINAL, async () => {
  const terminal = new Terminal(`${TYPED} -q -- sh -c 'sleep 60 & echo "pids $PPID $$ $!"; wait'`);
  const [, ...pids] = (await terminal.shows(/pids (\d+) (\d+) (\d+)\n/)).map(Number);
  terminal.type(KEYS.interrupt);
  assert.equal(await terminal.code(), 130);
  await until('all have ended', () => !pids.some(exists));
});

programTest('a command that takes Ctrl-C itself goes on, and procwatch with it', NEEDS, TERMINAL, async () => {
  const script = 'trap "echo caught" INT; echo ready; read word; echo "got $word"; exit 4';
  const terminal = new Terminal(`${TYPED} -q --no-summary -- bash -c '${script}'`);
  await terminal.shows(/ready\n/);
  terminal.type(KEYS.interrupt);
  await terminal.shows(/caught\n/);
  terminal.type('word\n');
  await terminal.shows(/got word\n/);
  assert.equal(await terminal.code(), 4);
});

/** A shell with job control, ready for a command line. */
async function jobShell(): Promise<Terminal> {
  const terminal = new Terminal('bash --norc --noediting -i');
  terminal.type('PS1=; echo begin$((40 + 2))\n');
  await terminal.shows(/begin42\n/);
  return terminal;
}

programTest('Ctrl-Z stops both, fg lets both go on', NEEDS, TERMINAL, async () => {
  const terminal = await jobShell();
  terminal.type(`${TYPED} -q --no-summary -- sh -c 'echo "pids $PPID $$"; cat; exit 6'\n`);
  const [, ...pids] = (await terminal.shows(/pids (\d+) (\d+)\n/)).map(Number);
  const stateOf = (pid: number) => /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1];
  // A shell that waits in vfork for its child to become cat cannot be stopped if the child is: with or without procwatch.
  terminal.type('cat is there\n');
  await terminal.shows(/cat is there\ncat is there\n/);
  for (let round = 0; round < 3; round++) {
    terminal.type(KEYS.suspend);
    await terminal.shows(/Stopped/);
    assert.deepEqual(pids.map(stateOf), ['T', 'T']);
    terminal.type('fg\n');
    await until('both go on', () => pids.every((pid) => stateOf(pid) !== 'T'));
    terminal.type(`round ${round}\n`);
    await terminal.shows(new RegExp(`round ${round}\nround ${round}\n`));
  }
  terminal.type(KEYS.end);
  terminal.type('echo "code=$?"\n');
  await terminal.shows(/code=6\n/);
  assert.deepEqual(pids.map(exists), [false, false]);
  terminal.type('exit\n');
  await terminal.code();
});

programTest('a command that stops itself gives the terminal back to the shell', NEEDS, TERMINAL, async () => {
  const terminal = await jobShell();
  terminal.type(`${TYPED} -q --no-summary -- sh -c 'kill -STOP $$; exit 8'\n`);
  await terminal.shows(/Stopped/);
  terminal.type('fg; echo "code=$?"\n');
  await terminal.shows(/code=8\n/);
  terminal.type('exit\n');
  await terminal.code();
});

programTest('a shell with job control of its own runs in it as by itself', NEEDS, TERMINAL, async () => {
  const terminal = new Terminal(`${TYPED} -q --no-summary -- bash --norc --noediting -i`);
  terminal.type('PS1=; echo begin$((40 + 2))\n');
  await terminal.shows(/begin42\n/);
  terminal.type('sleep 60\n');
  await terminal.shows(/sleep 60\n/);
  terminal.type(KEYS.suspend);
  await terminal.shows(/Stopped/);
  terminal.type('kill %1; exit 3\n');
  await terminal.shows(/exit/);
  terminal.type('exit 3\n');
  assert.equal(await terminal.code(), 3);
});

/** `procwatch wait` inside of shell scripts: whom it refuses to wait for, pid files that mislead, and how it ends. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scratch } from './support/fixtures.ts';
import { Held } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { inBash, reportFile, WAYS } from './support/run-support.ts';
import { KEYS, Terminal } from './support/terminal.ts';
import { procwatch, programTest, Running } from './support/wait-support.ts';
import { BIN, descriptors, until } from './support/watcher.ts';

const NEEDS = ['connector', 'compiler'] as const;
const NOBODY = 65_534;
const [WAIT] = WAYS['by its name'];

const waits = (pid: number, count = 1): boolean => descriptors(pid, /^(anon_inode:\[pidfd\]|pidfd:)/) >= count;

async function ended(args: readonly (string | number)[], options: { uid?: number } = {}) {
  const waiting = procwatch(['wait', ...args], options);
  const { code } = await waiting.end();
  return { code, stdout: waiting.stdout, stderr: waiting.stderr };
}

kernelTest('an ancestor is refused, by number and by pid file, with a word on why', NEEDS, async () => {
  const refused = inBash('"$@" wait $$; echo $?', [WAIT]);
  assert.equal(refused.stdout, '2\n');
  assert.match(
    refused.stderr,
    /^procwatch: (\d+): bash \(process \1\) is an ancestor of procwatch, and may .*\nhint: /,
  );
  const file = reportFile();
  writeFileSync(file, String(process.pid));
  const { code, stderr } = await ended(['--pidfile', file]);
  assert.equal(code, 2);
  assert.match(stderr, /is an ancestor of procwatch/);
});

kernelTest('--name leaves out procwatch and its ancestors, and finds their namesakes', NEEDS, async () => {
  const name = `jobs-${process.pid}`;
  const program = join(scratch(), name);
  const alone = inBash(`cp /bin/bash ${program}; ${program} -c '"$@" wait --name "${name}*"; echo $?' ${name} "$@"`, [
    WAIT,
  ]);
  assert.deepEqual([alone.stdout, alone.stderr], ['127\n', `procwatch: there is nothing for "${name}*"\n`]);
  const { stdout } = inBash(
    `(exec -a ${name} sleep 0.5) & echo "$!"
     ${program} -c 'until [ "$(tr "\\0" " " </proc/$0/cmdline)" = "${name} 0.5 " ]; do :; done; "$@" wait -v --name ${name}' $! "$@"`,
    [WAIT],
  );
  const [namesake, told] = stdout.split('\n');
  assert.match(told, new RegExp(`^${namesake} \\(sleep\\): exit 0 after `));
});

/** A process to be named in a file, and the file. */
function named(text: (pid: number) => string, ageSeconds = 0) {
  const held = new Held(['exit', 5]);
  const file = reportFile();
  writeFileSync(file, text(held.pid));
  const then = Date.now() / 1000 - ageSeconds;
  utimesSync(file, then, then);
  return { held, file };
}

const MISLEADING: readonly {
  readonly title: string;
  readonly file: () => string;
  readonly says: RegExp;
}[] = [
  {
    title: 'older than the process of its number',
    file: () => named((pid) => `${pid}\n`, 7260).file,
    says: /: it is stale: process \d+ was started 2h00m after it was written\n$/,
  },
  { title: 'empty', file: () => named(() => '').file, says: /: it is empty\n$/ },
  { title: 'of blanks', file: () => named(() => '\n').file, says: /: it is empty\n$/ },
  {
    title: 'of a process that has gone',
    file: () => named(() => '4194305').file,
    says: /: there is no process 4194305\n$/,
  },
  { title: 'of something else', file: () => named(() => 'pid=12\n').file, says: /: it holds no process number\n$/ },
  {
    title: 'of a number that no process can have',
    file: () => named(() => '99999999999').file,
    says: /: it holds no process number\n$/,
  },
  { title: 'not there', file: () => join(scratch(), 'not-there'), says: /: there is no such file\n$/ },
  { title: 'a directory', file: scratch, says: /: it cannot be read \(EISDIR\)\n$/ },
];

for (const { title, file, says } of MISLEADING) {
  kernelTest(`a pid file that is ${title}: 127 and the reason, 0 with --missing-ok`, NEEDS, async () => {
    const path = file();
    const { code, stderr } = await ended(['--pidfile', path]);
    assert.equal(code, 127);
    assert.ok(stderr.startsWith(`procwatch: ${path}`), stderr);
    assert.match(stderr, says);
    assert.deepEqual(await ended(['--missing-ok', '--pidfile', path]), { code: 0, stdout: '', stderr: '' });
  });
}

kernelTest('a pid file that may not be read: 127 and the reason', [...NEEDS, 'root'], async () => {
  const { file } = named((pid) => String(pid));
  inBash('chmod 600 "$1"', [file]);
  const { code, stderr } = await ended(['--pidfile', file], { uid: NOBODY });
  assert.deepEqual([code, stderr], [127, `procwatch: ${file}: it cannot be read (EACCES)\n`]);
});

kernelTest('a pid file as old as its process, by any name, is believed', NEEDS, async () => {
  const { held, file } = named((pid) => `${pid}\nother text`);
  const script = `cd "$(mktemp -d)"; cp "$1" $'a\\xff'; exec "$2" "$3" wait -v --pidfile $'a\\xff'`;
  const waiting = new Running('bash', ['-c', script, 'bash', file, process.execPath, BIN]);
  await until('it waits', () => waits(waiting.pid));
  held.go();
  assert.equal(await waiting.code(), 5, waiting.stderr);
});

kernelTest('--name takes bytes', NEEDS, async () => {
  const script = `cd "$(mktemp -d)"; cp /bin/sleep $'a\\xff'; ./$'a\\xff' 0.5 & "$@" wait -v --name $'a\\xff' | cut -d: -f1; "$@" wait --name $'a\\xfe'; echo $?`;
  const { stdout, stderr } = inBash(script, [WAIT]);
  assert.match(stdout, /^\d+ \(a\\xff\)\n127\n$/);
  assert.equal(stderr, 'procwatch: there is nothing for "a\\xfe"\n');
});

kernelTest('with --die it ends by the signal that ended what it waited for, or itself', NEEDS, async () => {
  const held = new Held(['raise', 15]);
  const waiting = procwatch(['wait', '--die', held.pid]);
  await until('it waits', () => waits(waiting.pid));
  held.go();
  assert.deepEqual(await waiting.end(), { code: null, signal: 'SIGTERM' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    const interrupted = procwatch(['wait', '--die', new Held(['exit', 0]).pid]);
    await until('it waits', () => waits(interrupted.pid));
    interrupted.child.kill(signal);
    assert.deepEqual(await interrupted.end(), { code: null, signal });
  }
  const coded = new Held(['exit', 7]);
  const other = procwatch(['wait', '--die', coded.pid]);
  await until('it waits', () => waits(other.pid));
  coded.go();
  assert.deepEqual(await other.end(), { code: 7, signal: null });
});

/** Processes whose command line ends like this. */
const pidsOf = (end: string): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return pid > 0 && readFileSync(`/proc/${pid}/cmdline`, 'latin1').endsWith(end);
      } catch {
        return false;
      }
    });

for (const shell of ['bash', 'dash', 'zsh'] as const) {
  programTest(`with --die Ctrl-C ends a loop of ${shell}`, NEEDS, ['script', shell], async () => {
    const { pid } = new Held(['exit', 0]);
    const script = join(scratch(), `wait-loop.${shell}`);
    writeFileSync(
      script,
      `for i in 1 2 3; do echo "round $i"; '${WAIT}' wait --die ${pid}; echo "after $i"; done; echo "after all"\n`,
    );
    const terminal = new Terminal(`${shell} ${script}; echo "code $?"`);
    await terminal.shows(/round 1\n/);
    await until('it waits', () => pidsOf(`wait\0--die\0${pid}\0`).some((one) => waits(one)));
    terminal.type(KEYS.interrupt);
    await terminal.code();
    assert.doesNotMatch(terminal.screen, /after/);
  });
}

kernelTest('streams it shares with others keep their flags', NEEDS, async () => {
  const script = `
    { sleep 0.5 & "$@" wait -v $! & sleep 0.3; grep flags /proc/self/fdinfo/3 3>&1 >&2; wait; } | cat`;
  const { stdout, stderr } = inBash(script, [WAIT]);
  assert.match(stdout, /^\d+ \(sleep\): exit 0 after .*\n$/);
  assert.equal(stderr, 'flags:\t01\n');
});

/** Programs that could not be run, by real callers: the path, the arguments, the error, and the end that follows. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fixture, scratch } from './support/fixtures.ts';
import { register } from './support/leftovers.ts';
import { kernelTest } from './support/requirements.ts';
import { type Row, runToEnd, until, Watcher, watching } from './support/watcher.ts';

const NEEDS = ['connector', 'compiler', 'root'] as const;
const WATCH = ['-e', 'exec-failed,exit'];

interface Tried {
  readonly pid: number;
  readonly code: number | null;
}

/** Runs something to its end. */
async function trying(
  command: string,
  args: readonly string[],
  options: { uid?: number; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Tried> {
  const child = register(spawn(command, args, { stdio: 'ignore', ...options }));
  const [code] = await once(child, 'close');
  return { pid: child.pid ?? 0, code };
}

const tries = (way: string, ...rest: string[]) => trying(fixture('tries'), [way, ...rest]);

/** Where files lie that cannot be executed. */
function files(): Readonly<Record<string, string>> {
  const folder = join(realpathSync(scratch()), 'files');
  mkdirSync(folder, { recursive: true });
  const write = (name: string, content: string | Uint8Array, mode = 0o755): string => {
    const path = join(folder, name);
    writeFileSync(path, content);
    chmodSync(path, mode);
    return path;
  };
  return {
    folder,
    missing: join(folder, 'missing'),
    text: write('text', 'echo hello\n'),
    binary: write('binary', new Uint8Array([1, 2, 3, 4])),
    empty: write('empty', ''),
    short: write('short', '\x7fELF'),
    plain: write('plain', 'echo\n', 0o644),
    orphan: write('orphan', '#!/no/such/interpreter\n'),
    below: `${write('file', 'x')}/below`,
    written: write('written', '#!/bin/true\n'),
    long: join(folder, 'n'.repeat(300)),
  };
}

/** Which errno each file has for who executes it by its path. */
const ERRORS: readonly (readonly [string, string])[] = [
  ['missing', 'ENOENT'],
  ['orphan', 'ENOENT'],
  ['plain', 'EACCES'],
  ['folder', 'EACCES'],
  ['below', 'ENOTDIR'],
  ['text', 'ENOEXEC'],
  ['binary', 'ENOEXEC'],
  ['empty', 'ENOEXEC'],
  ['short', 'ENOEXEC'],
  ['long', 'ENAMETOOLONG'],
];

const failuresOf = (rows: readonly Row[], pid: number): Row[] =>
  rows.filter((row) => row.event === 'exec-failed' && row.pid === pid);

kernelTest('what cannot be executed: path, arguments, error and words, by a program and by shells', NEEDS, async () => {
  const made = files();
  const tried: [string, string, Tried][] = [];
  const rows = await watching(WATCH, async () => {
    for (const [name, error] of ERRORS) {
      tried.push([name, error, await tries('by-path', made[name], 'an argument')]);
      for (const shell of ['dash', 'bash', 'zsh']) {
        if (['text', 'binary', 'empty', 'short'].includes(name)) continue; // which shells then read themselves
        const args = shell === 'zsh' ? ['-f', '-c'] : ['-c'];
        tried.push([name, error, await trying(shell, [...args, `exec "${made[name]}" "an argument"`])]);
      }
    }
    tried.push(['written', 'ETXTBSY', await tries('while-written', made.written, 'an argument')]);
  });
  for (const [name, error, { pid }] of tried) {
    const [row, ...others] = failuresOf(rows, pid);
    // Shells look elsewhere for some of them, and try nothing then.
    if (row === undefined && name === 'long') continue;
    assert.ok(row !== undefined && others.length === 0, `${name} ${JSON.stringify(row)} ${JSON.stringify(others)}`);
    const path = name === 'long' ? made.long.slice(0, 255) : made[name];
    assert.deepEqual([row.error, row.path, row.tried, row.tid, row.uid], [error, path, 1, pid, 0], name);
    assert.deepEqual((row.args as string[]).slice(1), ['an argument'], name);
    assert.equal(row.args_incomplete, undefined, name);
  }
});

kernelTest('whoever calls it, and in whatever way: threads, vfork, posix_spawn, descriptors', NEEDS, async () => {
  const { missing, text } = files();
  let threaded: Tried | undefined;
  const rows = await watching(WATCH, async () => {
    threaded = await tries('by-thread', missing);
    await tries('by-vfork', missing, 'v');
    await tries('by-spawn', missing, 's');
    await tries('by-descriptor', text, 'd');
    await tries('below-descriptor', 'no/such', 'b');
  });
  const of = (last: string): Row => {
    const found = rows.filter(
      ({ event, args }) => event === 'exec-failed' && (args as string[] | undefined)?.at(-1) === last,
    );
    assert.equal(found.length, 1, last);
    return found[0];
  };
  const [thread] = failuresOf(rows, threaded?.pid ?? 0);
  assert.deepEqual([thread.error, thread.path], ['ENOENT', missing]);
  assert.notEqual(thread.tid, thread.pid);
  assert.deepEqual([of('v').error, of('v').path, of('v').comm], ['ENOENT', missing, 'tries']);
  assert.deepEqual([of('s').error, of('s').path], ['ENOENT', missing]);
  assert.deepEqual([of('d').error, of('d').path], ['ENOEXEC', '']);
  assert.deepEqual([of('b').error, of('b').path], ['ENOENT', 'no/such']);
});

kernelTest(
  'arguments that are too many, too long, not there or not to be read are told as far as they go',
  NEEDS,
  async () => {
    const { missing } = files();
    const tried: Record<string, Tried> = {};
    const rows = await watching(WATCH, async () => {
      for (const way of [
        'with-many',
        'with-long',
        'with-too-long',
        'without-arguments',
        'with-bad-arguments',
        'with-bad-path',
      ]) {
        tried[way] = await tries(way, way === 'with-too-long' ? '/bin/true' : missing);
      }
    });
    const told = (way: string) => {
      const [row] = failuresOf(rows, tried[way].pid);
      const args = (row.args ?? []) as string[];
      return [row.error, args.length, row.args_incomplete ?? false, row.path];
    };
    assert.deepEqual(told('with-many'), ['ENOENT', 32, true, missing]);
    assert.deepEqual(told('with-long'), ['ENOENT', 5, true, missing]);
    assert.deepEqual(told('with-too-long'), ['E2BIG', 2, true, '/bin/true']);
    assert.deepEqual(told('without-arguments').slice(1), [0, true, missing]);
    assert.deepEqual(told('with-bad-arguments').slice(1), [0, true, missing]);
    assert.deepEqual(told('with-bad-path'), ['EFAULT', 3 - 2, false, undefined]);
  },
);

/** A PATH of so many directories, of which the last has the program, if that is to be found. */
function pathOf(many: number, program?: string): string {
  const folder = join(scratch(), 'path');
  const folders = Array.from({ length: many }, (_, i) => join(folder, String(i)));
  for (const one of folders) mkdirSync(one, { recursive: true });
  if (program !== undefined) {
    writeFileSync(join(folders[many - 1], program), '#!/bin/sh\nexit 0\n');
    chmodSync(join(folders[many - 1], program), 0o755);
  }
  return folders.join(':');
}

kernelTest('a walk along a PATH of 200 directories is one record, told only if nothing was found', NEEDS, async () => {
  const PATH = pathOf(200, 'found');
  const env = { ...process.env, PATH };
  let [missed, found]: Tried[] = [];
  const rows = await watching([...WATCH, '-e', 'exec'], async () => {
    missed = await trying(fixture('tries'), ['by-name', 'no-such-command', 'x'], { env });
    found = await trying(fixture('tries'), ['by-name', 'found', 'x'], { env });
  });
  const [walk, ...others] = failuresOf(rows, missed.pid);
  assert.deepEqual([walk.error, walk.tried, walk.args, others.length], ['ENOENT', 200, ['no-such-command', 'x'], 0]);
  assert.equal(walk.path, `${PATH.split(':').at(-1)}/no-such-command`);
  assert.deepEqual(failuresOf(rows, found.pid), []);
  const end = rows.find(({ event, pid }) => event === 'exit' && pid === found.pid);
  assert.deepEqual([end?.exit_code, end?.error], [0, undefined]);
});

kernelTest('with --every-try each place is a record, also where the program is found in the end', NEEDS, async () => {
  const env = { ...process.env, PATH: pathOf(20, 'found') };
  let found: Tried | undefined;
  const rows = await watching([...WATCH, '--every-try'], async () => {
    found = await trying(fixture('tries'), ['by-name', 'found', 'x'], { env });
  });
  assert.deepEqual(
    failuresOf(rows, found?.pid ?? 0).map(({ tried, error }) => [tried, error]),
    new Array(19).fill([1, 'ENOENT']),
  );
});

kernelTest('an end with 126 or 127 has what could not be executed; one with 0 has not', NEEDS, async () => {
  const { missing, plain, text } = files();
  const python = "import subprocess\ntry: subprocess.run(['/no/such/python'])\nexcept OSError: raise SystemExit(3)";
  const tried: Record<string, Tried> = {};
  const rows = await watching(WATCH, async () => {
    tried.missing = await trying('bash', ['-c', `exec ${missing}`]);
    tried.plain = await trying('bash', ['-c', `exec ${plain}`]);
    tried.env = await trying('env', ['no-such-command']);
    tried.text = await trying('sh', ['-c', text]);
    tried.python = await trying('python3', ['-c', python]);
  });
  const end = (name: string) => {
    const row = rows.find(({ event, pid }) => event === 'exit' && pid === tried[name].pid);
    return [row?.exit_code, row?.error, row?.error_path];
  };
  assert.deepEqual(end('missing'), [127, 'ENOENT', missing]);
  assert.deepEqual(end('plain'), [126, 'EACCES', plain]);
  assert.equal(end('env')[1], 'ENOENT');
  assert.match(String(end('env')[2]), /\/no-such-command$/);
  assert.deepEqual(end('text').slice(1), [undefined, undefined]);
  const child = rows.find(({ event, path }) => event === 'exec-failed' && path === '/no/such/python');
  const childEnd = rows.find(({ event, pid }) => event === 'exit' && pid === child?.pid);
  assert.deepEqual([childEnd?.error, childEnd?.error_path], ['ENOENT', '/no/such/python']);
});

const MANY = 10_000;

kernelTest(
  `${MANY.toLocaleString('en-US')} failing execs as fast as they come: each is told or counted as lost`,
  NEEDS,
  async () => {
    const { missing } = files();
    let tried: Tried | undefined;
    const rows = await watching([...WATCH, '--every-try'], async () => {
      tried = await tries('many-times', missing, String(MANY));
    });
    const told = failuresOf(rows, tried?.pid ?? 0);
    assert.ok(told.every(({ error, path }) => error === 'ENOENT' && path === missing));
    const lost = rows.filter(({ event }) => event === 'lost').reduce((sum, { count }) => sum + Number(count), 0);
    assert.equal(told.length + lost, MANY);
  },
);

kernelTest('start says where the programs listen, and run draws what was not found', NEEDS, async () => {
  const watcher = await Watcher.start(WATCH);
  await watcher.stop();
  assert.match(String(watcher.rows[0].exec_failed_source), /^(?:fexit|sys_exit)$/);
  const { stderr } = runToEnd(['run', '-q', '--summary', '-e', 'exec-failed', 'sh', '-c', 'env no-such-command; true']);
  assert.match(stderr, /env no-such-command .* exit 127 · \S+\/no-such-command: not found, or its interpreter/);
});

kernelTest('it is never heard unasked, and without the rights asking is a failure', NEEDS, async () => {
  const watcher = await Watcher.start(['-e', 'all']);
  await until('the start', () => watcher.rows[0]);
  assert.equal((watcher.rows[0].events as string[]).includes('exec-failed'), false);
  await watcher.stop();
  const { status, stderr } = runToEnd(['-e', 'exec-failed'], { uid: 65534 });
  assert.equal(status, 77);
  assert.match(stderr, /exec-failed cannot be told: .*CAP_BPF/);
});

kernelTest(
  'without the rights run says so, and runs its command all the same, unless events are required',
  NEEDS,
  async () => {
    const asked = ['run', '-e', 'exec-failed', '--no-summary'];
    const { status, stderr } = runToEnd([...asked, '--', 'sh', '-c', 'exit 5'], { uid: 65534 });
    assert.equal(status, 5);
    assert.match(stderr, /^procwatch: exec-failed cannot be told: .*CAP_BPF.*\n$/);
    assert.equal(runToEnd([...asked, '--require-events', '--', 'true'], { uid: 65534 }).status, 77);
  },
);

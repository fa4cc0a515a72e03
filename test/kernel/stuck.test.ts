/** Processes that hang with a lock in hand which is needed to look at them: nobody who looks hangs with them. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { fixture, scratch } from './support/fixtures.ts';
import { register } from './support/leftovers.ts';
import { kernelTest } from './support/requirements.ts';
import { BIN, until, Watcher } from './support/watcher.ts';

const NOBODY = 65534;
type What = 'memory' | 'exec';

interface Hanging {
  readonly pids: readonly number[];
  free(): Promise<void>;
}

/** Hanging for good when this resolves: only then nothing more is read by who looks the same way. */
async function hanging(what: What, count: number): Promise<Hanging> {
  const directory = mkdtempSync(join(scratch(), 'mount-'));
  const server: ChildProcess = register(
    spawn(fixture('stuck'), [what, directory, String(count)], { stdio: ['ignore', 'pipe', 'inherit'] }),
  );
  let output = '';
  server.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await until('they are there', () => output.split('\n').length > count);
  const pids = output.trim().split('\n').map(Number);
  const file = { memory: 'cmdline', exec: 'io' }[what];
  const hangs = (pid: number): boolean =>
    spawnSync('timeout', ['-s', 'KILL', '0.3', 'cat', `/proc/${pid}/${file}`]).status !== 0;
  await until('they hang', () => pids.every(hangs));
  return {
    pids,
    async free() {
      const ended = once(server, 'close');
      server.kill('SIGKILL');
      await ended;
    },
  };
}

/** Against a test that hangs: no command here has anything to wait for. */
const COMMAND_MS = 20_000;

const procwatch = (args: readonly string[], uid?: number) =>
  spawnSync(process.execPath, [BIN, ...args], {
    encoding: 'utf8',
    cwd: '/',
    timeout: COMMAND_MS,
    killSignal: 'SIGKILL',
    ...(uid !== undefined && { uid }),
  });

for (const what of ['memory', 'exec'] as const) {
  for (const uid of [0, NOBODY]) {
    kernelTest(
      `what hangs (${what}) makes no watch hang, and no end of it (as user ${uid})`,
      ['connector', 'compiler', 'root'],
      async () => {
        const { pids, free } = await hanging(what, 3);
        try {
          const ended = procwatch(['--json', '--state', '-d', '0.2'], uid);
          assert.equal(ended.status, 0, ended.stderr);
          const rows = ended.stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line));
          const alive = rows.filter(({ event, pid }) => event === 'alive' && pids.includes(pid));
          if (what === 'memory')
            assert.deepEqual(
              alive.map(({ missing }) => missing),
              ['stuck', 'stuck', 'stuck'],
            );
          const watcher = await Watcher.start([], { uid });
          const { code } = await watcher.stop();
          assert.equal(code, 143);
        } finally {
          await free();
        }
      },
    );
  }

  kernelTest(
    `what hangs (${what}) is told by ps with its number, and by all that does not hang`,
    ['compiler', 'root'],
    async () => {
      const { pids, free } = await hanging(what, 3);
      try {
        for (const source of ['proc', 'auto']) {
          const { status, stdout, stderr } = procwatch([
            'ps',
            '--json',
            '--source',
            source,
            '--show',
            'base,args,io,time,cgroup',
          ]);
          assert.equal(status, 0, stderr);
          const rows = stdout
            .trim()
            .split('\n')
            .map((line) => JSON.parse(line));
          const found = rows.filter(({ pid }) => pids.includes(pid));
          assert.equal(found.length, pids.length);
          assert.ok(rows.some(({ args }) => args !== undefined));
          if (what === 'memory')
            assert.deepEqual(
              found.map(({ comm, args }) => [comm, args]),
              pids.map(() => ['stuck', undefined]),
            );
        }
      } finally {
        await free();
      }
    },
  );

  kernelTest(`wait finds by name in spite of what hangs (${what})`, ['connector', 'compiler', 'root'], async () => {
    const { free } = await hanging(what, 3);
    try {
      const { status, stderr } = procwatch(['wait', '--name', 'nobody-has-this-name']);
      assert.equal(status, 127, stderr);
      assert.match(stderr, /nothing for "nobody-has-this-name"/);
      const late = procwatch(['wait', '--timeout', '0.2', String(process.pid), '--name', 'node*']);
      assert.notEqual(late.signal, 'SIGKILL');
    } finally {
      await free();
    }
  });
}

kernelTest('many that hang are told as such, each of them', ['connector', 'compiler', 'root'], async () => {
  const { free } = await hanging('memory', 40);
  try {
    const { status, stdout, stderr } = procwatch(['--json', '--state', '-d', '0.2']);
    assert.equal(status, 0, stderr);
    assert.equal(
      stdout.split('\n').filter((line) => line.includes('"stuck"') && line.includes('"alive"')).length >= 40,
      true,
    );
  } finally {
    await free();
  }
});

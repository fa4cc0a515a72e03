/**
 * Recordings of the real kernel: what was shown live is shown again, nothing is missing over all files, a killed recorder leaves what can be
 * read, and the flight recorder has the last seconds.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { before } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { fixture, scratch } from './support/fixtures.ts';
import { register } from './support/leftovers.ts';
import { kernelTest } from './support/requirements.ts';
import { BIN, type Row, runToEnd, until, Watcher } from './support/watcher.ts';

let folder: string;
before(() => {
  folder = join(scratch(), 'recordings');
  mkdirSync(folder, { recursive: true });
});
const at = (name: string): string => join(folder, name);

const rowsOf = (text: string): Row[] => text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));
const events = (rows: readonly Row[]): Row[] => rows.filter(({ event }) => ['fork', 'exec', 'exit'].includes(event));

class Recorder {
  private readonly child: ChildProcess;
  private readonly ended: Promise<unknown[]>;
  stderr = '';

  constructor(args: readonly string[]) {
    this.child = spawn(process.execPath, [BIN, 'record', ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
      cwd: folder,
    });
    register(this.child);
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = once(this.child, 'close');
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    this.child.kill(signal);
    await this.ended;
  }

  send(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Into a plain file: once its beginning is there. */
  async begun(path: string): Promise<this> {
    await until(`${path} begins`, () => existsSync(path) && readFileSync(path, 'utf8').includes('"event":"alive"'));
    return this;
  }
}

/** A shell that does as it is told, line by line. */
class Shell {
  private readonly child: ChildProcess;
  private told = 0;
  private heard = '';

  constructor() {
    this.child = spawn('/bin/sh', [], { stdio: ['pipe', 'pipe', 'ignore'], cwd: '/' });
    register(this.child);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.heard += text;
    });
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  async does(script: string): Promise<void> {
    const mark = `done-${++this.told}`;
    this.child.stdin?.write(`${script}\necho ${mark}\n`);
    await until(script, () => this.heard.includes(mark));
    await sleep(100);
  }

  async end(): Promise<void> {
    this.child.stdin?.end();
    await once(this.child, 'close');
  }
}

/** Programs that succeed, fail and are killed, children of children, names that attack a terminal, all at once. */
const MIXED = `for i in 1 2 3 4 5 6 7 8 9 10 11 12; do
  /bin/true; /bin/false; /bin/sh -c 'exit 7'; /bin/sh -c 'kill -SEGV $$'; /bin/sh -c 'kill -9 $$';
  (sleep 0.01 & /bin/echo "a  b" 'c"d' >/dev/null & wait) & ls /nonexistent 2>/dev/null;
  env A=1 /bin/sh -c 'true; (exit 3); /bin/true'; /bin/echo "$(printf '\\033]0;x\\007\\377')" >/dev/null
done; wait`;

/**
 * Each process reads the two clocks for itself, some hundred nanoseconds apart: the times on the wall differ by that. And each looks for
 * control groups below /proc for itself, where one may be in time and the other not.
 */
const withoutOwnLooks = (text: string): string =>
  text
    .replace(/"(start_)?time":"[^"]*"/g, '"$1time":""')
    .replace(/,"(?:cgroup|container_id|unit)":"[^"]*"/g, '')
    .replace(/\d\d:\d\d:\d\d\.\d{3}/g, 'TIME');

const FLAGS: Readonly<Record<string, readonly string[]>> = {
  pretty: [],
  colour: ['--color', 'always'],
  table: ['-f', 'table'],
  lives: ['--lives'],
  summary: ['-qS'],
  json: ['--json'],
  failures: ['--json', '-e', 'nonzero-exit'],
  code: ['--json', '--code', '7,3'],
  signal: ['--json', '--signal', 'SEGV,KILL'],
  name: ['--json', '--name', 'e*'],
  grep: ['--json', '--grep', 'a  b'],
  user: ['--json', '--user', 'root'],
  notName: ['--json', '--not-name', 'sh'],
  full: ['--json', '--full', '-e', 'exit'],
  ancestry: ['--json', '--ancestry', '-e', 'exec'],
  every: ['--json', '-e', 'all'],
};

kernelTest('a recording shows what the live watch showed, whatever the flags', ['connector', 'root'], async () => {
  const shell = new Shell();
  const tree = ['--tree', String(shell.pid)];
  const recorder = new Recorder(['-o', 'mixed.jsonl', '--full', '-e', 'all', ...tree]);
  await recorder.begun(at('mixed.jsonl'));
  const watchers = new Map<string, Watcher>();
  for (const [name, flags] of Object.entries(FLAGS)) {
    // One that says nothing about a format would get one from `start`.
    const format = flags.some((flag) => ['--json', '-f'].includes(flag)) ? flags : ['-f', 'pretty', ...flags];
    watchers.set(name, await Watcher.start([...format, ...tree, '-o', at(`${name}.live`)]));
  }
  // Who has subscribed hears everything; the programs that tell the rest are loaded right after.
  await sleep(1500);
  await shell.does(MIXED);
  const ends = new Map<string, string>();
  for (const [name, watcher] of watchers) ends.set(name, (await watcher.stop('SIGINT')).stderr);
  await recorder.stop();
  await shell.end();
  for (const [name, flags] of Object.entries(FLAGS)) {
    const { stdout, stderr, status } = runToEnd([...flags, ...tree, '-r', at('mixed.jsonl')]);
    assert.equal(status, 0, stderr);
    assert.equal(withoutOwnLooks(stdout), withoutOwnLooks(readFileSync(at(`${name}.live`), 'utf8')), name);
    assert.equal(stderr, ends.get(name), name);
    assert.ok(name === 'summary' || stdout.length > 100, name);
  }
});

kernelTest('ps of a moment of a recording is the ps that was taken then', ['connector', 'root'], async () => {
  const recorder = await new Recorder(['-o', 'ps.jsonl', '--full']).begun(at('ps.jsonl'));
  const shell = new Shell();
  await shell.does("sleep 60 & job=$!; (sh -c 'sleep 60 & sleep 61; true' & ) ; sleep 0.2; exec 9>/dev/null");
  const flags = ['ps', '--json', '--show', 'base,cred,time,args,cgroup'];
  const snapshot = (): Row[] => rowsOf(runToEnd(flags).stdout);
  const before = snapshot();
  const moment = new Date().toISOString();
  const after = snapshot();
  await shell.does('kill $job; wait $job');
  await recorder.stop();
  const recorded = rowsOf(runToEnd([...flags, '-r', at('ps.jsonl'), '--at', moment]).stdout);
  // Threads of the kernel come and go unheard, and are named by what they work on; a zombie has ended, and a recording says so.
  const isUsers = ({ pid, ppid, state }: Row): boolean => pid !== 2 && ppid !== 2 && state !== 'Z';
  const pidsIn = (rows: readonly Row[]): Set<number> => new Set(rows.filter(isUsers).map(({ pid }) => pid));
  const [earlier, later, told] = [before, after, recorded].map(pidsIn);
  for (const pid of earlier) assert.ok(!later.has(pid) || told.has(pid), `${pid} was there`);
  for (const pid of told) assert.ok(earlier.has(pid) || later.has(pid), `${pid} was not there`);
  for (const row of recorded.filter(isUsers)) {
    const same = before.find(({ pid }) => pid === row.pid);
    if (same === undefined || !later.has(row.pid)) continue;
    for (const [name, value] of Object.entries(row)) {
      // A birth is told some microseconds after the kernel dates it, and ps rounds to 10 ms.
      if (name === 'start_time') assert.ok(Math.abs(Date.parse(String(value)) - Date.parse(String(same[name]))) <= 10);
      else if (name !== 'duration_s') assert.deepEqual(value, same[name], `${name} of ${row.pid}`);
    }
  }
  await shell.end();
});

kernelTest(
  'over all files of a storm no event is missing, and each can be read alone',
  ['connector', 'root', 'compiler'],
  async () => {
    const forks = 40_000;
    const recorder = new Recorder([
      '-o',
      'storm.jsonl.gz',
      '--rotate-size',
      '64K',
      '--name',
      'storm',
      '--queue',
      '512M',
    ]);
    await until('the recorder listens', () => existsSync(at('storm.jsonl.gz')));
    await sleep(1500);
    const { status } = spawnSync(fixture('storm'), ['forks', String(forks)]);
    assert.equal(status, 0);
    await sleep(500);
    await recorder.stop();
    const files = readdirSync(folder)
      .filter((name) => /^storm(\.\d+)?\.jsonl\.gz$/.test(name))
      .sort();
    assert.ok(files.length > 20, `${files.length} files`);
    let sequence = 0;
    const seen = { fork: 0, exit: 0, lost: 0 };
    for (const name of [...files.filter((one) => one !== 'storm.jsonl.gz'), 'storm.jsonl.gz']) {
      const { stdout } = spawnSync('gzip', ['-dc', at(name)], { encoding: 'utf8', maxBuffer: 2 ** 30 });
      const rows = rowsOf(stdout);
      assert.deepEqual([rows[0].event, rows.at(-1)?.event], ['start', 'end'], name);
      for (const row of rows) {
        assert.equal(row.seq, ++sequence);
        if (row.event in seen) seen[row.event as keyof typeof seen]++;
      }
    }
    assert.equal(seen.lost, 0, recorder.stderr);
    assert.ok(seen.fork >= forks && seen.exit >= forks, JSON.stringify(seen));
    const together = files.flatMap((name) => ['-r', at(name)]);
    const { stdout } = runToEnd(['stat', '--json', ...together]);
    const rows = rowsOf(stdout) as unknown as { exits: number }[];
    assert.equal(
      rows.reduce((sum, { exits }) => sum + exits, 0),
      seen.exit,
    );
  },
);

const KILLS = process.env.PROCWATCH_LONG === '1' ? 100 : 12;

kernelTest(
  'a recorder that is killed at any moment leaves a file that can be read',
  ['connector', 'root', 'compiler'],
  async () => {
    const storm = spawn(fixture('storm'), ['forks', '2000000']);
    register(storm);
    for (let i = 0; i < KILLS; i++) {
      const name = i % 2 === 0 ? 'killed.jsonl' : 'killed.jsonl.gz';
      const size = existsSync(at(name)) ? statSync(at(name)).size : 0;
      const recorder = new Recorder(['-o', name, '--name', 'storm']);
      await until('something is written', () => existsSync(at(name)) && statSync(at(name)).size > size);
      await sleep(Math.random() * 400);
      await recorder.stop('SIGKILL');
      const { stdout, stderr, status } = runToEnd(['-r', at(name), '-n', '50']);
      assert.equal(status, 0);
      assert.doesNotMatch(stderr, /broken/);
      assert.ok(i < 2 || stdout.length > 0);
    }
    storm.kill();
  },
);

kernelTest('the flight recorder has exactly what the last seconds held', ['connector', 'root'], async () => {
  // Of processes with one thread only: of several, each recorder sees for itself which ended last, some microseconds apart.
  const shell = new Shell();
  const flags = ['--no-usage', '--tree', String(shell.pid), '-o'];
  const all = await new Recorder([...flags, 'all.jsonl']).begun(at('all.jsonl'));
  const flight = new Recorder(['--last', '2s', ...flags, 'flight.jsonl']);
  await sleep(1500);
  for (let i = 0; i < 30; i++) {
    await shell.does('/bin/true; /bin/false');
    if (i === 25) flight.send('SIGUSR1');
  }
  await flight.stop();
  await all.stop();
  await shell.end();
  assert.match(flight.stderr, /flight\.000001\.jsonl: [\d,]+ records, the last (?:1\.\d|2\.0) s: SIGUSR1\n/);
  const momentOf = ({ mono_ns: digits }: Row): bigint => BigInt(digits);
  const key = ({ event, pid, mono_ns: digits }: Row): string => `${digits} ${event} ${pid}`;
  const whole = events(rowsOf(readFileSync(at('all.jsonl'), 'utf8')));
  for (const name of ['flight.000001.jsonl', 'flight.000002.jsonl']) {
    const rows = rowsOf(readFileSync(at(name), 'utf8'));
    const held = events(rows);
    // In the order of time: what comes in one batch here may come in two there.
    const moments = held.map(momentOf).sort((a, b) => Number(a - b));
    const [first, last] = [moments[0], moments.at(-1) ?? 0n];
    const same = whole.filter((row) => momentOf(row) >= first && momentOf(row) <= last);
    assert.deepEqual(held.map(key).sort(), same.map(key).sort());
    const span = Number(BigInt(rows.at(-1)?.mono_ns ?? 0) - first) / 1e9;
    assert.ok(span <= 2.1 && span > 1.5, `${span}`);
    // Whoever is told of was there when the window began, or was born in it.
    const known = new Set(rows.filter(({ event }) => event === 'alive' || event === 'fork').map(({ pid }) => pid));
    assert.deepEqual(held.filter(({ pid }) => !known.has(pid)).map(key), []);
  }
});

function hasOpen(pid: number | undefined, path: string): boolean {
  const directory = `/proc/${pid}/fd`;
  return readdirSync(directory).some((fd) => {
    try {
      return readlinkSync(join(directory, fd)) === path;
    } catch {
      return false;
    }
  });
}

kernelTest('a recording is followed as it grows, and as its files turn', ['connector', 'root'], async () => {
  const shell = new Shell();
  const recorder = new Recorder(['-o', 'grow.jsonl', '--rotate-size', '4K', '--tree', String(shell.pid), '-e', 'exec']);
  await recorder.begun(at('grow.jsonl'));
  const follower = spawn(process.execPath, [BIN, '-r', at('grow.jsonl'), '--follow', '--json', '-e', 'exec'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  register(follower);
  let text = '';
  follower.stdout?.setEncoding('utf8').on('data', (more: string) => {
    text += more;
  });
  // What had turned before it came is not its to read.
  await until('it follows', () => hasOpen(follower.pid, at('grow.jsonl')));
  for (let i = 0; i < 5; i++) {
    await shell.does('for i in 1 2 3 4 5 6 7 8 9 10; do /bin/true; done');
    await sleep(200);
  }
  await until('all programs are followed', () => text.split('\n').length - 1 >= 50);
  await recorder.stop();
  follower.kill('SIGINT');
  await once(follower, 'close');
  await shell.end();
  assert.equal(rowsOf(text).length, 50);
  assert.ok(readdirSync(folder).filter((name) => name.startsWith('grow.0')).length > 1);
});

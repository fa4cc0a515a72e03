/** What hosts have sent, read like any recording: by watch, stat, ps and tree, of one host or of many, and as it comes. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { root } from '../docs/need.ts';
import { Recorder } from './recorder.ts';
import { hasServer, NatsServer } from './server.ts';

const BIN = `${root}bin/procwatch.js`;
const HOSTS = ['web-1', 'web-2', 'db.example'];

const start = (args: readonly string[]): ChildProcess => spawn(BIN, args, { stdio: ['ignore', 'pipe', 'pipe'] });

async function outcome(child: ChildProcess) {
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([child.stdout, child.stderr].map((stream) => stream && text(stream)));
  return { status: await ended, stdout: stdout ?? '', stderr: stderr ?? '' };
}

const procwatch = (...args: readonly string[]) => outcome(start(args));

interface Fleet {
  readonly url: string;
  readonly recorders: readonly Recorder[];
  /** Sends what was recorded since. */
  readonly send: () => Promise<void>;
}

async function fleet(t: TestContext): Promise<Fleet> {
  const server = await NatsServer.start(t);
  await server.init();
  const place = mkdtempSync(join(tmpdir(), 'procwatch-fleet-'));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  const recorders = HOSTS.map((host) => new Recorder(place, host));
  const send = async (): Promise<void> => {
    const { status, stderr } = await procwatch('forward', '--once', '-r', `${place}/*.jsonl`, '--to', server.url);
    assert.equal(status, 0, stderr);
  };
  for (const recorder of recorders) recorder.record(50);
  await send();
  return { url: server.url, recorders, send };
}

const rows = (stdout: string) =>
  stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

test('watch shows the failures of all hosts, each with its host', async (t) => {
  if (!hasServer(t)) return;
  const { url } = await fleet(t);
  const { status, stdout, stderr } = await procwatch('watch', '-r', url, '-e', 'nonzero-exit', '--json');
  assert.equal(status, 0, stderr);
  const failures = rows(stdout);
  assert.equal(failures.length, HOSTS.length * 10);
  assert.deepEqual([...new Set(failures.map(({ host }) => host))].sort(), [...HOSTS].sort());
  for (const { exit_code, event } of failures) assert.deepEqual([event, exit_code], ['exit', 1]);
});

test('hosts are chosen by name, by pattern and by negation', async (t) => {
  if (!hasServer(t)) return;
  const { url } = await fleet(t);
  const hostsOf = async (...args: readonly string[]): Promise<string[]> => {
    const { stdout } = await procwatch('watch', '-r', url, '-e', 'exec', '--json', ...args);
    return [...new Set(rows(stdout).map(({ host }) => host))].sort();
  };
  assert.deepEqual(await hostsOf('--host', 'db.example'), ['db.example']);
  assert.deepEqual(await hostsOf('--host', 'web-*'), ['web-1', 'web-2']);
  assert.deepEqual(await hostsOf('--host', 'web-*', '--host', 'db.example', '--not-host', 'web-2'), [
    'db.example',
    'web-1',
  ]);
});

test('pids of hosts are never mixed up: the same number is another process on each', async (t) => {
  if (!hasServer(t)) return;
  const { url } = await fleet(t);
  const pretty = await procwatch('watch', '-r', url, '-e', 'exec');
  const lines = pretty.stdout.trim().split('\n');
  assert.equal(lines.length, HOSTS.length * 50);
  for (const host of HOSTS) assert.equal(lines.filter((line) => line.includes(`  ${host} `)).length, 50, host);
  const lives = rows((await procwatch('watch', '-r', url, '--lives', '--json')).stdout);
  assert.equal(new Set(lives.map(({ host, pid }) => `${host} ${pid}`)).size, HOSTS.length * 50);
  const tree = await procwatch('tree', '-r', url);
  assert.deepEqual(tree.stdout.match(/^\S+$/gm), HOSTS);
  assert.equal(tree.stdout.match(/job × 40 .* exit 0$/gm)?.length, HOSTS.length);
  const timeline = await procwatch('timeline', '-r', url, '--text');
  assert.match(timeline.stdout, /processes 150, failures 30/);
});

test('rows of stat are hosts', async (t) => {
  if (!hasServer(t)) return;
  const { url } = await fleet(t);
  const { stdout, stderr, status } = await procwatch('stat', '-r', url, '--by', 'host', '--json');
  assert.equal(status, 0, stderr);
  assert.deepEqual(
    rows(stdout)
      .map(({ host, forks, execs, exits, failures }) => [host, forks, execs, exits, failures])
      .sort(),
    [...HOSTS].sort().map((host) => [host, 50, 50, 50, 10]),
  );
});

test('ps shows who was there, on each host', async (t) => {
  if (!hasServer(t)) return;
  const { url, recorders, send } = await fleet(t);
  for (const recorder of recorders) recorder.open();
  await send();
  const { stdout } = await procwatch('ps', '-r', url, '--json');
  assert.deepEqual(
    rows(stdout).map(({ host, comm }) => [host, comm]),
    [...HOSTS].sort().map((host) => [host, 'daemon']),
  );
});

test('a host that was started anew begins anew: nobody who was there before is there, and no life spans both', async (t) => {
  if (!hasServer(t)) return;
  const { url, recorders, send } = await fleet(t);
  for (const recorder of recorders) recorder.open();
  recorders[0].reboot();
  recorders[0].open();
  await send();
  const ps = rows((await procwatch('ps', '-r', url, '--json')).stdout);
  assert.equal(ps.length, HOSTS.length);
  const tree = await procwatch('tree', '-r', url, '--name', 'daemon');
  assert.match(tree.stdout, /^web-1, 1st boot\n└─ daemon .* ended, status unknown$/m);
  assert.match(tree.stdout, /^web-1, 2nd boot\n└─ daemon .* still running$/m);
  const timeline = await procwatch('timeline', '-r', url, '--host', 'web-1', '--text');
  assert.match(timeline.stdout, /The end of 1 process was not heard/);
});

test('of one host everything works as of a recording', async (t) => {
  if (!hasServer(t)) return;
  const { url } = await fleet(t);
  const one = ['-r', url, '--host', 'web-2'];
  const lives = await procwatch('watch', ...one, '--lives', '--json');
  assert.equal(rows(lives.stdout).length, 50);
  const pretty = await procwatch('watch', ...one, '-e', 'exec', '-n', '2');
  assert.match(pretty.stdout, /^\S+ +exec +\d+ .*job --id=\d+\n\S+ +exec /);
  const stat = await procwatch('stat', ...one, '--json');
  assert.match(stat.stdout, /"job"/);
  const ps = await procwatch('ps', ...one, '--json');
  assert.equal(ps.status, 0, ps.stderr);
  const tree = await procwatch('tree', ...one, '--name', 'job');
  assert.match(tree.stdout, /^job × 40 .* exit 0$/m);
});

test('a follower shows what comes, of every host', async (t) => {
  if (!hasServer(t)) return;
  const { url, recorders, send } = await fleet(t);
  const follower = start(['watch', '-r', url, '--follow', '-e', 'exec', '--json', '-n', '156']);
  t.after(() => follower.kill('SIGKILL'));
  const ended = outcome(follower);
  for (const recorder of recorders) recorder.record(1);
  await send();
  for (const recorder of recorders) recorder.record(1);
  await send();
  const { status, stdout } = await ended;
  assert.equal(status, 0);
  assert.equal(rows(stdout).length, 156);
});

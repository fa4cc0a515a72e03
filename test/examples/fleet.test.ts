/**
 * The fleet recipe with a real rsyslog on both sides, on loopback: the collector is killed and started again in the middle, and every
 * record arrives; what was missing from the beginning shows by its number.
 */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { hasProgram, needs, root } from '../docs/need.ts';

interface Arrived {
  readonly seq: number;
  readonly event: string;
  readonly host: string;
  readonly boot_id: string;
  readonly args?: readonly string[];
}

let directory: string;
let port: number;
const running = new Set<ChildProcess>();

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'procwatch-fleet-'));
  port = await freePort();
  const [, from, to] =
    /^ExecStartPre=\/bin\/cp (\S+) \/run\/(\S+)$/m.exec(readFileSync(`${root}examples/fleet/boot-id.conf`, 'utf8')) ??
    [];
  writeFileSync(join(directory, to), readFileSync(from));
});
afterEach(async () => {
  for (const daemon of running) await stop(daemon, 'SIGKILL');
  rmSync(directory, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** An example as it is, but for places, port and patience. */
function configure(name: 'client' | 'collector'): string {
  const text = readFileSync(`${root}examples/fleet/${name}.conf`, 'utf8')
    .replaceAll('/var/spool/rsyslog', directory)
    .replaceAll(/\/var\/log\/|\/run\//g, `${directory}/`)
    .replaceAll('"20514"', `"${port}"`)
    .replaceAll('collector.example', '127.0.0.1')
    .replaceAll('action.resumeInterval="5"', 'action.resumeInterval="1"');
  const path = join(directory, `${name}.conf`);
  writeFileSync(path, text);
  return path;
}

function start(name: 'client' | 'collector'): ChildProcess {
  const args = ['-n', '-f', configure(name), '-i', join(directory, `${name}.pid`)];
  const daemon = spawn('rsyslogd', args, { stdio: 'ignore' });
  running.add(daemon);
  return daemon;
}

async function stop(daemon: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  running.delete(daemon);
  if (daemon.exitCode !== null || daemon.signalCode !== null) return;
  const ended = once(daemon, 'exit');
  daemon.kill(signal);
  await ended;
}

const source = (): string => join(directory, 'procwatch.jsonl');
const target = (): string => join(directory, 'procwatch-fleet.jsonl');

/** Longer than rsyslog takes by default, and with everything that JSON may carry raw. */
const LONG = `${'x'.repeat(20_000)} ü "quoted" \\ back`;

const record = (seq: number): object => ({
  v: 1,
  seq,
  time: '2026-11-21T09:58:31.149020715Z',
  mono_ns: '4028604345796',
  ...(seq === 1
    ? { event: 'start', host: hostname(), boot_id: bootId() }
    : { event: 'exec', pid: seq, tid: seq, args: ['sh', '"event":"start"', seq % 100 === 0 ? LONG : 'short'] }),
});

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

function write(from: number, to: number, without?: number): void {
  let text = '';
  for (let seq = from; seq <= to; seq++) if (seq !== without) text += `${JSON.stringify(record(seq))}\n`;
  appendFileSync(source(), text);
}

function arrived(): Arrived[] {
  if (!existsSync(target())) return [];
  const lines = readFileSync(target(), 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line));
}

const distinct = (): number => new Set(arrived().map(({ seq }) => seq)).size;

const GENEROUS_MS = 60_000;

async function until(what: string, isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + GENEROUS_MS; Date.now() < end; await sleep(50)) if (isSo()) return;
  assert.fail(`waited in vain: ${what}; ${distinct()} records arrived`);
}

function gaps(): string {
  const { stdout, stderr } = spawnSync('jq', ['-nr', '-f', `${root}examples/fleet/gaps.jq`, target()], {
    encoding: 'utf8',
  });
  assert.equal(stderr, '');
  return stdout;
}

function hasRsyslog(t: TestContext): boolean {
  const has = hasProgram('rsyslogd') && spawnSync('find', ['/usr/lib', '-name', 'omrelp.so']).stdout.length > 0;
  return needs(t, has, 'rsyslog with RELP is not installed') && needs(t, hasProgram('jq'), 'jq is not installed');
}

test('both configurations are valid', (t) => {
  if (!hasRsyslog(t)) return;
  for (const name of ['client', 'collector'] as const) {
    const { status, stderr } = spawnSync('rsyslogd', ['-N1', '-f', configure(name)], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.doesNotMatch(stderr, /error|warning/i);
  }
});

test('the collector is killed in the middle, and every record arrives', async (t) => {
  if (!hasRsyslog(t)) return;
  const first = start('collector');
  write(1, 500);
  start('client');
  await until('the first record', () => distinct() > 0);
  await stop(first, 'SIGKILL');
  write(501, 1000);
  start('collector');
  write(1001, 1500);
  await until('1500 records', () => distinct() === 1500);
  assert.equal(gaps(), '');
  for (const { host, boot_id: boot } of arrived()) assert.deepEqual([host, boot], [hostname(), bootId()]);
  const long = arrived().find(({ seq }) => seq === 300);
  assert.equal(long?.args?.[2], LONG);
});

test('what the client never wrote shows as a gap', async (t) => {
  if (!hasRsyslog(t)) return;
  start('collector');
  write(1, 100, 50);
  start('client');
  await until('99 records', () => distinct() === 99);
  assert.equal(gaps(), `${hostname()} ${bootId()}: 50 to 50 missing before 2026-11-21T09:58:31.149020715Z\n`);
});

test('what is sent again after what follows it is not missing, and what of it is not sent again is', (t) => {
  if (!needs(t, hasProgram('jq'), 'jq is not installed')) return;
  const told = (...seqs: readonly number[]): string => {
    const start = { host: 'a', boot_id: 'b', time: 'T', mono_ns: '7' };
    const lines = seqs.map((seq) => JSON.stringify({ ...start, seq, event: seq === 1 ? 'start' : 'exec' }));
    writeFileSync(target(), lines.map((line) => `${line}\n`).join(''));
    return gaps();
  };
  assert.equal(told(1, 5, 1, 2, 3, 4, 5, 6), '');
  assert.equal(told(1, 5, 1, 3, 4, 6), 'a b: 2 to 2 missing before T\n');
  assert.equal(told(1, 6, 4), 'a b: 2 to 3 missing before T\na b: 5 to 5 missing before T\n');
});

test('a new run of procwatch begins at 1 again, which is no gap', async (t) => {
  if (!hasRsyslog(t)) return;
  start('collector');
  write(1, 10);
  write(1, 5);
  start('client');
  // RELP sends again what was not acknowledged, as when the collector came up after the client: there may be more.
  await until('15 records', () => arrived().length >= 15);
  assert.equal(gaps(), '');
});

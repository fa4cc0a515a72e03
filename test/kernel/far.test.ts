/** Watches that send to a NATS server, under a storm of processes: what arrives is what their own files hold. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { connectorTrouble, needs, root } from '../docs/need.ts';
import { numbersOf, readAll } from '../nats/reading.ts';
import { hasServer, NatsServer } from '../nats/server.ts';

const BIN = `${root}bin/procwatch.js`;

function isPossible(t: TestContext): boolean {
  const why = connectorTrouble();
  return needs(t, why === undefined, why ?? '') && hasServer(t);
}

const ended = (child: ChildProcess): Promise<number | null> =>
  new Promise((resolve) => child.once('exit', (code) => resolve(code)));

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'procwatch-far-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

const storm = (lives: number): Promise<number | null> =>
  ended(
    spawn('sh', ['-c', `i=0; while [ $i -lt ${lives} ]; do /bin/true; /bin/false; i=$((i+1)); done`], {
      stdio: 'ignore',
    }),
  );

/** A file that has begun: its watch stands. */
async function begun(path: string): Promise<void> {
  for (;;) {
    try {
      if (readFileSync(path, 'utf8').includes('"event":"start"')) return;
    } catch {
      // Not there yet.
    }
    await pause(50);
  }
}

test('three hosts under a storm, with a server that is killed in the middle: the stream holds what the files hold', async (t) => {
  if (!isPossible(t)) return;
  const server = await NatsServer.start(t);
  await server.init();
  const place = directory(t);
  const hosts = ['web-1', 'web-2', 'db.example'];
  const watches = hosts.map((host) => {
    const args = [BIN, 'watch', '--to', server.url, '--host-name', host, '-o', join(place, host)];
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    t.after(() => child.kill('SIGKILL'));
    return { child, end: ended(child) };
  });
  for (const host of hosts) await begun(join(place, host));
  await storm(300);
  await server.kill();
  await storm(300);
  await server.begin();
  await storm(300);
  for (const { child } of watches) child.kill('SIGINT');
  for (const { end } of watches) assert.equal(await end, 0);
  const engine = await server.engine('reader');
  const { lines, reader } = await readAll(engine);
  await engine.close();
  assert.deepEqual(reader.refused, { subject: 0, header: 0, record: 0, place: 0 });
  for (const host of hosts) {
    const written = readFileSync(join(place, host), 'utf8').trim().split('\n');
    assert.deepEqual(
      numbersOf(lines, host),
      written.map((line) => JSON.parse(line).seq),
      host,
    );
    const kept = new Set(lines.filter((line) => line.host === host).map(({ text }) => withoutHost(text)));
    for (const line of written) assert.ok(kept.has(withoutHost(line)), line);
  }
});

function withoutHost(text: string): string {
  const { host, ...rest } = JSON.parse(text);
  return JSON.stringify(rest);
}

test('run sends what its command did, and ends as the command', async (t) => {
  if (!isPossible(t)) return;
  const server = await NatsServer.start(t);
  await server.init();
  const args = [BIN, 'run', '--to', server.url, '--host-name', 'builder', '--', 'sh', '-c', '/bin/false; exit 4'];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  assert.equal(await ended(child), 4);
  const engine = await server.engine('reader');
  const { lines } = await readAll(engine, { hosts: ['builder'], events: ['nonzero-exit'] });
  await engine.close();
  assert.deepEqual(
    lines.map(({ text }) => JSON.parse(text).exit_code),
    [1, 4],
  );
});

test('a server that is not there yet gets everything when it comes', async (t) => {
  if (!isPossible(t)) return;
  const server = await NatsServer.start(t);
  await server.init();
  await server.kill();
  const place = directory(t);
  const args = [BIN, 'watch', '--to', server.url, '--host-name', 'early', '-o', join(place, 'early')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const end = ended(child);
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text) => {
    said += text;
  });
  await begun(join(place, 'early'));
  await storm(20);
  await server.begin();
  await storm(20);
  child.kill('SIGINT');
  assert.equal(await end, 0);
  assert.match(said, /is away; what is to be sent waits\nprocwatch: .* is there again\n$/);
  const engine = await server.engine('reader');
  const { lines } = await readAll(engine);
  await engine.close();
  const written = readFileSync(join(place, 'early'), 'utf8').trim().split('\n');
  assert.equal(numbersOf(lines, 'early').length, written.length);
});

test('record turns files under a storm, and the stream holds what all of them hold', async (t) => {
  if (!isPossible(t)) return;
  const server = await NatsServer.start(t);
  await server.init();
  const place = directory(t);
  const file = join(place, 'night.jsonl');
  const rotation = ['-o', file, '--rotate-size', '200K'];
  const args = [BIN, 'record', '--to', server.url, '--host-name', 'night', ...rotation];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const end = ended(child);
  t.after(() => child.kill('SIGKILL'));
  await begun(file);
  await storm(200);
  await server.kill();
  await storm(200);
  await server.begin();
  await storm(100);
  child.kill('SIGINT');
  assert.equal(await end, 0);
  const names = readdirSync(place);
  assert.ok(names.length > 3, `${names}`);
  const written = names.flatMap((name) => readFileSync(join(place, name), 'utf8').trim().split('\n'));
  const engine = await server.engine('reader');
  const { lines } = await readAll(engine);
  await engine.close();
  assert.deepEqual(
    numbersOf(lines, 'night'),
    written.map((line) => JSON.parse(line).seq).sort((a, b) => a - b),
  );
});

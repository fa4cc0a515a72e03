/** Between recordings and a reader: a real server that is killed, a way that is cut, a forwarder that is killed at any moment. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { root } from '../docs/need.ts';
import { seeded } from '../support/random.ts';
import { numbersOf, readAll } from './reading.ts';
import { Recorder } from './recorder.ts';
import { hasServer, NatsServer, Way } from './server.ts';

const pause = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'procwatch-once-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function forwarder(place: string, url: string, ...more: string[]): ChildProcess {
  const args = [`${root}bin/procwatch.js`, 'forward', '-r', `${place}/*.jsonl*`, '--to', url, ...more];
  return spawn(process.execPath, args, { stdio: 'ignore' });
}

const end = (child: ChildProcess): Promise<unknown> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once('exit', resolve);
  });

async function kill(child: ChildProcess): Promise<void> {
  child.kill('SIGKILL');
  await end(child);
}

async function assertEqual(server: NatsServer, recorders: readonly Recorder[]): Promise<void> {
  const engine = await server.engine('reader');
  const { lines, reader } = await readAll(engine);
  await engine.close();
  for (const { host, written } of recorders) {
    assert.deepEqual(
      numbersOf(lines, host),
      written.map(({ seq }) => seq),
      `${host}: nothing twice, nothing missing`,
    );
  }
  assert.deepEqual(reader.refused, { subject: 0, header: 0, record: 0, place: 0 });
}

test('a forwarder that is killed at 50 random moments, under rotation, sends every record once as read', async (t) => {
  if (!hasServer(t)) return;
  const server = await NatsServer.start(t);
  await server.init();
  const place = directory(t);
  const numbers = seeded(19);
  const random = (): number => numbers() / 2 ** 32;
  const recorders = ['web-1', 'web-2', 'db.example'].map((host) => new Recorder(place, host));
  for (let kills = 0; kills < 50; kills++) {
    const child = forwarder(place, server.url);
    const until = Date.now() + 150 + random() * 250;
    while (Date.now() < until) {
      for (const recorder of recorders) recorder.record(20 + Math.floor(random() * 60));
      if (random() < 0.05) recorders[kills % 3].rotate(random() < 0.5);
      await pause(10);
    }
    await kill(child);
  }
  const last = forwarder(place, server.url, '--once');
  assert.equal(await end(last), 0);
  await assertEqual(server, recorders);
});

test('a server that is killed and a way that is cut lose nothing and double nothing', async (t) => {
  if (!hasServer(t)) return;
  const server = await NatsServer.start(t);
  await server.init();
  const way = await Way.start(t, server.port);
  const place = directory(t);
  const recorders = ['web-1', 'web-2', 'web-3'].map((host) => new Recorder(place, host));
  const child = forwarder(place, way.url);
  t.after(() => kill(child));
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 20; i++) {
      for (const recorder of recorders) recorder.record(50);
      await pause(20);
    }
    if (round % 2 === 0) way.cut();
    else {
      await server.kill();
      for (const recorder of recorders) recorder.record(500);
      await server.begin();
    }
    recorders[round % 3].rotate(round % 2 === 0);
  }
  await kill(child);
  assert.equal(await end(forwarder(place, way.url, '--once')), 0);
  await assertEqual(server, recorders);
  // Who has forgotten everything sends it again, and nobody sees it.
  assert.equal(await end(forwarder(place, server.url, '--once', '--state', join(place, '.other'))), 0);
  await assertEqual(server, recorders);
});

/** The fleet by NATS as it is documented: each configuration is started, each role may do what it says and nothing else. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { Outgoing } from '../../src/nats/engine.ts';
import { hasProgram, needs, root } from '../docs/need.ts';
import { readAll } from '../nats/reading.ts';
import { freePort, hasServer, NatsServer } from '../nats/server.ts';

const FOLDER = `${root}examples/fleet/nats/`;
const textOf = (name: string): string => readFileSync(`${FOLDER}${name}`, 'utf8');

const PASSWORDS = { HOST_PASSWORD: 'h1', VIEWER_PASSWORD: 'v1', KEEPER_PASSWORD: 'k1', SITE_PASSWORD: 's1' };
const HOST = { user: 'host', password: 'h1' };
const VIEWER = { user: 'viewer', password: 'v1' };
const KEEPER = { user: 'keeper', password: 'k1' };

/** For loopback: ports and places of the test, nothing else. */
const onLoopback = (text: string, ports: Record<string, number>, directory: string): string =>
  Object.entries(ports)
    .reduce((changed, [from, to]) => changed.replace(`0.0.0.0:${from}`, `127.0.0.1:${to}`), text)
    .replace('/var/lib/nats', join(directory, 'store'));

async function hub(t: TestContext): Promise<{ server: NatsServer; leafPort: number }> {
  const leafPort = await freePort();
  const configure = (port: number, directory: string): string =>
    onLoopback(textOf('server.conf'), { 4222: port, 7422: leafPort }, directory);
  return { server: await NatsServer.start(t, configure, PASSWORDS), leafPort };
}

const LINE = '{"v":1,"seq":1,"time":"2026-11-27T09:59:00.000000000Z","mono_ns":"7","event":"fork","pid":2,"tid":2}\n';

const message = (host: string): Outgoing => ({
  subject: `procwatch.${host}.fork`,
  id: host,
  header: '1 0 7 0 1 1 1 0',
  body: Buffer.from(LINE),
});

test('hosts may send and not read, viewers may read and not send', async (t) => {
  if (!hasServer(t)) return;
  const { server } = await hub(t);
  await server.init(KEEPER);
  const [host, viewer] = [await server.engine('writer', HOST), await server.engine('reader', VIEWER)];
  await host.publish(message('web-1'));
  const { lines } = await readAll(viewer);
  assert.deepEqual(
    lines.map((line) => line.host),
    ['web-1'],
  );
  await assert.rejects(viewer.publish(message('forged')));
  const spy = await server.engine('reader', HOST);
  await assert.rejects(readAll(spy), 'a host has no way to ask');
  const listener = await server.engine('writer', HOST);
  await assert.rejects(readAll(listener));
  assert.equal((await readAll(viewer)).lines.length, 1);
  for (const engine of [host, viewer, spy, listener]) await engine.close();
});

test('who does not know the password is told so, and no password stands in a message', async (t) => {
  if (!hasServer(t)) return;
  const { server } = await hub(t);
  const env = { ...process.env, NATS_USER: 'host', NATS_PASSWORD: 'open-sesame' };
  const args = [`${root}bin/procwatch.js`, 'watch', '--to', server.url, '-d', '1ms'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env });
  assert.equal(status, 77, stderr);
  assert.match(stderr, /^procwatch: nats:\/\/127\.0\.0\.1:\d+: .*Authorization/im);
  assert.doesNotMatch(stdout + stderr, /sesame/);
});

test('a site’s server hands on what its hosts send, and they are acknowledged by the one that keeps it', async (t) => {
  if (!hasServer(t)) return;
  const { server, leafPort } = await hub(t);
  await server.init(KEEPER);
  const leaf = await NatsServer.start(t, (port, folder) => onLoopback(textOf('leaf.conf'), { 4222: port }, folder), {
    ...PASSWORDS,
    HUB: `nats-leaf://site:s1@127.0.0.1:${leafPort}`,
  });
  const host = await leaf.engine('writer', HOST);
  for (let tries = 0; ; tries++) {
    try {
      await host.publish(message('far-away'));
      break;
    } catch (error) {
      if (tries > 20) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
  const viewer = await server.engine('reader', VIEWER);
  assert.deepEqual(
    (await readAll(viewer)).lines.map((line) => line.host),
    ['far-away'],
  );
  await host.close();
  await viewer.close();
});

for (const name of ['procwatch-far.service', 'procwatch-forward.service']) {
  test(`systemd finds nothing wrong with ${name}, and its command line is understood`, async (t) => {
    const directory = mkdtempSync(join(tmpdir(), 'procwatch-unit-'));
    t.after(() => rmSync(directory, { recursive: true, force: true }));
    const unit = join(directory, name);
    const text = textOf(name);
    writeFileSync(unit, text.replaceAll('/usr/bin/procwatch', `${root}bin/procwatch.js`));
    const [, command] = /^ExecStart=\S+ (.*)$/m.exec(text) ?? [];
    const words = command.replaceAll("'", '').split(' ');
    const started = spawn(process.execPath, [`${root}bin/procwatch.js`, ...words, '--help'], { stdio: 'ignore' });
    assert.equal(await new Promise((resolve) => started.once('exit', resolve)), 0);
    if (!needs(t, hasProgram('systemd-analyze'), 'systemd is not installed')) return;
    const verified = spawnSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8' });
    assert.equal(verified.stdout + verified.stderr, '');
    assert.equal(verified.status, 0);
  });
}

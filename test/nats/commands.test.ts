/** The commands that speak with a NATS server, as a person meets them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { type TestContext, test } from 'node:test';
import { readAddress } from '../../src/nats/address.ts';
import { root } from '../docs/need.ts';
import { install, place as placeFor } from '../package/tarball.ts';
import { Recorder } from './recorder.ts';
import { hasServer, NatsServer } from './server.ts';

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

async function procwatch(args: readonly string[], bin = `${root}bin/procwatch.js`): Promise<Outcome> {
  const child = spawn(bin, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { status: await ended, stdout, stderr };
}

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'procwatch-nats-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

test('nats init makes the stream, changes it, and finds it as it should be', async (t) => {
  if (!hasServer(t)) return;
  const { url } = await NatsServer.start(t);
  const before = await procwatch(['hosts', '-r', url]);
  assert.equal(before.status, 69);
  assert.match(before.stderr, /stream not found\nhint: procwatch nats init makes the stream/);
  assert.equal((await procwatch(['nats', 'init', '--to', url])).stdout, `the stream PROCWATCH was made on ${url}\n`);
  const more = ['--max-age', '1d', '--max-bytes', '1G'];
  assert.match((await procwatch(['nats', 'init', '--to', url, ...more])).stdout, /was changed/);
  assert.match((await procwatch(['nats', 'init', '--to', url, ...more])).stdout, /is as it should be/);
});

test('hosts tells who is there, and timeline draws what one of them has sent, or all', async (t) => {
  if (!hasServer(t)) return;
  const server = await NatsServer.start(t);
  await server.init();
  const place = directory(t);
  for (const host of ['web-1', 'web-2', 'db.example']) new Recorder(place, host).record(30);
  const sent = await procwatch(['forward', '--once', '-r', `${place}/*.jsonl`, '--to', server.url]);
  assert.deepEqual(sent, { status: 0, stdout: '', stderr: '' });
  const hosts = await procwatch(['hosts', '-r', server.url, '-d', '1h', '--not-host', 'web-2']);
  assert.match(hosts.stdout, /^HOST +KERNEL +VERSION +LAST RECORD +RECORDS\/S +LOST +CLOCK/);
  assert.match(hosts.stdout, /^db\.example +6\.18\.0 +0\.1\.0 .* ago +0\.0 +0 /m);
  assert.doesNotMatch(hosts.stdout, /web-2/);
  const rows = (await procwatch(['hosts', '-r', server.url, '--json', '-d', '100s'])).stdout.trim().split('\n');
  assert.deepEqual(
    rows.map((row) => JSON.parse(row)).map(({ host, kernel, records_s }) => [host, kernel, records_s]),
    [
      ['db.example', '6.18.0', 0.91],
      ['web-1', '6.18.0', 0.91],
      ['web-2', '6.18.0', 0.91],
    ],
  );
  const drawn = await procwatch(['timeline', '-r', server.url, '--host', 'web-1', '--text']);
  assert.equal(drawn.status, 0, drawn.stderr);
  assert.match(drawn.stdout, /\b30\b/);
  const mixed = await procwatch(['timeline', '-r', server.url, '--text']);
  assert.equal(mixed.status, 0, mixed.stderr);
  assert.match(mixed.stdout, /\bprocesses 90\b/);
});

test('what anybody may have sent is counted and not shown', async (t) => {
  if (!hasServer(t)) return;
  const server = await NatsServer.start(t);
  await server.init();
  const place = directory(t);
  new Recorder(place, 'web-1').record(3);
  await procwatch(['forward', '--once', '-r', `${place}/*.jsonl`, '--to', server.url]);
  const forger = await server.engine('writer');
  const body = Buffer.from('\u001b]0;owned\u0007\n');
  await forger.publish({ subject: 'procwatch.web-1.fork', id: 'a', header: '1 0 7 0 1 9 1 0', body });
  await forger.publish({ subject: 'procwatch.web-1.exec', id: 'b', header: 'none', body });
  await forger.close();
  const { stderr, stdout, status } = await procwatch(['timeline', '-r', server.url, '--host', 'web-1', '--text']);
  assert.equal(status, 0);
  assert.match(
    stderr,
    /^procwatch: not shown: 1 messages and 1 lines that are no records, or not where they belong\n$/,
  );
  assert.doesNotMatch(stdout, /owned/);
});

test('without the clients of NATS the message says what to install', async (t) => {
  const prefix = placeFor('without-nats');
  const trouble = install('--global', '--prefix', prefix, '--omit=optional');
  if (trouble !== undefined) return t.skip(trouble);
  const modules = `${prefix}/lib/node_modules/procwatch/node_modules/@nats-io`;
  if (existsSync(modules)) renameSync(modules, `${modules}-away`);
  const to = ['forward', '-r', '/tmp/*.jsonl', '--to', 'nats://127.0.0.1:1'];
  const { status, stderr } = await procwatch(to, `${prefix}/bin/procwatch`);
  assert.equal(status, 69);
  assert.match(stderr, /the clients of NATS are not installed: .*\nhint: npm install @nats-io\/transport-node@/);
});

test('an address with a password is refused, and not repeated', () => {
  assert.throws(
    () => readAddress('--to', 'nats://me:sesame@host'),
    (error: Error & { hint?: string }) =>
      !/sesame/.test(`${error.message} ${error.hint}`) && /NATS_USER/.test(`${error.hint}`),
  );
  for (const bad of ['nats://', 'http://host', 'nats://host/path', 'nats:host']) {
    assert.throws(() => readAddress('--to', bad), /--to/, bad);
  }
  assert.deepEqual(readAddress('--to', 'tls://[::1]'), {
    text: 'tls://[::1]:4222',
    server: '[::1]:4222',
    isEncrypted: true,
  });
});

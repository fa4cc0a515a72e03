/** Encrypted connections: to a server whose certificate is trusted, and to no other. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { hasProgram, needs, root } from '../docs/need.ts';
import { hasServer, NatsServer } from './server.ts';

test('tls:// with --nats-ca sends to a server that it trusts, and a stranger gets nothing', async (t) => {
  if (!hasServer(t) || !needs(t, hasProgram('openssl'), 'openssl is not installed')) return;
  const place = mkdtempSync(join(tmpdir(), 'procwatch-tls-'));
  t.after(() => rmSync(place, { recursive: true, force: true }));
  const [key, certificate, other] = ['key.pem', 'cert.pem', 'other.pem'].map((name) => join(place, name));
  for (const out of [other, certificate]) {
    const subject = ['-subj', '/CN=procwatch', '-addext', 'subjectAltName=DNS:localhost', '-days', '2', '-nodes'];
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', ...subject];
    assert.equal(spawnSync('openssl', [...args, '-keyout', key, '-out', out]).status, 0);
  }
  const server = await NatsServer.start(
    t,
    (port, directory) => `listen: "127.0.0.1:${port}"
jetstream { store_dir: "${join(directory, 'store')}" }
tls { cert_file: "${certificate}", key_file: "${key}" }
`,
  );
  // Certificates are of names: the client checks none of an address in numbers.
  const url = server.url.replace('nats://127.0.0.1', 'tls://localhost');
  const init = (authority: string) =>
    spawnSync(`${root}bin/procwatch.js`, ['nats', 'init', '--to', url, '--nats-ca', authority], { encoding: 'utf8' });
  const refused = init(other);
  assert.equal(refused.status, 69);
  assert.match(refused.stderr, /^procwatch: cannot connect to tls:/);
  const { status, stdout, stderr } = init(certificate);
  assert.equal(status, 0, stderr);
  assert.equal(stdout, `the stream PROCWATCH was made on ${url}\n`);
});

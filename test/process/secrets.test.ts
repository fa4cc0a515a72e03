/** What `--redact secrets` takes out of command lines, row by row. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { secretsRedactor } from '../../src/process/secrets.ts';

const redact = secretsRedactor();

/** What was typed, and what is told of it. */
const ROWS: readonly [string[], string[]][] = [
  [
    ['mysql', '-u', 'root', '-phunter2', 'db'],
    ['mysql', '-u', 'root', '-p***', 'db'],
  ],
  [
    ['/usr/bin/mysqldump', '--password=hunter2'],
    ['/usr/bin/mysqldump', '--password=***'],
  ],
  [
    ['mysql', '-p', 'db'],
    ['mysql', '-p', 'db'],
  ],
  [
    ['psql', 'postgresql://app:hunter2@db/x?sslmode=off'],
    ['psql', 'postgresql://app:***@db/x?sslmode=off'],
  ],
  [
    ['curl', '-u', 'app:hunter2', 'https://x/'],
    ['curl', '-u', 'app:***', 'https://x/'],
  ],
  [
    ['curl', '-uapp:hunter2'],
    ['curl', '-uapp:***'],
  ],
  [
    ['curl', '--user=app:hunter2'],
    ['curl', '--user=app:***'],
  ],
  [
    ['curl', '-H', 'Authorization: Bearer hunter2'],
    ['curl', '-H', 'Authorization: Bearer ***'],
  ],
  [
    ['curl', 'https://app:hunter2@x/'],
    ['curl', 'https://app:***@x/'],
  ],
  [
    ['sshpass', '-p', 'hunter2', 'ssh', 'x'],
    ['sshpass', '-p', '***', 'ssh', 'x'],
  ],
  [
    ['sshpass', '-phunter2', 'ssh', 'x'],
    ['sshpass', '-p***', 'ssh', 'x'],
  ],
  [
    ['docker', 'login', '-u', 'me', '-p', 'hunter2', 'reg'],
    ['docker', 'login', '-u', 'me', '-p', '***', 'reg'],
  ],
  [
    ['sudo', 'docker', 'login', '--password', 'hunter2'],
    ['sudo', 'docker', 'login', '--password', '***'],
  ],
  [
    ['docker', 'login', '--password-stdin', 'reg'],
    ['docker', 'login', '--password-stdin', 'reg'],
  ],
  [
    ['gh', '--auth-token', 'hunter2'],
    ['gh', '--auth-token', '***'],
  ],
  [
    ['x', '--api-key=hunter2', 'CLIENT_SECRET=hunter2'],
    ['x', '--api-key=***', 'CLIENT_SECRET=***'],
  ],
  [
    ['x', 'secret=abc\nhunter2'],
    ['x', 'secret=***'],
  ],
  [
    ['sh', '-c', 'PGPASSWORD=hunter2 psql -h db'],
    ['sh', '-c', 'PGPASSWORD=***'],
  ],
  [
    ['sh', '-c', 'cd /; PGPASSWORD=hunter2 psql -h db'],
    ['sh', '-c', 'cd /; PGPASSWORD=*** psql -h db'],
  ],
  [
    ['sh', '-c', "mysql -u root -phunter2 db; echo 'x'"],
    ['sh', '-c', "mysql -u root -p*** db; echo 'x'"],
  ],
  [
    ['sh', '-c', 'sshpass -p hunter2 ssh x'],
    ['sh', '-c', 'sshpass -p *** ssh x'],
  ],
  [
    ['sh', '-c', 'curl -s -u app:hunter2 x'],
    ['sh', '-c', 'curl -s -u app:*** x'],
  ],
  [
    ['sh', '-c', 'x --password hunter2 -v'],
    ['sh', '-c', 'x --password *** -v'],
  ],
  [
    ['x', '{"password": "hunter2", "a": 1}'],
    ['x', '{"password": ***, "a": 1}'],
  ],
  [
    ['redis-cli', '-a', 'hunter2'],
    ['redis-cli', '-a', '***'],
  ],
  [
    ['ls', '-p', 'tokens', 'https://x:8080/a'],
    ['ls', '-p', 'tokens', 'https://x:8080/a'],
  ],
];

for (const [typed, told] of ROWS) {
  test(`${JSON.stringify(typed)} is told as ${JSON.stringify(told)}`, () => {
    assert.deepEqual(redact.args(typed), told);
  });
}

test('a text of a hundred thousand letters is done with at once', () => {
  const text = `${'password'.repeat(6000)}${'a-b.c'.repeat(10_000)}`;
  assert.equal(redact.text(text), text);
});

/** Names of users who come, change and are asked for in vain. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { scratch } from './support/fixtures.ts';
import { run } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { BIN, until, Watcher } from './support/watcher.ts';

const UID = 4321;

/** A database of users of its own for what is started: a file mounted over the machine's, which it may change. */
function ownUsers(): { readonly file: string; readonly prefix: readonly string[] } {
  const file = join(scratch(), 'passwd');
  cpSync('/etc/passwd', file);
  const script = `mount --bind ${file} /etc/passwd && exec "$@"`;
  return { file, prefix: ['unshare', '--mount', 'sh', '-c', script, 'sh'] };
}

kernelTest('a user who is added or renamed while we watch is told by the new name', ['connector', 'root'], async () => {
  const { file, prefix } = ownUsers();
  const line = (name: string): string => `${name}:x:${UID}:${UID}::/:/bin/sh\n`;
  const base = execFileSync('cat', ['/etc/passwd'], { encoding: 'utf8' });
  const watcher = await Watcher.start(['-e', 'exec', '--user', String(UID)], { prefix });
  const told = async (argument: string): Promise<unknown> => {
    await run('/bin/true', [argument], { uid: UID });
    const row = await watcher.row(argument, ({ args }) => (args as string[] | undefined)?.[1] === argument);
    return row.user;
  };
  assert.equal(await told('nobody-yet'), undefined);
  for (const name of ['newcomer', 'renamed']) {
    writeFileSync(file, base + line(name));
    await sleep(1500);
    assert.equal(await told(name), name);
  }
  await watcher.stop();
});

/** A C library that is asked for users in vain. */
const HANGING = `
#include <pwd.h>
#include <unistd.h>
int getpwuid_r(uid_t u, struct passwd *p, char *b, size_t n, struct passwd **r) { sleep(20); *r = 0; return 0; }
int getpwnam_r(const char *u, struct passwd *p, char *b, size_t n, struct passwd **r) { sleep(20); *r = 0; return 0; }
`;

kernelTest('a database of users that does not answer holds nothing up', ['connector', 'root', 'compiler'], async () => {
  const folder = join(scratch(), 'hanging');
  mkdirSync(folder);
  writeFileSync(join(folder, 'hanging.c'), HANGING);
  execFileSync('gcc', ['-shared', '-fPIC', '-o', join(folder, 'hanging.so'), join(folder, 'hanging.c')]);
  const env = { ...process.env, LD_PRELOAD: join(folder, 'hanging.so') };
  const seconds = (args: readonly string[]): number => {
    const begin = performance.now();
    spawnSync(process.execPath, [BIN, ...args], { env, timeout: 60_000, stdio: 'ignore' });
    return (performance.now() - begin) / 1000;
  };
  const stranger = run('/bin/sleep', ['6'], { uid: UID });
  await until('the stranger', () => true);
  assert.ok(seconds(['ps', '--show', 'cred']) < 5);
  const strangers = setInterval(() => void run('/bin/true', [], { uid: UID }), 100);
  assert.ok(seconds(['--json', '-d', '1']) < 5);
  clearInterval(strangers);
  const { status, stderr } = spawnSync(process.execPath, [BIN, '--user', 'somebody'], { env, encoding: 'utf8' });
  assert.equal(status, 69);
  assert.match(stderr, /the database of users does not answer/);
  await stranger;
});

/** The systemd unit: well formed, hardened, and enough for the program to run with the rights it gives. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { connectorTrouble, hasProgram, needs, root } from '../docs/need.ts';

const text = readFileSync(`${root}examples/procwatch.service`, 'utf8');
const [, command] = /^ExecStart=(.*)$/m.exec(text) ?? [];
const [, capability] = /^AmbientCapabilities=(.*)$/m.exec(text) ?? [];

/** systemd-analyze's scale goes from 0 to 10; services of one's own are "OK" below 4. It counts in tenths. */
const EXPOSURE = '20';
const NOBODY = '65534';

let directory: string;
let unit: string;
before(() => {
  directory = mkdtempSync(join(tmpdir(), 'procwatch-unit-'));
  unit = join(directory, 'procwatch.service');
  writeFileSync(unit, text.replace(command.split(' ')[0], `${root}bin/procwatch.js`));
});
after(() => rmSync(directory, { recursive: true, force: true }));

const analyze = (...args: string[]) => spawnSync('systemd-analyze', [...args, unit], { encoding: 'utf8' });

test('systemd finds nothing wrong with the unit', (t) => {
  if (!needs(t, hasProgram('systemd-analyze'), 'systemd is not installed')) return;
  const { status, stdout, stderr } = analyze('verify', '--man=no');
  assert.equal(stdout + stderr, '');
  assert.equal(status, 0);
});

test('systemd finds it well hardened', (t) => {
  if (!needs(t, hasProgram('systemd-analyze'), 'systemd is not installed')) return;
  const { status, stdout } = analyze('security', '--offline=yes', `--threshold=${EXPOSURE}`);
  assert.equal(status, 0, stdout);
});

test('it gives one capability, and no way to others', () => {
  assert.equal(capability, 'CAP_NET_ADMIN');
  assert.match(text, /^CapabilityBoundingSet=CAP_NET_ADMIN$/m);
  assert.match(text, /^NoNewPrivileges=yes$/m);
});

test('an ordinary user with that capability has the long queue and the accounts of processes', (t) => {
  const trouble = connectorTrouble();
  if (!needs(t, trouble === undefined, trouble ?? '')) return;
  if (!needs(t, process.getuid?.() === 0, 'not root') || !needs(t, hasProgram('setpriv'), 'setpriv is not installed'))
    return;
  const only = `-all,+${capability.toLowerCase().replace(/^cap_/, '')}`;
  const rights = ['--inh-caps', '--ambient-caps', '--bounding-set'].map((option) => `${option}=${only}`);
  const user = ['--reuid', NOBODY, '--regid', NOBODY, '--clear-groups', '--no-new-privs'];
  const [, ...args] = command.split(' ');
  const start = [...user, ...rights, process.execPath, `${root}bin/procwatch.js`];
  const { stdout } = spawnSync('setpriv', [...start, 'doctor', '--json'], { encoding: 'utf8', cwd: '/' });
  const { checks } = JSON.parse(stdout);
  const verdictOf = (name: string) => checks.find((check: { name: string }) => check.name === name).verdict;
  for (const name of ['subscription', 'buffer']) assert.equal(verdictOf(name), 'ok', name);
  assert.match(JSON.stringify(checks), /yes, but not the CPU time since the last clock tick/);
  const watch = spawnSync('setpriv', [...start, ...args, '-d', '100ms'], { encoding: 'utf8', cwd: '/' });
  assert.equal(watch.status, 0, watch.stderr);
  assert.match(watch.stdout, /^\{"v":1,"seq":1,.*"event":"start"/);
});

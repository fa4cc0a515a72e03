// Runs as the only program of a machine with an old kernel, beside a static busybox: the packed tool is used as root and as an ordinary
// user, and each finding is a line of text on the console. scripts/kernels.js starts the machine and reads the lines.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readlinkSync } from 'node:fs';
import { release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const PROGRAM = '/procwatch/node_modules/procwatch/bin/procwatch.js';
const USER = { uid: 1000, gid: 1000 };
const EPERM = 77;

const procwatch = (args, who = {}) =>
  spawnSync(process.execPath, [PROGRAM, ...args], { encoding: 'utf8', cwd: '/', ...who });
const sh = (script, who = {}) => spawn('/bin/sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'], ...who });

/** Watches while something happens; the records, without those of others. */
async function watching(args, task) {
  const watch = spawn(process.execPath, [PROGRAM, '--json', '--meta', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  let errors = '';
  watch.stderr.setEncoding('utf8').on('data', (more) => {
    errors += more;
  });
  const started = new Promise((resolve) => {
    watch.stdout.setEncoding('utf8').on('data', (more) => {
      text += more;
      if (text.includes('"event":"start"')) resolve();
    });
  });
  await started;
  const pids = await task();
  await sleep(500);
  const ended = once(watch, 'close');
  watch.kill('SIGTERM');
  await ended;
  const records = text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  return { start: records[0], of: pids.map((pid) => records.filter((record) => record.pid === pid)), errors };
}

async function ended(child) {
  await once(child, 'exit');
  return child.pid;
}

/** Waits until a process has opened a descriptor of another. */
async function holdsPidfd(pid) {
  for (;;) {
    const descriptors = readdirSync(`/proc/${pid}/fd`).map((fd) => {
      try {
        return readlinkSync(`/proc/${pid}/fd/${fd}`);
      } catch {
        return '';
      }
    });
    if (descriptors.includes('anon_inode:[pidfd]')) return;
    await sleep(50);
  }
}

const eventsOf = (records) => records.map(({ event }) => event);

const CHECKS = {
  'the kernel is an old one, without event mask': () => assert.match(release(), /^(4|5|6\.[0-5])\./),

  'doctor finds the other filter, and nothing in the way of root': () => {
    const { checks, verdict } = JSON.parse(procwatch(['doctor', '--json']).stdout);
    const answer = (name) => checks.find((check) => check.name === name);
    assert.match(answer('filter').answer, /^a BPF program at the socket/);
    assert.equal(answer('subscription').verdict, 'ok');
    assert.equal(answer('usage').answer, 'yes, exactly');
    assert.match(answer('pidfd').answer, /needs 6\.15/);
    assert.ok(verdict === 'ok' || verdict === 'degraded', JSON.stringify(checks));
  },

  'doctor and watch tell an ordinary user what the kernel wants': () => {
    const doctor = procwatch(['doctor', '--json'], USER);
    assert.equal(doctor.status, EPERM);
    assert.equal(JSON.parse(doctor.stdout).verdict, 'permission');
    const watch = procwatch(['watch'], USER);
    assert.equal(watch.status, EPERM);
    assert.match(watch.stderr, /EPERM[\s\S]*hint: kernels before 6\.6 want CAP_NET_ADMIN/);
  },

  'a life is told from fork to exit, through the classic filter': async () => {
    const { start, of } = await watching([], async () => [await ended(sh('exit 3'))]);
    assert.equal(start.filter, 'bpf');
    assert.deepEqual(eventsOf(of[0]), ['fork', 'exec', 'exit']);
    assert.equal(of[0][2].exit_code, 3);
    assert.deepEqual(of[0][1].args, ['/bin/sh', '-c', 'exit 3']);
  },

  'program and directory of a command that is over at once come from the kernel': async () => {
    const { start, of } = await watching([], async () => [
      await ended(spawn('/bin/busybox', ['true'], { cwd: '/tmp', stdio: 'ignore' })),
    ]);
    assert.equal(start.argv_source, 'bpf');
    const [, exec, exit] = of[0];
    for (const { exe, cwd, args } of [exec, exit]) {
      assert.deepEqual([exe, cwd, args], ['/bin/busybox', '/tmp', ['/bin/busybox', 'true']]);
    }
  },

  'a life is told as well where facts are read from /proc': async () => {
    const { start, of } = await watching(['--argv-source', 'proc'], async () => [await ended(sh('exit 3'))]);
    assert.equal(start.argv_source, 'proc');
    assert.deepEqual(eventsOf(of[0]), ['fork', 'exec', 'exit']);
    assert.equal(of[0][2].exit_code, 3);
  },

  'failures alone are told where they alone are selected': async () => {
    const { of } = await watching(['-e', 'nonzero-exit'], async () => {
      return [await ended(sh('exit 0')), await ended(sh('exit 7')), await ended(sh('kill -9 $$'))];
    });
    assert.deepEqual(of.map(eventsOf), [[], ['exit'], ['exit']]);
    assert.equal(of[1][0].exit_code, 7);
    assert.equal(of[2][0].signal, 'SIGKILL');
    for (const [{ comm, exe, args, ppid }] of of.slice(1)) {
      assert.deepEqual([comm, exe, ppid], ['sh', '/bin/sh', process.pid]);
      assert.equal(args[0], '/bin/sh');
    }
  },

  'what a process used is exact, from programs at the entry of a function and at the switch of tasks': async () => {
    const { of, errors } = await watching(['--usage'], async () => [
      await ended(sh('exit 3')),
      await ended(sh('kill -9 $$')),
    ]);
    assert.equal(errors, '');
    for (const records of of) {
      const { cpu_s, cpu_is_lower_bound, max_rss_kib, ppid } = records.at(-1);
      assert.ok(cpu_s > 0 && max_rss_kib > 0, JSON.stringify(records));
      assert.deepEqual([cpu_is_lower_bound, ppid], [undefined, process.pid]);
    }
  },

  'two watches and their ends leave the count of listeners as it must be': async () => {
    const first = await watching(['-e', 'exec'], async () => [await ended(sh('exit 0'))]);
    const second = await watching(['-e', 'exec'], async () => [await ended(sh('exit 0'))]);
    assert.deepEqual([...first.of, ...second.of].map(eventsOf), [['exec'], ['exec']]);
  },

  'wait ends with the status of a process that is no child of its own': async () => {
    const child = sh('read -r line; exit 9');
    const waiting = spawn(process.execPath, [PROGRAM, 'wait', String(child.pid)], { stdio: 'ignore' });
    await holdsPidfd(waiting.pid);
    child.stdin.end();
    const [status] = await once(waiting, 'exit');
    assert.equal(status, 9);
  },

  'wait ends for an ordinary user too, if not with the status': async () => {
    const child = sh('read -r line; exit 9');
    const waiting = spawn(process.execPath, [PROGRAM, 'wait', String(child.pid)], { stdio: 'ignore', ...USER });
    await holdsPidfd(waiting.pid);
    child.stdin.end();
    const [status] = await once(waiting, 'exit');
    assert.ok(status === 9 || status === 125, String(status));
  },

  'run ends with the status of its command': () => {
    assert.equal(procwatch(['run', '--quiet', '--no-summary', '/bin/sh', '-c', 'exit 5']).status, 5);
  },

  'run runs its command for an ordinary user too, who may hear nothing here': () => {
    const { status, stderr } = procwatch(['run', '--timeout', '90s', '/bin/sh', '-c', 'exit 5'], USER);
    assert.equal(status, 5);
    assert.match(stderr, /^procwatch: nothing of the command can be shown: .*EPERM.*\n$/);
    assert.equal(procwatch(['run', '--require-events', '/bin/sh', '-c', 'exit 5'], USER).status, 77);
  },

  "what a process used is read from the layout of this kernel's accounts": async () => {
    const { of } = await watching(['--usage', '-e', 'exit'], async () => [
      await ended(sh('i=0; while [ $i -lt 3000 ]; do i=$((i+1)); done; exit 4')),
    ]);
    const [exit] = of[0];
    assert.equal(exit.exit_code, 4);
    assert.ok(exit.max_rss_kib > 0 && exit.cpu_s >= 0, JSON.stringify(exit));
  },
};

console.log(`guest: kernel ${release()}, Node.js ${process.version}`);
/** Emulation is slow; a check that waits for something that never comes must not hold up the others. */
const PATIENCE_MS = 90_000;
const late = () => sleep(PATIENCE_MS, undefined, { ref: false }).then(() => assert.fail('it did not come to an end'));

let failures = 0;
for (const [name, check] of Object.entries(CHECKS)) {
  try {
    await Promise.race([check(), late()]);
    console.log(`guest: ok ${name}`);
  } catch (error) {
    failures++;
    console.log(`guest: not ok ${name}: ${String(error.message).replaceAll('\n', ' | ')}`);
  }
}
console.log(`guest: done ${Object.keys(CHECKS).length - failures} of ${Object.keys(CHECKS).length}`);
process.exit();

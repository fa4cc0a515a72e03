/** What is printed may be narrow; what is known is not: filters, formats and long arguments lose nothing. */
import assert from 'node:assert/strict';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { scratch } from './support/fixtures.ts';
import { run } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { until, Watcher } from './support/watcher.ts';

const NEEDS = ['connector', 'root'] as const;
const MANY = 20;
/** Without a start record only time tells that the programs in the kernel are there too. */
const READY_MS = 1000;

/** A program that fails, by a name of its own. */
function failing(): string {
  const program = join(scratch(), 'failx');
  copyFileSync('/bin/false', program);
  return program;
}

const FILTERS: readonly (readonly string[])[] = [
  ['--name', 'failx'],
  ['--name', 'failx', '--user', 'root'],
  ['--grep', 'failx number [0-9]+$'],
  ['--name', 'failx', '--cgroup', '*'],
];

for (const events of ['nonzero-exit', 'exit']) {
  for (const filter of FILTERS) {
    kernelTest(`-e ${events} ${filter.join(' ')} tells ${MANY} of ${MANY}, and who they were`, NEEDS, async () => {
      const watcher = await Watcher.start(['-e', events, ...filter]);
      await run('/bin/bash', ['-c', `for i in {1..${MANY}}; do ${failing()} number $i; done`]);
      const ends = () => watcher.rows.filter(({ event }) => event === 'exit');
      await until('all ends', () => ends().length >= MANY);
      await watcher.stop();
      assert.equal(ends().length, MANY);
      for (const [i, end] of ends().entries()) {
        assert.deepEqual(end.args, [failing(), 'number', String(i + 1)]);
        assert.deepEqual([end.comm, end.exe, end.user, end.parent_comm], ['failx', failing(), 'root', 'bash']);
        assert.ok(Number(end.duration_s) > 0);
      }
    });
  }
}

kernelTest('a program is found by the name of its file whatever the format is', NEEDS, async () => {
  const watchers = await Promise.all(
    ['pretty', 'json', 'table'].map((format) => Watcher.start(['-f', format, '-e', 'exec', '--name', 'failx'])),
  );
  await sleep(READY_MS);
  await run('/bin/bash', ['-c', `exec -a other ${failing()} here`]);
  for (const watcher of watchers) await until('the line', () => /here/.test(watcher.text) || watcher.rows.length > 0);
  for (const watcher of watchers) await watcher.stop();
});

const LONG = 100_000;

kernelTest('the end of very long arguments is read while the process is there, and filters see it', NEEDS, async () => {
  const watchers = await Promise.all([
    Watcher.start(['-e', 'exec', '--grep', 'the-very-end', '--name', 'sh']),
    Watcher.start(['-e', 'exec', '--not-grep', 'the-very-end', '--name', 'sh']),
  ]);
  const long = 'x'.repeat(LONG);
  const words = ['-c', 'sleep 0.5', 'sh', long, 'the-very-end'];
  await run('/bin/sh', words);
  const exec = await watchers[0].row('the exec', ({ event }) => event === 'exec');
  for (const watcher of watchers) await watcher.stop();
  assert.deepEqual(exec.args, ['/bin/sh', ...words]);
  assert.equal(exec.args_truncated, undefined);
  assert.deepEqual(
    watchers[1].rows.filter(({ args }) => JSON.stringify(args)?.includes(long)),
    [],
  );
});

kernelTest(
  'what could not be read says so, in every format, and so does the filter that judged it',
  NEEDS,
  async () => {
    const formats = ['pretty', 'table', 'json'];
    const watchers = await Promise.all(
      formats.map((format) => Watcher.start(['-f', format, '-e', 'exec', '--grep', 'LONG'])),
    );
    await sleep(READY_MS);
    await run('/bin/true', ['LONG', 'x'.repeat(LONG), 'the-very-end']);
    await until('the line', () => watchers.every(({ text, rows }) => text.includes('LONG') || rows.length > 0));
    const ends = await Promise.all(watchers.map((watcher) => watcher.stop()));
    assert.match(watchers[0].text, /xx'? …$/m);
    assert.match(watchers[1].text, /xx'? …$/m);
    assert.match(watchers[2].text, new RegExp(`"args_truncated":${'/bin/true LONG  the-very-end '.length + LONG},`));
    for (const { stderr } of ends) assert.match(stderr, /--grep judged a record by the beginning of the arguments/);
  },
);

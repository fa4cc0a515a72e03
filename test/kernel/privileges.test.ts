/** What a watch keeps after its set-up: of root's rights only what it still needs, of arguments only what it may know. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fixture } from './support/fixtures.ts';
import { Resident } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { Watcher } from './support/watcher.ts';

const NEEDS = ['connector', 'compiler', 'root'] as const;
const NOBODY = '65534';
const CAP_SYS_PTRACE = 1n << 19n;

const statusOf = (pid: number, line: string): string =>
  new RegExp(`^${line}:\\s+(.*)$`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? '';

for (const source of ['auto', 'proc']) {
  kernelTest(
    `--drop-privileges gives root up for good and goes on as before (--argv-source ${source})`,
    NEEDS,
    async () => {
      const watcher = await Watcher.start(['--drop-privileges', '--argv-source', source]);
      assert.deepEqual(statusOf(watcher.pid, 'Uid').split('\t'), [NOBODY, NOBODY, NOBODY, NOBODY]);
      assert.deepEqual(new Set(statusOf(watcher.pid, 'Gid').split('\t')), new Set([NOBODY]));
      assert.equal(BigInt(`0x${statusOf(watcher.pid, 'CapEff')}`), CAP_SYS_PTRACE);
      assert.equal(BigInt(`0x${statusOf(watcher.pid, 'CapPrm')}`), CAP_SYS_PTRACE);
      const resident = await Resident.start(['sleep', 'seen']);
      const { pid } = resident;
      const exec = await watcher.row('the exec', (row) => row.pid === pid && row.event === 'exec');
      await resident.kill();
      const end = await watcher.row('the end', (row) => row.pid === pid && row.event === 'exit');
      assert.deepEqual(exec?.args, [fixture('life'), 'sleep', 'seen']);
      assert.equal(exec?.exe, fixture('life'), 'the program of another user is still seen');
      assert.equal(end.signal, 'SIGKILL');
      assert.equal(await watcher.stop().then(({ code }) => code), 143);
    },
  );
}

kernelTest('--keep-privileges keeps them', NEEDS, async () => {
  const watcher = await Watcher.start(['--keep-privileges']);
  assert.equal(statusOf(watcher.pid, 'Uid').split('\t')[1], '0');
  await watcher.stop();
});

for (const source of ['auto', 'proc']) {
  kernelTest(`--no-args knows no argument of anybody (--argv-source ${source})`, NEEDS, async () => {
    const watcher = await Watcher.start(['--no-args', '--argv-source', source]);
    const resident = await Resident.start(['sleep', 'secret']);
    const exec = await watcher.row('the exec', (row) => row.pid === resident.pid && row.event === 'exec');
    await resident.kill();
    await watcher.stop();
    assert.equal(exec?.comm, 'life');
    assert.equal(exec?.missing, undefined);
    assert.deepEqual(
      watcher.rows.filter((row) => row.args !== undefined),
      [],
    );
  });
}

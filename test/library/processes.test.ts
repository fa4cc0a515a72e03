/** All processes for programs, on a scripted machine: members as in `ps --json`, read when they are asked for, and what happens without the walk. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { OpenProcesses } from '../../src/library/process-rows.ts';
import type { ProcessRow } from '../../src/library/processes.ts';
import { main } from '../../src/main.ts';
import { LIVE_TASK_FIELDS } from '../../src/ps/fields.ts';
import { asJson } from '../ps/as-json.ts';
import { machine } from '../ps/machine.ts';

const GROUPS = 'base,cred,time,memory,io,args,cgroup';

async function open(source: 'auto' | 'bpf' | 'proc' = 'auto', refusal?: string) {
  const host = machine(['--json', '--show', GROUPS]);
  host.tasks.refusal = refusal;
  return { host, processes: new OpenProcesses(await host.snapshotKernel(), { source }) };
}

const rowOf = (rows: Iterable<ProcessRow>, pid: number): ProcessRow =>
  [...rows].find((row) => row.pid === pid) ?? assert.fail(`no ${pid}`);

test('each member is what ps --json tells', async () => {
  const { host, processes } = await open();
  await main(host);
  const lines = host.stdout.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const rows = processes.read();
  assert.equal(rows.length, lines.length);
  for (const line of lines) {
    const row = rowOf(rows, Number(line.pid)) as unknown as Record<string, unknown>;
    for (const { name } of LIVE_TASK_FIELDS) assert.deepEqual(asJson(row[name]), line[name], `${name} of ${line.pid}`);
  }
});

test('nothing is read below /proc for what the walk tells', async () => {
  const { host, processes } = await open();
  host.tasks.log.length = 0;
  for (const { pid, ppid, comm, uid, state } of processes.read()) assert.ok([pid, ppid, comm, uid, state]);
  assert.deepEqual(
    host.tasks.log.filter((entry) => !/^walk|^comm [12]$/.test(entry)),
    [],
  );
  assert.deepEqual(rowOf(processes.read(), 200).args, ['cc1', '-o', 'a file']);
  assert.ok(host.tasks.log.includes('cmdline 200'));
});

test('where there is no walk /proc tells the same, and the reason is told', async () => {
  const { processes } = await open('auto', 'no such luck');
  assert.deepEqual([processes.source, processes.reason], ['proc', 'no such luck']);
  assert.equal(rowOf(processes.read(), 100).comm, 'bash');
  await assert.rejects(open('bpf', 'no such luck'), /no walk in the kernel: no such luck/);
});

test('what is closed is not read again, and closing twice is closing once', async () => {
  const { processes } = await open();
  processes[Symbol.dispose]();
  processes.close();
  assert.throws(() => processes.read(), /read after close/);
});

test('the type of a row has every field', () => {
  const source = readFileSync(new URL('../../src/library/processes.ts', import.meta.url), 'utf8');
  const [, members] = /interface ProcessRow \{([\s\S]*?)\n\}/.exec(source) ?? [];
  const names = [...members.matchAll(/^ {2}readonly (\w+):/gm)].map(([, name]) => name);
  assert.deepEqual(names.sort(), LIVE_TASK_FIELDS.map(({ name }) => name).sort());
});

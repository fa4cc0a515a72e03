/** The library on the real kernel, by its example and as the records of a program of its own. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { JsonRecord } from '../../src/format/json-records.ts';
import { watch } from '../../src/library/api.ts';
import { assertRecord } from '../schema/validator.ts';
import { Held, live } from './support/process.ts';
import { kernelTest } from './support/requirements.ts';
import { until } from './support/watcher.ts';

const example = fileURLToPath(new URL('../../examples/api.mjs', import.meta.url));

kernelTest('a program iterates over what happens, until it aborts', ['connector', 'compiler'], async () => {
  const aborting = new AbortController();
  const records = watch({ events: ['fork', 'exec', 'exit'], full: true, ancestry: true, signal: aborting.signal });
  await records.started;
  const { pid } = await live([]);
  setTimeout(() => aborting.abort(), 50);
  const found: JsonRecord[] = [];
  for await (const record of records) {
    assertRecord(record);
    if ('pid' in record && record.pid === pid) found.push(record);
  }
  assert.deepEqual(
    found.map(({ event }) => event),
    ['fork', 'exec', 'exit'],
  );
});

kernelTest('a watch of a process, or of a tree, ends with it', ['connector', 'compiler'], async () => {
  for (const kind of ['pid', 'tree'] as const) {
    const held = new Held([]);
    const records = watch({ events: 'exit', [kind]: held.pid });
    await records.started;
    held.go();
    const found: JsonRecord[] = [];
    for await (const record of records) found.push(record);
    assert.deepEqual(
      found.map((record) => 'pid' in record && record.pid),
      [held.pid],
    );
  }
});

kernelTest('two watches in one program are independent', ['connector', 'compiler'], async () => {
  const execs = watch({ events: 'exec' });
  const ends = watch({ events: 'exit' });
  await Promise.all([execs.started, ends.started]);
  const { pid } = await live([]);
  const seen: string[] = [];
  for (const [name, records] of [
    ['exec', execs],
    ['exit', ends],
  ] as const) {
    for await (const record of records) {
      if ('pid' in record && record.pid === pid) {
        seen.push(`${name} ${record.event}`);
        break;
      }
    }
  }
  assert.deepEqual(seen, ['exec exec', 'exit exit']);
});

kernelTest('arguments are not told where they are not wanted', ['connector'], async () => {
  const records = watch({ events: 'exec', noArgs: true });
  await records.started;
  const child = spawn('sh', ['-c', ': a secret'], { stdio: 'ignore' });
  for await (const record of records) {
    if (!('pid' in record) || record.pid !== child.pid) continue;
    assert.equal(record.comm, 'sh');
    assert.equal(JSON.stringify(record).includes('secret'), false);
    break;
  }
});

kernelTest('the example tells of failures and ends with Ctrl-C', ['connector'], async () => {
  const program = spawn(process.execPath, [example], { stdio: ['ignore', 'pipe', 'pipe'] });
  let [output, messages] = ['', ''];
  program.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  program.stderr.setEncoding('utf8').on('data', (text: string) => {
    messages += text;
  });
  const ended = once(program, 'close');
  try {
    await until('the example watches', () => messages.includes('watching'));
    await once(spawn('sh', ['-c', 'sleep 0.05; exit 43'], { stdio: 'ignore' }), 'close');
    await until('the failure is told', () => output.includes('sh -c sleep 0.05; exit 43: 43\n'));
  } finally {
    program.kill('SIGINT');
  }
  const [code, signal] = await ended;
  assert.deepEqual([code, signal], [0, null]);
});

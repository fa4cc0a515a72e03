/** The output to an engine: bounded by who writes, and told what it could not get rid of. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { delivered } from '../../src/commands/last-words.ts';
import { realHost } from '../../src/host/real-host.ts';
import { NatsOutput, Tee } from '../../src/nats/nats-output.ts';
import { Sink } from '../../src/pipeline/sink.ts';
import { ScriptedEngine } from '../support/scripted-engine.ts';
import { numbersOf, readAll } from './reading.ts';

const lineOf = (seq: number): string =>
  `${JSON.stringify({ v: 1, seq, time: '2026-11-27T09:59:00.000000000Z', mono_ns: '5', event: 'fork', pid: seq })}\n`;

function outputTo(engine: ScriptedEngine, mostBytes = Number.POSITIVE_INFINITY) {
  const said: string[] = [];
  const real = realHost();
  const stderr = { ...real.stderr, write: (text: string | Uint8Array) => said.push(String(text)) };
  const stream = { token: 'web-1', bootId: 'abc', run: '7' };
  const settings = { address: 'nats://x', hostName: undefined, ownHost: 'web-1', stream, latencyMs: 1, mostBytes };
  const host = { after: real.after, wallMs: real.wallMs, stderr } as unknown as typeof real;
  return { output: new NatsOutput(host, engine, settings), said };
}

test('what does not fit while the server is away is counted by the sink, and the rest arrives', async () => {
  const engine = new ScriptedEngine();
  let isAway = true;
  engine.hinders = () => (isAway ? new Error('away') : undefined);
  const { output, said } = outputTo(engine);
  const sink = new Sink(output, 1000);
  const admitted: number[] = [];
  for (let seq = 1; seq <= 100; seq++) {
    if (!sink.admits(1)) continue;
    admitted.push(seq);
    sink.write(lineOf(seq));
  }
  assert.ok(admitted.length >= 5 && admitted.length < 20);
  assert.equal(sink.takeDropped(), 100 - admitted.length);
  isAway = false;
  await output.flushed();
  assert.deepEqual(numbersOf((await readAll(engine)).lines, 'web-1'), admitted);
  assert.deepEqual(said, []);
  assert.equal(output.pending(), 0);
});

test('beside a file the server is sent what fits, the file has everything, and the end says so', async () => {
  const engine = new ScriptedEngine();
  engine.hinders = () => new Error('away');
  const { output, said } = outputTo(engine, 500);
  const file: string[] = [];
  const place = {
    ...output,
    isTerminal: false,
    pending: () => 0,
    write: (text: string | Uint8Array) => file.push(String(text)),
  };
  const tee = new Tee([place as unknown as NatsOutput, output], [place as unknown as NatsOutput]);
  const sink = new Sink(tee, 1000);
  for (let seq = 1; seq <= 100; seq++) if (sink.admits(1)) sink.write(lineOf(seq));
  assert.equal(file.length, 100);
  engine.hinders = () => undefined;
  await output.flushed();
  assert.match(
    said.join(''),
    /^procwatch: nats:\/\/x was away for too long: not all was sent; procwatch forward sends/,
  );
  assert.ok(numbersOf((await readAll(engine)).lines, 'web-1').length < 100);
});

test('the end of a watch waits for a slow server longer than for a reader who takes nothing', async () => {
  let answer = (): void => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const engine = new ScriptedEngine();
  const publish = engine.publish.bind(engine);
  engine.publish = async (message) => {
    await answered;
    await publish(message);
  };
  const { output, said } = outputTo(engine);
  const file = { pending: () => 0, write: () => {}, flushed: async () => {} } as unknown as NatsOutput;
  const tee = new Tee([file, output], [file]);
  tee.write(lineOf(1));
  const impatient = {
    after: (_: number, task: () => void) => realHost().after(0, task),
    stderr: { write: (text: string) => said.push(text) },
  } as unknown as ReturnType<typeof realHost>;
  const told = delivered(impatient, tee, 'hurried');
  setTimeout(() => answer(), 20);
  await told;
  assert.deepEqual(numbersOf((await readAll(engine)).lines, 'web-1'), [1]);
  assert.deepEqual(said, []);
});

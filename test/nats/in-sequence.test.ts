/** Several readers of one stream, as one. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Incoming } from '../../src/nats/engine.ts';
import { inSequence } from '../../src/nats/in-sequence.ts';

const message = (seq: number, pending: number): Incoming => ({
  subject: 's',
  header: undefined,
  body: new Uint8Array(),
  seq,
  arrivedMs: seq,
  pending,
});

async function* given(...numbers: number[]): AsyncGenerator<Incoming> {
  for (const [i, seq] of numbers.entries()) {
    await new Promise((resolve) => setImmediate(resolve));
    yield message(seq, numbers.length - 1 - i);
  }
}

async function numbers(messages: AsyncIterable<Incoming>): Promise<number[]> {
  const found: number[] = [];
  for await (const { seq } of messages) found.push(seq);
  return found;
}

test('messages come in the order of the stream, however fast each reader is', async () => {
  const readers = [given(1, 2, 9), given(), given(3, 4, 5, 6, 7, 8), given(10)];
  const merged = inSequence(readers.map((messages, i) => ({ there: [3, 0, 6, 1][i], messages })));
  assert.deepEqual(await numbers(merged), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('a reader that is at the end holds nobody up', async () => {
  let give: (one: IteratorResult<Incoming>) => void = () => {};
  const silent: AsyncIterator<Incoming> = { next: () => new Promise((resolve) => (give = resolve)) };
  const merged = inSequence([
    { there: 0, messages: silent },
    { there: 2, messages: given(1, 2) },
  ])[Symbol.asyncIterator]();
  assert.equal((await merged.next()).value?.seq, 1);
  assert.equal((await merged.next()).value?.seq, 2);
  const next = merged.next();
  give({ done: false, value: message(7, 0) });
  assert.equal((await next).value?.seq, 7);
});

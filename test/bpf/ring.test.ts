/** The reader of the ring against a kernel played by hand, on plain memory. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Ring } from '../../src/bpf/ring.ts';
import { seeded } from '../support/random.ts';

const SIZE = 4096;
const BUSY = 0x80000000;
const DISCARDED = 0x40000000;

/** The writing side; what the real kernel maps twice is written twice. */
class Writer {
  readonly memory = {
    consumer: new ArrayBuffer(4096),
    producer: new ArrayBuffer(4096),
    data: new ArrayBuffer(2 * SIZE),
  };
  position: bigint;

  constructor(start = 0n) {
    this.position = start;
    new BigUint64Array(this.memory.consumer)[0] = start;
    new BigUint64Array(this.memory.producer)[0] = start;
  }

  private poke(at: number, byte: number): void {
    const bytes = new Uint8Array(this.memory.data);
    bytes[at % SIZE] = byte;
    bytes[(at % SIZE) + SIZE] = byte;
  }

  mark(position: bigint, length: number, marks: number): void {
    const word = (length | marks) >>> 0;
    for (let i = 0; i < 4; i++) this.poke(Number(position % BigInt(SIZE)) + i, (word >>> (8 * i)) & 0xff);
  }

  /** Returns where it was written; false if there is no room. */
  write(data: Uint8Array, marks = 0): bigint | false {
    const stride = BigInt(Math.ceil((data.length + 8) / 8) * 8);
    if (this.position + stride - this.consumed > BigInt(SIZE)) return false;
    const at = this.position;
    this.mark(at, data.length, marks);
    for (const [i, byte] of data.entries()) this.poke(Number(at % BigInt(SIZE)) + 8 + i, byte);
    this.position += stride;
    new BigUint64Array(this.memory.producer)[0] = this.position;
    return at;
  }

  get consumed(): bigint {
    return new BigUint64Array(this.memory.consumer)[0];
  }
}

const text = (records: Uint8Array[]): string[] => records.map((bytes) => Buffer.from(bytes).toString('latin1'));
const bytes = (content: string): Uint8Array => Buffer.from(content, 'latin1');

test('an empty ring gives nothing and moves nothing', () => {
  const writer = new Writer(24n);
  assert.deepEqual(new Ring(writer.memory).drain(), []);
  assert.equal(writer.consumed, 24n);
});

test('records come in order, each once, and the room is given back', () => {
  const writer = new Writer();
  const ring = new Ring(writer.memory);
  for (const content of ['a', 'seven..', 'eight...', '']) writer.write(bytes(content));
  assert.deepEqual(text(ring.drain()), ['a', 'seven..', 'eight...', '']);
  assert.equal(writer.consumed, writer.position);
  assert.deepEqual(ring.drain(), []);
});

test('a busy record stops the drain; it and what follows come when it is finished', () => {
  const writer = new Writer();
  const ring = new Ring(writer.memory);
  writer.write(bytes('first'));
  const busy = writer.write(bytes('second'), BUSY);
  writer.write(bytes('third'));
  assert.deepEqual(text(ring.drain()), ['first']);
  assert.equal(writer.consumed, busy);
  assert.deepEqual(ring.drain(), []);
  assert.ok(busy !== false);
  writer.mark(busy, 6, 0);
  assert.deepEqual(text(ring.drain()), ['second', 'third']);
});

test('a discarded record is stepped over', () => {
  const writer = new Writer();
  writer.write(bytes('thrown away'), DISCARDED);
  writer.write(bytes('kept'));
  writer.write(bytes('too'), DISCARDED);
  assert.deepEqual(text(new Ring(writer.memory).drain()), ['kept']);
  assert.equal(writer.consumed, writer.position);
});

test('a record that runs over the end is whole, and what was given stays as it was', () => {
  const writer = new Writer(BigInt(SIZE - 16));
  const ring = new Ring(writer.memory);
  writer.write(bytes('runs over the end of the ring'));
  const [record] = ring.drain();
  for (let i = 0; i < 40; i++) writer.write(bytes('#'.repeat(80)));
  assert.equal(Buffer.from(record).toString('latin1'), 'runs over the end of the ring');
});

test('positions beyond 2^32 and 2^53', () => {
  for (const start of [2n ** 32n - 16n, 2n ** 53n - 8n]) {
    const writer = new Writer(start);
    const ring = new Ring(writer.memory);
    for (let i = 0; i < 5; i++) writer.write(bytes(`record ${i}`));
    assert.equal(ring.drain().length, 5);
    assert.equal(writer.consumed, writer.position);
  }
});

test('random sizes, random drains: nothing lost, nothing twice, nothing changed', () => {
  const random = seeded(11);
  const writer = new Writer();
  const ring = new Ring(writer.memory);
  const written: string[] = [];
  const read: string[] = [];
  for (let i = 0; i < 20_000; i++) {
    const content = `${i}:${'x'.repeat(random() % 300)}`;
    const isDiscarded = random() % 10 === 0;
    const placed = writer.write(bytes(content), isDiscarded ? DISCARDED : 0);
    if (placed !== false && !isDiscarded) written.push(content);
    if (placed === false || random() % 20 === 0) read.push(...text(ring.drain()));
  }
  read.push(...text(ring.drain()));
  assert.deepEqual(read, written);
});

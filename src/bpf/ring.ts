/**
 * The reader's view of a BPF ring buffer, pure over memory that somebody else writes: positions, the marks on a record, and the order
 * in which both must be touched. Everything is taken out before the room is given back.
 *
 * Source: kernel/bpf/ringbuf.c. Positions are u64 that only grow. A record is a u32 length with two marks, a u32 for the kernel, and
 * the data; the next begins at a multiple of 8. The data is mapped twice in a row, so that no record ever wraps.
 */

const BUSY = 0x80000000;
const DISCARDED = 0x40000000;
const LENGTH = 0x3fffffff;
const HEADER_BYTES = 8;

/** The three mappings; the first u64 of the first two is a position. */
export interface RingMemory {
  /** Ours to write. */
  readonly consumer: ArrayBuffer;
  /** The kernel's. */
  readonly producer: ArrayBuffer;
  /** Twice the ring's size. */
  readonly data: ArrayBuffer;
}

const TWO_32 = 2 ** 32;

export class Ring {
  private readonly consumer: BigUint64Array;
  /** The halves of the kernel's position, which it writes as one: the lower first in memory. */
  private readonly producer: Uint32Array;
  private readonly words: Int32Array;
  /** What `look` and `read` show. */
  readonly bytes: Uint8Array;
  private readonly size: number;
  /** Positions: up to where was looked, and up to where the room is the kernel's again. Exact numbers for 9 petabytes. */
  private looked: number;
  private released: number;

  constructor({ consumer, producer, data }: RingMemory) {
    this.consumer = new BigUint64Array(consumer, 0, 1);
    this.producer = new Uint32Array(producer, 0, 2);
    this.words = new Int32Array(data);
    this.bytes = new Uint8Array(data);
    this.size = data.byteLength / 2;
    this.released = Number(Atomics.load(this.consumer, 0));
    this.looked = this.released;
  }

  /** The end of what the kernel has written. The upper half changes once in four gigabytes: then it is read again. */
  private written(): number {
    for (;;) {
      const high = Atomics.load(this.producer, 1);
      const low = Atomics.load(this.producer, 0);
      if (Atomics.load(this.producer, 1) === high) return high * TWO_32 + low;
    }
  }

  /** Bytes of records whose room was not given back, looked at or not. */
  get held(): number {
    return this.written() - this.released;
  }

  /**
   * Shows the records that were completed since the last look, oldest first, where they lie: `at` is an index into `bytes`, and `position`
   * what `release` takes. They stay there until their room is given back. Stops at a record that another CPU has begun and not finished:
   * it and what lies behind it come with the next look, as do those beyond `most`. Returns how many there were.
   */
  look(take: (at: number, length: number, position: number) => void, most = Number.POSITIVE_INFINITY): number {
    const end = this.written();
    let count = 0;
    while (this.looked < end && count < most) {
      const position = this.looked;
      const at = position % this.size;
      // Unsigned, to see the busy mark.
      const word = Atomics.load(this.words, at / 4) >>> 0;
      if ((word & BUSY) !== 0) break;
      const length = word & LENGTH;
      this.looked += (HEADER_BYTES + length + 7) & ~7;
      if ((word & DISCARDED) !== 0) continue;
      take(at + HEADER_BYTES, length, position);
      count++;
    }
    return count;
  }

  /** Gives back the room of all records before this position; without one, of all that were looked at. */
  release(position: number = this.looked): void {
    if (position <= this.released) return;
    this.released = position;
    Atomics.store(this.consumer, 0, BigInt(position));
  }

  /** The same for all at once: what is wanted of a record must be copied before `take` returns. */
  read(take: (bytes: Uint8Array, at: number, length: number) => void): number {
    const count = this.look((at, length) => take(this.bytes, at, length));
    this.release();
    return count;
  }

  /** The records that are complete, oldest first, each a copy of its own. */
  drain(): Uint8Array[] {
    const records: Uint8Array[] = [];
    this.read((bytes, at, length) => records.push(bytes.slice(at, at + length)));
    return records;
  }
}

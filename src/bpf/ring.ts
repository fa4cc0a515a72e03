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

export class Ring {
  private readonly consumer: BigUint64Array;
  private readonly producer: BigUint64Array;
  private readonly words: Int32Array;
  /** What `read` shows. */
  readonly bytes: Uint8Array;
  private readonly size: number;
  private position: bigint;

  constructor({ consumer, producer, data }: RingMemory) {
    this.consumer = new BigUint64Array(consumer, 0, 1);
    this.producer = new BigUint64Array(producer, 0, 1);
    this.words = new Int32Array(data);
    this.bytes = new Uint8Array(data);
    this.size = data.byteLength / 2;
    this.position = Atomics.load(this.consumer, 0);
  }

  /** The records that are complete, oldest first, each a copy of its own. */
  drain(): Uint8Array[] {
    const records: Uint8Array[] = [];
    this.read((bytes, at, length) => records.push(bytes.slice(at, at + length)));
    return records;
  }

  /**
   * Shows the records that are complete, oldest first, where they lie: what is wanted of one must be copied before `take` returns, and
   * its room is given back when all are shown. Stops at a record that another CPU has begun and not
   * finished: it and what lies behind it come with the next read. Returns how many there were.
   */
  read(take: (bytes: Uint8Array, at: number, length: number) => void): number {
    const available = Number(Atomics.load(this.producer, 0) - this.position);
    if (available === 0) return 0;
    const start = Number(this.position % BigInt(this.size));
    let read = 0;
    let count = 0;
    while (read < available) {
      const at = (start + read) % this.size;
      // Unsigned, to see the busy mark.
      const word = Atomics.load(this.words, at / 4) >>> 0;
      if ((word & BUSY) !== 0) break;
      const length = word & LENGTH;
      if ((word & DISCARDED) === 0) {
        take(this.bytes, at + HEADER_BYTES, length);
        count++;
      }
      read += (HEADER_BYTES + length + 7) & ~7;
    }
    if (read > 0) {
      this.position += BigInt(read);
      Atomics.store(this.consumer, 0, this.position);
    }
    return count;
  }
}

/**
 * Programs on tracepoints with their ring and their loss counter, set up as one and taken down as one. Nothing of it outlives the
 * descriptors: they are all closed on the first failure, and the kernel closes them when procwatch dies.
 */
import type { Readiness } from '../netlink/socket.ts';
import { assemble } from './instructions.ts';
import { Ring } from './ring.ts';
import * as kernel from './syscalls.ts';
import type { TracepointProgram } from './tracepoint-program.ts';

export interface TracepointSizes {
  /** A power of two and a multiple of the page. */
  readonly ringBytes: number;
  /** Values to build records in: one for all programs, which do not interrupt each other on one CPU, or one of each. */
  readonly scratch?: 'shared' | 'of each';
  /** Of the table that the programs share, where they need one; in bytes and entries. */
  readonly notes?: { readonly key: number; readonly value: number; readonly entries: number };
}

export class Tracepoint {
  private readonly undo: (() => void)[] = [];
  private ring: Ring | undefined;
  private ringFd = -1;
  private lost: BigUint64Array | undefined;
  private lostBefore = 0n;
  private loaded: readonly number[] = [];
  private missed = 0n;

  /** Throws a Refusal. */
  constructor(programs: readonly TracepointProgram[], sizes: TracepointSizes) {
    try {
      this.open(programs, sizes);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  private open(
    programs: readonly TracepointProgram[],
    { ringBytes, scratch: sharing, notes: table }: TracepointSizes,
  ): void {
    const lost = this.own(kernel.createCounter());
    const scratchBytes = Math.max(...programs.map((program) => program.scratchBytes));
    const create = (): number => (scratchBytes > 0 ? this.own(kernel.createScratch(scratchBytes)) : -1);
    const shared = sharing === 'of each' ? undefined : create();
    const notes = table === undefined ? -1 : this.own(kernel.createNotes(table, table.entries));
    const ring = this.own(kernel.createRing(ringBytes));
    this.loaded = programs.map(({ rows, attach, attachTo }) => {
      const scratch = shared ?? create();
      return this.own(kernel.loadProgram(assemble(rows({ ring, lost, scratch, notes })), attach, attachTo));
    });
    const page = kernel.pageBytes();
    this.lost = new BigUint64Array(this.map(lost, page, 'readWrite'), 0, 1);
    this.ring = new Ring({
      consumer: this.map(ring, page, 'readWrite'),
      producer: this.map(ring, page, 'read', page),
      data: this.map(ring, 2 * ringBytes, 'read', 2 * page),
    });
    this.ringFd = ring;
    // Last, and in their order: from here on records come.
    for (const program of this.loaded) this.own(kernel.attach(program));
  }

  private own(fd: number): number {
    this.undo.push(() => kernel.close(fd));
    return fd;
  }

  private map(fd: number, bytes: number, access: 'read' | 'readWrite', offset = 0): ArrayBuffer {
    const mapping = kernel.map(fd, bytes, access, offset);
    this.undo.push(() => mapping.unmap());
    return mapping.memory;
  }

  /** Complete records, oldest first; none once it is closed. */
  drain(): Uint8Array[] {
    return this.ring?.drain() ?? [];
  }

  /** Shows complete records where they lie, oldest first (`Ring.read`); returns how many. */
  read(take: (bytes: Uint8Array, at: number, length: number) => void): number {
    return this.ring?.read(take) ?? 0;
  }

  /** Shows what was completed since the last look, and leaves it there (`Ring.look`). */
  look(take: (at: number, length: number, position: number) => void, most?: number): number {
    return this.ring?.look(take, most) ?? 0;
  }

  /** Gives room back (`Ring.release`). */
  release(position?: number): void {
    this.ring?.release(position);
  }

  /** Bytes of records whose room was not given back. */
  get held(): number {
    return this.ring?.held ?? 0;
  }

  /** The memory that `read` and `look` show. Only while it is open. */
  get bytes(): Uint8Array {
    return this.ring?.bytes ?? new Uint8Array(0);
  }

  /** Called when the programs ask for it. */
  onReadable(listener: () => void): Readiness {
    return kernel.whenReadable(this.ringFd, listener);
  }

  /** Records that are missing since this was last asked: they found the ring full, or the kernel skipped the program (it counts that). */
  takeLost(): number {
    if (this.lost === undefined) return 0;
    const missed = this.loaded.flatMap((program) => kernel.missedRuns(program) ?? []);
    if (missed.length === this.loaded.length) this.missed = missed.reduce((sum, runs) => sum + runs, 0n);
    const total = Atomics.load(this.lost, 0) + this.missed;
    const count = Number(total - this.lostBefore);
    this.lostBefore = total;
    return count;
  }

  close(): void {
    // Before the memory goes, everything that looks at it.
    this.ring = undefined;
    this.lost = undefined;
    for (const step of this.undo.splice(0).reverse()) step();
  }
}

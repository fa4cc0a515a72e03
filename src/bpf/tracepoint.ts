/**
 * A program on a tracepoint with its ring and its loss counter, set up as one and taken down as one. Nothing of it outlives the
 * descriptors: they are all closed on the first failure, and the kernel closes them when procwatch dies.
 */
import { assemble } from './instructions.ts';
import { Ring } from './ring.ts';
import * as kernel from './syscalls.ts';
import type { TracepointProgram } from './tracepoint-program.ts';

export class Tracepoint {
  private readonly undo: (() => void)[] = [];
  private ring: Ring | undefined;
  private lost: BigUint64Array | undefined;
  private lostBefore = 0n;
  private program = -1;
  private missed = 0n;

  /** `ringBytes`: a power of two and a multiple of the page. Throws a Refusal. */
  constructor(program: TracepointProgram, ringBytes: number) {
    try {
      this.open(program, ringBytes);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  private open(program: TracepointProgram, ringBytes: number): void {
    const lost = this.own(kernel.createCounter());
    const scratch = program.scratchBytes > 0 ? this.own(kernel.createScratch(program.scratchBytes)) : -1;
    const ring = this.own(kernel.createRing(ringBytes));
    const code = assemble(program.rows({ ring, lost, scratch }));
    const loaded = this.own(kernel.loadProgram(code, 'tracepoint', program.attachTo));
    const page = kernel.pageBytes();
    this.lost = new BigUint64Array(this.map(lost, page, 'readWrite'), 0, 1);
    this.ring = new Ring({
      consumer: this.map(ring, page, 'readWrite'),
      producer: this.map(ring, page, 'read', page),
      data: this.map(ring, 2 * ringBytes, 'read', 2 * page),
    });
    this.program = loaded;
    // Last: from here on records come.
    this.own(kernel.attachTracepoint(loaded));
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

  /** Records that are missing since this was last asked: they found the ring full, or the kernel skipped the program (it counts that). */
  takeLost(): number {
    if (this.lost === undefined) return 0;
    this.missed = kernel.missedRuns(this.program) ?? this.missed;
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

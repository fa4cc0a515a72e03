/**
 * Records of births, execs and ends as the kernel's side writes them, made byte by byte; a ring in which they lie; and what a test sees of
 * those that a real kernel wrote.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { FactImage } from '../../src/bpf/fact-image.ts';
import { FACT, FACT_KIND } from '../../src/bpf/fact-record.ts';
import { COMM_BYTES, commAt, momentOf } from '../../src/bpf/record-fields.ts';
import type { FactSource } from '../../src/facts/kernel-facts.ts';
import type { RingSource } from '../../src/facts/ring-stream.ts';
import type { Readiness } from '../../src/netlink/socket.ts';
import type { ForeignNumbers } from '../../src/process/event-stream.ts';
import type { Moment } from '../../src/process/moment.ts';
import type { Text } from '../../src/process/text.ts';

export interface FactRecordOptions {
  /** ns, CLOCK_MONOTONIC and CLOCK_BOOTTIME. */
  readonly at?: bigint;
  readonly start?: bigint;
  readonly tgid?: number;
  readonly ppid?: number;
  readonly tid?: number;
  readonly status?: number;
  readonly flags?: number;
  /** Effective. */
  readonly uid?: number;
  readonly comm?: string;
  readonly parentComm?: string;
  /** Latin 1. */
  readonly args?: string;
  readonly argsTotal?: bigint;
  readonly path?: string;
  readonly pathResult?: number;
  /** As the walk writes it: `true/bin/`. */
  readonly exe?: string;
  readonly exeState?: number;
  readonly cwd?: string;
  readonly cwdState?: number;
  readonly hasFile?: number;
  readonly inode?: bigint;
}

const KIND = { birth: 1, exec: 2, end: 3, threadEnd: 4 } as const;

function head(kind: number, options: FactRecordOptions, bytes: number): Buffer {
  const { at = 10_000_000_005n, start = 9_999_999_999n, tgid = 42, ppid = 41, tid = tgid } = options;
  const header = Buffer.alloc(Math.max(bytes, 64));
  header.writeBigUInt64LE(at, 0);
  for (const [i, id] of [kind, 1, tgid, ppid].entries()) header.writeUInt32LE(id, 8 + 4 * i);
  header.writeBigUInt64LE(start, 24);
  const { status = 0, flags = 0, comm = 'sh', uid = 0 } = options;
  for (const [i, id] of [tid, status, uid, flags].entries()) header.writeUInt32LE(id, 32 + 4 * i);
  header.write(comm, 48, 'latin1');
  return header.subarray(0, bytes);
}

function whole(kind: number, options: FactRecordOptions): Uint8Array {
  const { args = 'true\0', path = '/bin/true', hasFile = 1, inode = 2n ** 60n + 1n } = options;
  const { exe = 'true/bin/', exeState = 1, cwd = 'tmp/', cwdState = 1, parentComm = 'bash' } = options;
  const stored = Buffer.from(args, 'latin1');
  const name = path === '' ? Buffer.alloc(0) : Buffer.from(`${path}\0`, 'latin1');
  const header = head(kind, options, 144);
  header.writeUInt32LE(1000, 64);
  header.writeUInt32LE(hasFile, 68);
  header.writeBigUInt64LE(inode, 72);
  header.writeUInt32LE((254 << 20) | 1, 80);
  header.writeUInt32LE(stored.length, 84);
  header.writeBigUInt64LE(options.argsTotal ?? BigInt(stored.length), 88);
  header.writeInt32LE(options.pathResult ?? name.length, 100);
  header.write(parentComm, 104, 'latin1');
  const [exeBytes, cwdBytes] = [Buffer.from(exe, 'latin1'), Buffer.from(cwd, 'latin1')];
  const exeEnd = 144 + stored.length + name.length + exeBytes.length;
  for (const [i, word] of [exeState, exeEnd, cwdState, exeEnd + cwdBytes.length].entries()) {
    header.writeUInt32LE(word, 128 + 4 * i);
  }
  return Uint8Array.from(Buffer.concat([header, stored, name, exeBytes, cwdBytes]));
}

export const execRecord = (options: FactRecordOptions = {}): Uint8Array => whole(KIND.exec, options);
/** With all that it was. */
export const wholeEnd = (options: FactRecordOptions = {}): Uint8Array => whole(KIND.end, { path: '', ...options });
/** How it ended, and no more. */
export const endRecord = (options: FactRecordOptions = {}): Uint8Array => head(KIND.end, options, 64);

/** Of a process, or of a thread of another number: under whose name and user. */
export function birthRecord({ born, ...options }: FactRecordOptions & { readonly born?: number } = {}): Uint8Array {
  const { tgid = 42, ppid = 41 } = options;
  return head(KIND.birth, { ...options, tid: ppid, status: born ?? tgid }, 64);
}
export const threadEndRecord = (options: FactRecordOptions = {}): Uint8Array => head(KIND.threadEnd, options, 40);

/** A ring as the reader sees it: each look shows what was put in by then. */
export class ScriptedRing implements FactSource {
  readonly bytes = Buffer.alloc(1 << 20);
  readonly mayRepeatEnds: boolean;
  lost = 0;
  held = 0;
  /** What was given back, as a position. */
  released = 0;
  isClosed = false;
  private readonly pending: { readonly at: number; readonly length: number }[][] = [[]];
  private end = 0;

  constructor({ mayRepeatEnds = false }: { readonly mayRepeatEnds?: boolean } = {}) {
    this.mayRepeatEnds = mayRepeatEnds;
  }

  /** Seen by the next look that finds anything. */
  put(...records: readonly Uint8Array[]): this {
    const place = (record: Uint8Array) => {
      const at = this.end + 8;
      this.bytes.writeUInt32LE(record.length, this.end);
      this.bytes.set(record, at);
      this.end = at + Math.ceil(record.length / 8) * 8;
      return { at, length: record.length };
    };
    this.pending[this.pending.length - 1].push(...records.map(place));
    return this;
  }

  /** What is put in from now on is seen one look later. */
  later(): this {
    this.pending.push([]);
    return this;
  }

  get written(): number {
    return this.end;
  }

  look = (take: (at: number, length: number, position: number) => void): number => {
    const seen = this.pending.length > 1 ? (this.pending.shift() ?? []) : this.pending[0].splice(0);
    for (const { at, length } of seen) take(at, length, at - 8);
    return seen.length;
  };

  release = (position: number = this.end): void => {
    this.released = position;
  };

  takeLost = (): number => {
    const { lost } = this;
    this.lost = 0;
    return lost;
  };

  onReadable(_listener: () => void): Readiness {
    return { pause() {}, resume() {}, close() {} };
  }

  close(): void {
    this.isClosed = true;
  }
}

/** The same as the source of all events: a test waits until somebody listens, and wakes them. */
export class ScriptedRingSource extends ScriptedRing implements RingSource {
  readonly ringBytes = 1 << 20;
  readonly foreign: ForeignNumbers | undefined;
  readonly listening: Promise<void>;
  private onListening: () => void = () => {};
  private listener: () => void = () => {};

  constructor({ foreign, ...options }: { readonly foreign?: ForeignNumbers; readonly mayRepeatEnds?: boolean } = {}) {
    super(options);
    this.foreign = foreign;
    this.listening = new Promise((resolve) => {
      this.onListening = resolve;
    });
  }

  override onReadable(listener: () => void): Readiness {
    this.listener = listener;
    this.onListening();
    return super.onReadable(listener);
  }

  wake(): void {
    this.listener();
  }
}

const momentIn = (view: DataView, offset: number) =>
  momentOf(view.getUint32(offset + 4, true), view.getUint32(offset, true));

/** A record as a test looks at it; undefined is what a record of its length does not tell. */
export interface Fact {
  readonly kind: keyof typeof FACT_KIND | undefined;
  readonly at: Moment;
  readonly start: Moment;
  readonly cpu: number;
  readonly tgid: number;
  readonly ppid: number;
  readonly tid: number;
  readonly status: number | undefined;
  readonly flags: number | undefined;
  readonly effectiveUid: number | undefined;
  readonly comm: Text | undefined;
  readonly realUid: number | undefined;
  readonly parentComm: Text | undefined;
  readonly cgroup: bigint | undefined;
  readonly exeState: number | undefined;
  readonly cwdState: number | undefined;
  readonly image: FactImage | undefined;
}

export function imageFrom(record: Uint8Array, at = 0): FactImage {
  // In whole words, as they lie in a ring.
  const words = new Uint32Array(Math.ceil((at + record.length) / 4));
  const bytes = Buffer.from(words.buffer);
  bytes.set(record, at);
  return new FactImage({ bytes, words, at });
}

export function factFrom(record: Uint8Array): Fact {
  const { buffer, byteOffset, length } = record;
  const view = new DataView(buffer, byteOffset, length);
  const bytes = Buffer.from(buffer, byteOffset, length);
  const has = (field: number, size: number): boolean => field + size <= length;
  const u32 = (field: number): number | undefined => (has(field, 4) ? view.getUint32(field, true) : undefined);
  const comm = (field: number): Text | undefined => (has(field, COMM_BYTES) ? commAt(bytes, field) : undefined);
  const kinds = Object.keys(FACT_KIND) as (keyof typeof FACT_KIND)[];
  return {
    kind: kinds.find((kind) => FACT_KIND[kind] === view.getUint32(FACT.kind, true)),
    at: momentIn(view, FACT.at),
    start: momentIn(view, FACT.start),
    cpu: view.getUint32(FACT.cpu, true),
    tgid: view.getUint32(FACT.tgid, true),
    ppid: view.getUint32(FACT.parentTgid, true),
    tid: view.getUint32(FACT.tid, true),
    status: u32(FACT.status),
    flags: u32(FACT.flags),
    effectiveUid: u32(FACT.effectiveUid),
    comm: comm(FACT.comm),
    realUid: u32(FACT.realUid),
    parentComm: comm(FACT.parentComm),
    cgroup: has(FACT.cgroup, 8) ? view.getBigUint64(FACT.cgroup, true) : undefined,
    exeState: u32(FACT.exeState),
    cwdState: u32(FACT.cwdState),
    image: has(0, FACT.bytes) ? imageFrom(record) : undefined,
  };
}

const PATIENCE_MS = 30_000;

/** Waits until something is so. Builds nothing first, as the watcher of the kernel tests does. */
export async function eventually(what: string, isSo: () => boolean): Promise<void> {
  for (const end = Date.now() + PATIENCE_MS; !isSo(); await sleep(5)) {
    if (Date.now() > end) throw new Error(`waited in vain: ${what}`);
  }
}

/** Programs that are open. */
interface Drained {
  drain(): Uint8Array[];
  takeLost(): number;
  close(): void;
}

/** All that was told while the task ran, read every 20 ms; closes the programs. */
export async function collecting<T>(programs: Drained, task: () => Promise<T> | T) {
  const facts: Fact[] = [];
  const drain = (): void => {
    for (const record of programs.drain()) facts.push(factFrom(record));
  };
  const timer = setInterval(drain, 20);
  try {
    const result = await task();
    drain();
    return { result, facts, lost: programs.takeLost() };
  } finally {
    clearInterval(timer);
    programs.close();
  }
}

/**
 * bpf(2) and what belongs to it: the only piece of this folder that touches the kernel. Every call either gives a descriptor or throws a
 * Refusal. All descriptors of bpf(2) are close-on-exec by themselves (kernel/bpf/syscall.c: `bpf_map_new_fd`, `bpf_prog_new_fd`,
 * `bpf_link_prime`, kernel/bpf/bpf_iter.c: `prepare_seq_file` all ask for O_CLOEXEC).
 *
 * Source: bpf(2), include/uapi/linux/bpf.h (`union bpf_attr`).
 */
import { closeSync, fstatSync, openSync } from 'node:fs';
import { arch } from 'node:process';
import { possibleCpus } from '../linux/cpus.ts';
import * as libc from '../linux/libc.ts';
import { SystemError } from '../linux/system-error.ts';
import { INSTRUCTION_BYTES } from './instructions.ts';
import { Refusal, type Step } from './refusal.ts';

/** bpf(2) by architecture; others have none of ours: their programs would be untested. */
const NUMBER: Readonly<Partial<Record<string, number>>> = { x64: 321, arm64: 280 };
const ENOSYS = 38;
const EINTR = 4;
const EAGAIN = 11;

const COMMAND = {
  mapCreate: 0,
  programLoad: 5,
  programRun: 10,
  openTracepoint: 17,
  objectInfo: 15,
  linkCreate: 28,
  iteratorCreate: 33,
} as const;
const MAP = { array: 2, leastRecentlyUsed: 9, ring: 27 } as const;
const MMAPABLE = 0x400;
/** BPF_PROG_TYPE_RAW_TRACEPOINT: of what we load the only kind that can be run without being attached. */
const RAW_TRACEPOINT = 17;
/** BPF_PROG_TYPE_TRACING and its ways to be attached. */
const TRACING = 26;
const ATTACH = { tracepoint: 23, entry: 24, return: 25, iterator: 28 } as const;
export type Attachment = keyof typeof ATTACH;
/** What the kernel may call on our behalf depends on it; the program, not procwatch, is under it. */
const LICENSE = Buffer.from('Dual MIT/GPL\0', 'latin1');

/** Of `union bpf_attr`; what lies behind the fields we know is zero, which means "as before". */
const ATTRIBUTE_BYTES = 144;
const PROGRAM = {
  type: 0,
  count: 4,
  code: 8,
  license: 16,
  logLevel: 24,
  logBytes: 28,
  log: 32,
  attach: 68,
  id: 108,
} as const;
const LOG_BYTES = 256 * 1024;
/** Where the kernel tells what a program returned. */
const RETURNED = 4;

type Fields = Readonly<Record<number, number | NodeJS.ArrayBufferView>>;

const noAttributes = (): DataView => new DataView(new ArrayBuffer(ATTRIBUTE_BYTES));

/**
 * Offset of a field to a u32, or to a buffer whose address is meant. Returns a descriptor, or minus an errno; what the kernel answers
 * besides stands in `attributes`.
 */
function bpf(command: number, fields: Fields, attributes = noAttributes()): number {
  const number = NUMBER[arch];
  if (number === undefined) return -ENOSYS;
  for (const [offset, field] of Object.entries(fields)) {
    if (typeof field === 'number') attributes.setUint32(Number(offset), field, true);
    else attributes.setBigUint64(Number(offset), libc.addressOf(field), true);
  }
  const result = libc.bpf(number, command, attributes, ATTRIBUTE_BYTES);
  return result < 0 ? -libc.errno() : result;
}

function orRefuse(step: Step, result: number): number {
  if (result < 0) throw new Refusal(step, -result);
  return result;
}

const createMap = (
  step: Step,
  type: number,
  bytes: { key: number; value: number },
  entries: number,
  flags = 0,
): number => orRefuse(step, bpf(COMMAND.mapCreate, { 0: type, 4: bytes.key, 8: bytes.value, 12: entries, 16: flags }));

const KEY_BYTES = 4;

/** A counter of one u64 that can be mapped. */
export function createCounter(): number {
  return createMap('create an array', MAP.array, { key: KEY_BYTES, value: 8 }, 1, MMAPABLE);
}

/** One value for each CPU, by its number: the kind that has them by itself takes 32 KiB at the most. */
export function createScratch(bytes: number): number {
  return createMap('create an array', MAP.array, { key: KEY_BYTES, value: Math.ceil(bytes / 8) * 8 }, possibleCpus());
}

/** A table by key that forgets what was not used for longest when it is full. */
export function createNotes(bytes: { readonly key: number; readonly value: number }, entries: number): number {
  return createMap('create a table', MAP.leastRecentlyUsed, bytes, entries);
}

/** `bytes` must be a power of two and a multiple of the page. */
export function createRing(bytes: number): number {
  return createMap('create a ring buffer', MAP.ring, { key: 0, value: 0 }, bytes);
}

/** The verifier gives up with EAGAIN when a signal comes, which says nothing of the program (kernel/bpf/verifier.c, `do_check`). */
const LOAD_ATTEMPTS = 5;

/** Loads a program that is to be attached to a type of BTF. A refused one is shown to the verifier once more, for its reason. */
export function loadProgram(code: Uint8Array, attach: Attachment, attachTo: number): number {
  const fields = {
    [PROGRAM.type]: TRACING,
    [PROGRAM.count]: code.byteLength / INSTRUCTION_BYTES,
    [PROGRAM.code]: code,
    [PROGRAM.license]: LICENSE,
    [PROGRAM.attach]: ATTACH[attach],
    [PROGRAM.id]: attachTo,
  };
  let result = bpf(COMMAND.programLoad, fields);
  for (let attempt = 1; result === -EAGAIN && attempt < LOAD_ATTEMPTS; attempt++) {
    result = bpf(COMMAND.programLoad, fields);
  }
  if (result >= 0) return result;
  const log = Buffer.alloc(LOG_BYTES);
  const again = bpf(COMMAND.programLoad, {
    ...fields,
    [PROGRAM.logLevel]: 1,
    [PROGRAM.logBytes]: LOG_BYTES,
    [PROGRAM.log]: log,
  });
  if (again >= 0) return again;
  const end = log.indexOf(0);
  throw new Refusal('load the program', -result, log.toString('latin1', 0, end < 0 ? LOG_BYTES : end));
}

/** Runs a program once, in this process, and gives what it returns. Since 5.10. */
export function runOnce(code: Uint8Array): number {
  const fields = {
    [PROGRAM.type]: RAW_TRACEPOINT,
    [PROGRAM.count]: code.byteLength / INSTRUCTION_BYTES,
    [PROGRAM.code]: code,
    [PROGRAM.license]: LICENSE,
  };
  const program = orRefuse('load the program', bpf(COMMAND.programLoad, fields));
  try {
    const attributes = noAttributes();
    orRefuse('run the program', bpf(COMMAND.programRun, { 0: program }, attributes));
    return attributes.getUint32(RETURNED, true);
  } finally {
    libc.close(program);
  }
}

/** A tracepoint, or the entry of a function: the program runs until the descriptor is closed. */
export function attach(program: number): number {
  return orRefuse('attach the program', bpf(COMMAND.openTracepoint, { 8: program }));
}

/** `struct bpf_prog_info`, as far as we look: since 5.12 it ends behind the number of runs that were skipped. */
const INFO = { bytes: 224, missesWord: 208 / 8 } as const;

/**
 * Times the program was not run because it was running already on the same CPU (interrupted by itself); 0 where nobody counts, undefined
 * where we may not ask: before 5.19 those who have given up their rights.
 */
export function missedRuns(program: number): bigint | undefined {
  const info = new BigUint64Array(INFO.bytes / 8);
  const result = bpf(COMMAND.objectInfo, { 0: program, 4: INFO.bytes, 8: info });
  return result < 0 ? undefined : info[INFO.missesWord];
}

/** A link from which any number of dumps can be made. */
export function linkIterator(program: number): number {
  return orRefuse('attach the program', bpf(COMMAND.linkCreate, { 0: program, 8: ATTACH.iterator }));
}

/** The kernel hands over what it has buffered, 32 KiB at the most. */
const READ_BYTES = 64 * 1024;

/** One dump after another from an iterator, each over the bytes of the one before. */
export class IteratorReader {
  private readonly link: number;
  private bytes = Buffer.alloc(READ_BYTES);

  /** Takes over the descriptor of a link to an iterator. */
  constructor(link: number) {
    this.link = link;
  }

  /** One dump, from its beginning to its end; good until the next. Throws a Refusal if it cannot begin, a SystemError if it breaks off. */
  read(): Buffer {
    const fd = orRefuse('attach the program', bpf(COMMAND.iteratorCreate, { 0: this.link }));
    try {
      for (let length = 0; ; ) {
        const count = libc.read(fd, this.bytes.subarray(length), this.bytes.length - length);
        if (count === 0) return this.bytes.subarray(0, length);
        if (count > 0) {
          length += count;
          if (this.bytes.length - length < READ_BYTES) this.grow();
          continue;
        }
        const errno = libc.errno();
        // EAGAIN: the program wrote nothing for very many tasks in a row; the walk goes on with the next read.
        if (errno !== EINTR && errno !== EAGAIN) throw new SystemError('read', errno);
      }
    } finally {
      libc.close(fd);
    }
  }

  private grow(): void {
    const larger = Buffer.alloc(this.bytes.length * 2);
    this.bytes.copy(larger);
    this.bytes = larger;
  }

  close(): void {
    libc.close(this.link);
  }
}

const PROTECTION = { read: 1, readWrite: 3 } as const;

export function map(fd: number, bytes: number, access: keyof typeof PROTECTION, offset = 0): libc.Mapping {
  const mapping = libc.mmapShared(fd, bytes, PROTECTION[access], offset);
  if (mapping === undefined) throw new Refusal('map memory', libc.errno());
  return mapping;
}

/** The bytes of a file, read as they are touched; undefined where this kernel does not map it. For good: nobody knows who looks at them. */
export function mapFile(path: string): Uint8Array | undefined {
  const fd = openSync(path, 'r');
  try {
    const mapping = libc.mmapFile(fd, fstatSync(fd).size);
    return mapping && new Uint8Array(mapping.memory);
  } finally {
    closeSync(fd);
  }
}

export const { close, pageBytes } = libc;
export { whenReadable } from '../linux/readiness.ts';

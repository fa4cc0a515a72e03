/**
 * What a listener wants to hear, in the three forms it takes: the kernel's event mask (6.6+), a classic BPF program (any
 * kernel), and the user-space predicate, which is the authority. Pure.
 *
 * Sources: drivers/connector/cn_proc.c (`cn_filter`), linux/filter.h, Documentation/networking/filter.rst.
 */
import { LITTLE_ENDIAN, OFFSET } from './abi.ts';
import { REFINEMENTS, WIRE, WIRE_KINDS, type WireEvent, type WireKind } from './events.ts';

/** Which part of a kind is wanted, by who the event is about: thread-group leaders (processes), other threads, or both. */
export type Scope = 'leaders' | 'threads' | 'both';

export interface Hearing {
  readonly scopes: ReadonlyMap<WireKind, Scope>;
  /** Of the exits only those with a non-zero status. */
  readonly onlyFailures: boolean;
  /** Of the exits only those of these processes. */
  readonly exitsOf?: ReadonlySet<number>;
}

/** Every birth, program and end of a process: then one may know at any time who is there. */
export function hearsWholeLives({ scopes, onlyFailures }: Hearing): boolean {
  const births = scopes.get('fork');
  return births !== undefined && births !== 'threads' && scopes.has('exec') && scopes.has('exit') && !onlyFailures;
}

/** More processes than this are not worth a filter: each costs one comparison for every exit on the machine. */
export const EXITS_OF_LIMIT = 64;

/** The mask for `struct proc_input`. Never 0: the kernel would take that for "everything". */
export function kernelMask({ scopes, onlyFailures }: Hearing): number {
  let mask = 0;
  for (const kind of scopes.keys()) {
    const bit = kind === 'exit' && onlyFailures ? REFINEMENTS['nonzero-exit'].bit : WIRE[kind].bit;
    mask = (mask | bit) >>> 0;
  }
  if (mask === 0) throw new RangeError('an empty event mask means every event to the kernel');
  return mask;
}

export function hears({ scopes, onlyFailures, exitsOf }: Hearing, event: WireEvent): boolean {
  const scope = scopes.get(event.kind);
  if (scope === undefined) return false;
  if (event.kind === 'exit' && onlyFailures && event.status === 0) return false;
  if (event.kind === 'exit' && exitsOf !== undefined && !exitsOf.has(event.tgid)) return false;
  return scope === 'both' || (scope === 'leaders') === (event.tid === event.tgid);
}

/** One `struct sock_filter`. */
interface Instruction {
  readonly code: number;
  readonly jt?: number;
  readonly jf?: number;
  readonly k?: number;
}

const ACCEPT = 0xffffffff;
const load = (offset: number): Instruction => ({ code: 0x20, k: offset });
const copyToX: Instruction = { code: 0x07 };
const answer = (k: number): Instruction => ({ code: 0x06, k });
/** Jumps over `jt` or `jf` instructions. */
const ifEqual = (k: number, jt: number, jf: number): Instruction => ({ code: 0x15, jt, jf, k });
const ifEqualX = (jt: number, jf: number): Instruction => ({ code: 0x1d, jt, jf });

/** Classic BPF loads in network order, the datagram is in the host's. */
function asLoaded(value: number): number {
  if (!LITTLE_ENDIAN) return value;
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value, true);
  return view.getUint32(0, false);
}

/** Where thread id, process id and wait status of a kind lie; fork is about the child, two words further on. */
function subjectOffsets(kind: WireKind): { tid: number; tgid: number } {
  const tid = OFFSET.data + (kind === 'fork' ? 8 : 0);
  return { tid, tgid: tid + 4 };
}
const STATUS_OFFSET = OFFSET.data + 8;

/** The verdict on one kind. Every block ends with an answer, so blocks can stand in any order. */
function block(kind: WireKind, { scopes, onlyFailures, exitsOf }: Hearing): Instruction[] {
  const scope = scopes.get(kind);
  if (scope === undefined) return [answer(0)];
  const { tid, tgid } = subjectOffsets(kind);
  const checks: Instruction[] = [];
  if (kind === 'exit' && onlyFailures) checks.push(load(STATUS_OFFSET), ifEqual(0, 0, 1), answer(0));
  if (kind === 'exit' && exitsOf !== undefined) checks.push(load(tgid), ...oneOf([...exitsOf]));
  if (scope === 'both') return [...checks, answer(ACCEPT)];
  const [same, different] = scope === 'leaders' ? [ACCEPT, 0] : [0, ACCEPT];
  return [...checks, load(tid), copyToX, load(tgid), ifEqualX(0, 1), answer(same), answer(different)];
}

/** Goes on behind itself if the loaded value is one of these, else rejects. */
function oneOf(values: readonly number[]): Instruction[] {
  return [...values.map((value, i) => ifEqual(asLoaded(value), values.length - i, 0)), answer(0)];
}

/**
 * The program for the event socket: acknowledgements out (anybody may provoke them), each known kind by its scope, a kind newer
 * than our table in, so that it is counted. A datagram too short for a load is dropped by the kernel.
 */
export function eventFilter(hearing: Hearing): Uint8Array {
  const blocks = WIRE_KINDS.map((kind) => block(kind, hearing));
  const dispatch: Instruction[] = [load(OFFSET.what), ifEqual(0, 0, 1), answer(0)];
  // After the i-th comparison: the comparisons still to come, one `accept` for the unknown, and the blocks before the i-th.
  let distance = WIRE_KINDS.length;
  WIRE_KINDS.forEach((kind, i) => {
    dispatch.push(ifEqual(asLoaded(WIRE[kind].bit), distance, 0));
    distance += blocks[i].length - 1;
  });
  return assemble([...dispatch, answer(ACCEPT), ...blocks.flat()]);
}

/** The program for the control socket: acknowledgements only. */
export function acknowledgementFilter(): Uint8Array {
  return assemble([load(OFFSET.what), ifEqual(0, 0, 1), answer(ACCEPT), answer(0)]);
}

/** `struct sock_filter[]`: u16 code, u8 jt, u8 jf, u32 k. */
function assemble(program: readonly Instruction[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(program.length * 8));
  program.forEach(({ code, jt = 0, jf = 0, k = 0 }, i) => {
    view.setUint16(i * 8, code, LITTLE_ENDIAN);
    view.setUint8(i * 8 + 2, jt);
    view.setUint8(i * 8 + 3, jf);
    view.setUint32(i * 8 + 4, k, LITTLE_ENDIAN);
  });
  return new Uint8Array(view.buffer);
}

/**
 * Proc connector datagrams made byte by byte, with offsets written down from the kernel's headers and from nothing in src:
 * what the decoder is held against. Layout: nlmsghdr (16) + cn_msg (20) + proc_event (40), in the host's byte order.
 */
import { endianness } from 'node:os';

const LE = endianness() === 'LE';

/** Nanoseconds of CLOCK_MONOTONIC that stand for "now" where a test does not care. */
export const T0 = 1_000_000_000_000n;
/** `ms` after T0. */
export const at = (ms: number): bigint => T0 + BigInt(Math.round(ms * 1_000_000));

/** Header fields that a test may set; each has the value the kernel would give. */
export interface Header {
  readonly time?: bigint;
  readonly cpu?: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly idx?: number;
  readonly val?: number;
  readonly type?: number;
  /** nlmsg_len, if it shall lie. */
  readonly length?: number;
  /** cn_msg.len, if it shall lie. */
  readonly payload?: number;
  /** Bytes of proc_event: 40, or 32 as kernels before 3.2 send. */
  readonly eventBytes?: 32 | 40;
}

/** A datagram of kind `what` with these u32 (or bytes) as its event_data. */
export function datagram(what: number, data: readonly number[] | Uint8Array, header: Header = {}): Uint8Array {
  const eventBytes = header.eventBytes ?? 40;
  const view = new DataView(new ArrayBuffer(36 + eventBytes));
  view.setUint32(0, header.length ?? view.byteLength, LE);
  view.setUint16(4, header.type ?? 3, LE);
  view.setUint32(8, header.seq ?? 7, LE);
  view.setUint32(16, header.idx ?? 1, LE);
  view.setUint32(20, header.val ?? 1, LE);
  view.setUint32(24, header.seq ?? 7, LE);
  view.setUint32(28, header.ack ?? 0, LE);
  view.setUint16(32, header.payload ?? eventBytes, LE);
  view.setUint32(36, what, LE);
  view.setUint32(40, header.cpu ?? 0, LE);
  view.setBigUint64(44, header.time ?? T0, LE);
  if (data instanceof Uint8Array) new Uint8Array(view.buffer).set(data, 60);
  else data.forEach((word, i) => void (52 + i * 4 < view.byteLength && view.setUint32(52 + i * 4, word >>> 0, LE)));
  return new Uint8Array(view.buffer);
}

/** A thread: its id and its process's; the process itself where only one number is given. */
export type Who = number | { readonly tid: number; readonly tgid: number };
const tidOf = (who: Who): number => (typeof who === 'number' ? who : who.tid);
const tgidOf = (who: Who): number => (typeof who === 'number' ? who : who.tgid);
const both = (who: Who): [number, number] => [tidOf(who), tgidOf(who)];

export const fork = (parent: Who, child: Who, header?: Header): Uint8Array =>
  datagram(0x1, [...both(parent), ...both(child)], header);
export const exec = (who: Who, header?: Header): Uint8Array => datagram(0x2, both(who), header);
export const uid = (who: Who, real: number, effective: number, header?: Header): Uint8Array =>
  datagram(0x4, [...both(who), real, effective], header);
export const gid = (who: Who, real: number, effective: number, header?: Header): Uint8Array =>
  datagram(0x40, [...both(who), real, effective], header);
export const sid = (who: Who, header?: Header): Uint8Array => datagram(0x80, both(who), header);
/** Tracer 0 is a detach. */
export const ptrace = (who: Who, tracer: Who, header?: Header): Uint8Array =>
  datagram(0x100, [...both(who), ...both(tracer)], header);
export const coredump = (who: Who, parent: Who, header?: Header): Uint8Array =>
  datagram(0x40000000, [...both(who), ...both(parent)], header);

/** comm[16] follows pid and tgid; a text is cut to 15 bytes and NUL-padded, as the kernel does. */
export function comm(who: Who, name: string | Uint8Array, header?: Header): Uint8Array {
  const bytes = datagram(0x200, both(who), header);
  bytes.set(Buffer.from(name).subarray(0, typeof name === 'string' ? 15 : 16), 60);
  return bytes;
}

/** `status` as wait(2) has it. The exit signal of a thread is -1, and its parent is not told. */
export function exit(who: Who, status = 0, parent: Who = 1, header?: Header): Uint8Array {
  const isThread = tidOf(who) !== tgidOf(who);
  const [parentTid, parentTgid] = isThread ? [0, 0] : both(parent);
  return datagram(0x80000000, [...both(who), status, isThread ? -1 : 17, parentTid, parentTgid], header);
}

/** The kernel's answer to a control message: `token` is the request's ack plus one. */
export const acknowledgement = (token: number, error = 0, header?: Header): Uint8Array =>
  datagram(0, [error], { ack: token, ...header });

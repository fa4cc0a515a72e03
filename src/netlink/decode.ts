/**
 * From the bytes of one datagram to an event, or to the reason why it is refused. Never throws, allocates nothing for a
 * refusal, and keeps no view of the bytes. Pure: the caller brings the bytes and the sender's address.
 */
import { CN_IDX_PROC, CN_VAL_PROC, LITTLE_ENDIAN, NLMSG_DONE, OFFSET, SIZE } from './abi.ts';
import { rowFor, type Stamp, type WireEvent } from './events.ts';

/** An answer of the kernel to a control message (what = 0). Anybody may provoke one with any token. */
export interface Acknowledgement {
  readonly kind: 'ack';
  /** Our request's `ack` plus one. */
  readonly token: number;
  /** 0, or a positive errno. */
  readonly error: number;
}

/** Why a datagram is no event: it is counted under this name and dropped. */
export type Refusal = 'foreign' | 'malformed' | 'unknown';

const word = (offset: number): number => offset / 4;
const WORD = {
  type: word(OFFSET.type),
  idx: word(OFFSET.idx),
  val: word(OFFSET.val),
  sequence: word(OFFSET.sequence),
  ack: word(OFFSET.ack),
  payloadLength: word(OFFSET.payloadLength),
  what: word(OFFSET.what),
  cpu: word(OFFSET.cpu),
  timeA: word(OFFSET.timestamp),
  timeB: word(OFFSET.timestamp) + 1,
  data: word(OFFSET.data),
};

/** The first u16 of a u32 word in memory order. */
const firstHalf = LITTLE_ENDIAN ? (w: number) => w & 0xffff : (w: number) => w >>> 16;

const NANOS = 1_000_000_000;
/** 2^32 ns = 4 s + this many ns. */
const HIGH_SECONDS = 4;
const HIGH_NANOS = 2 ** 32 - HIGH_SECONDS * NANOS;
/** Up to here `high * HIGH_NANOS + low` stays below 2^53: 3.9 years of uptime. */
const EXACT_HIGH = Math.floor((Number.MAX_SAFE_INTEGER - 2 ** 32) / HIGH_NANOS);

function stampOf(cpu: number, sequence: number, high: number, low: number): Stamp {
  if (high > EXACT_HIGH) {
    const ns = (BigInt(high) << 32n) | BigInt(low);
    return { cpu, sequence, seconds: Number(ns / BigInt(NANOS)), nanos: Number(ns % BigInt(NANOS)) };
  }
  const rest = high * HIGH_NANOS + low;
  const carry = Math.floor(rest / NANOS);
  return { cpu, sequence, seconds: high * HIGH_SECONDS + carry, nanos: rest - carry * NANOS };
}

/**
 * Decodes the datagram at `words[start…]`.
 *
 * @param words the receive buffer as native-endian u32 (every field is 4-byte aligned), with a slot of a whole datagram
 * @param start index of the datagram's first word
 * @param length bytes received
 * @param sender nl_pid of the sender's address: only 0 is the kernel; fields inside the datagram can be forged
 */
export function decode(
  words: Uint32Array,
  start: number,
  length: number,
  sender: number,
): WireEvent | Acknowledgement | Refusal {
  if (sender !== 0) return 'foreign';
  if (length < SIZE.nlmsghdr + SIZE.cnMsg + SIZE.oldProcEvent) return 'malformed';
  if (
    words[start] > length ||
    words[start] < SIZE.nlmsghdr + SIZE.cnMsg + SIZE.oldProcEvent ||
    firstHalf(words[start + WORD.type]) !== NLMSG_DONE ||
    words[start + WORD.idx] !== CN_IDX_PROC ||
    words[start + WORD.val] !== CN_VAL_PROC
  )
    return 'malformed';
  const payload = firstHalf(words[start + WORD.payloadLength]);
  if (payload < SIZE.oldProcEvent || SIZE.nlmsghdr + SIZE.cnMsg + payload > length) return 'malformed';
  // A shorter event of an old kernel ends before the newer fields; what an earlier datagram left there is not its own.
  if (payload < SIZE.procEvent) {
    words.fill(0, start + word(SIZE.nlmsghdr + SIZE.cnMsg + payload), start + word(SIZE.datagram));
  }
  const what = words[start + WORD.what];
  if (what === 0) return { kind: 'ack', token: words[start + WORD.ack], error: words[start + WORD.data] };
  const row = rowFor(what);
  if (row === undefined) return 'unknown';
  const first = words[start + WORD.timeA];
  const second = words[start + WORD.timeB];
  const stamp = stampOf(
    words[start + WORD.cpu],
    words[start + WORD.sequence],
    LITTLE_ENDIAN ? second : first,
    LITTLE_ENDIAN ? first : second,
  );
  return row.read(stamp, words, start + WORD.data);
}

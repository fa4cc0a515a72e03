/**
 * Blocks of a compressed recording. Each is a gzip member of its own (RFC 1952, section 2.2), so that a machine that goes down loses no more
 * than the last one, and tells its own size in an extra field, so that a file can be repaired, and searched, without unpacking it.
 */
import { crc32, deflateRawSync } from 'node:zlib';

/** ID1, ID2, CM (deflate), FLG (FEXTRA), MTIME, XFL, OS (Unix), XLEN: what stands before the extra field. */
const MAGIC = [0x1f, 0x8b, 8, 4] as const;
const AT = { time: 4, os: 9, extraLength: 10, extra: 12, size: 16, data: 20 } as const;
const UNIX = 3;
/** `PW`, and four bytes: the size of the whole member. */
const FIELD = [0x50, 0x57, 4, 0] as const;
const TRAILER_BYTES = 8;
/** JSON Lines repeat themselves: more effort gains little. */
const LEVEL = 3;

/** @param seconds wall clock of the first line in it */
export function memberOf(block: Uint8Array, seconds: number): Uint8Array {
  const packed = deflateRawSync(block, { level: LEVEL });
  const member = Buffer.alloc(AT.data + packed.length + TRAILER_BYTES);
  member.set(MAGIC);
  member.writeUInt32LE(seconds >>> 0, AT.time);
  member[AT.os] = UNIX;
  member.writeUInt16LE(AT.data - AT.extra, AT.extraLength);
  member.set(FIELD, AT.extra);
  member.writeUInt32LE(member.length, AT.size);
  member.set(packed, AT.data);
  member.writeUInt32LE(crc32(Buffer.from(block)), AT.data + packed.length);
  member.writeUInt32LE(block.length >>> 0, AT.data + packed.length + 4);
  return member;
}

const matches = (bytes: Uint8Array, at: number, expected: readonly number[]): boolean =>
  expected.every((byte, i) => at + i >= bytes.length || bytes[at + i] === byte);

/** Of the member whose first bytes these are. `cut`: it is not all there; `foreign`: somebody else has made it. */
export function sizeOfMember(bytes: Uint8Array): number | 'cut' | 'foreign' {
  if (bytes.subarray(0, AT.data).every((byte) => byte === 0)) return 'cut';
  if (!matches(bytes, 0, MAGIC) || !matches(bytes, AT.extra, FIELD)) return 'foreign';
  if (bytes.length < AT.data) return 'cut';
  const size = Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32LE(AT.size);
  return size < AT.data + TRAILER_BYTES ? 'cut' : size;
}

/** Wall clock of its first line, in seconds. */
export const secondsOfMember = (bytes: Uint8Array): number =>
  Buffer.from(bytes.buffer, bytes.byteOffset).readUInt32LE(AT.time);

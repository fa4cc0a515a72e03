/**
 * Generic netlink messages: requests as bytes, answers taken apart. Reads go by the host's words, and never past what a message says
 * about itself. Pure.
 */
import { LITTLE_ENDIAN } from '../netlink/abi.ts';
import { ATTRIBUTE_TYPE, HEADER, NLM_F, NLMSG_ERROR } from './abi.ts';

export interface Request {
  readonly family: number;
  readonly command: number;
  readonly attribute: number;
  readonly value: Uint8Array;
}

const aligned = (bytes: number): number => Math.ceil(bytes / HEADER.align) * HEADER.align;

/** One request with one attribute, to be acknowledged. */
export function encodeRequest({ family, command, attribute, value }: Request): Uint8Array {
  const attributeAt = HEADER.netlink + HEADER.generic;
  const bytes = new Uint8Array(attributeAt + HEADER.attribute + aligned(value.length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, bytes.length, LITTLE_ENDIAN);
  view.setUint16(4, family, LITTLE_ENDIAN);
  view.setUint16(6, NLM_F.request | NLM_F.acknowledge, LITTLE_ENDIAN);
  view.setUint8(HEADER.netlink, command);
  view.setUint8(HEADER.netlink + 1, 1);
  view.setUint16(attributeAt, HEADER.attribute + value.length, LITTLE_ENDIAN);
  view.setUint16(attributeAt + 2, attribute, LITTLE_ENDIAN);
  bytes.set(value, attributeAt + HEADER.attribute);
  return bytes;
}

/** Text as an attribute's value. */
export const textValue = (text: string): Uint8Array => Buffer.from(`${text}\0`);

/** A message in a slot of words: where it begins, and where what was received of it ends, in bytes. */
export interface Extent {
  readonly start: number;
  readonly end: number;
}

const low16 = (word: number): number => (LITTLE_ENDIAN ? word & 0xffff : word >>> 16);
const high16 = (word: number): number => (LITTLE_ENDIAN ? word >>> 16 : word & 0xffff);

/** nlmsg_type and command of the message at `start`; undefined if it is shorter than its header or than it says. */
export function headerAt(
  words: Uint32Array,
  { start, end }: Extent,
): { readonly type: number; readonly command: number; readonly end: number } | undefined {
  if (end - start < HEADER.netlink + HEADER.generic) return undefined;
  const length = words[start / 4];
  if (length < HEADER.netlink + HEADER.generic || length > end - start) return undefined;
  const command = new Uint8Array(words.buffer, words.byteOffset + start + HEADER.netlink, 1)[0];
  return { type: low16(words[start / 4 + 1]), command, end: start + length };
}

/** The errno of an answer that is one (0: acknowledged); undefined if it is another message. */
export function errorAt(words: Uint32Array, { start, end }: Extent): number | undefined {
  if (end - start < HEADER.netlink + 4 || low16(words[start / 4 + 1]) !== NLMSG_ERROR) return undefined;
  return -(words[start / 4 + HEADER.netlink / 4] | 0);
}

/** Where the attributes of a generic netlink message begin. */
export const attributesOf = (start: number): number => start + HEADER.netlink + HEADER.generic;

/**
 * The value of the first attribute of this type between two offsets; undefined if there is none. Attributes in between, padding
 * among them, are passed over; one that claims more than there is ends the walk.
 */
export function attributeIn(words: Uint32Array, start: number, end: number, type: number): Extent | undefined {
  for (let at = start; at + HEADER.attribute <= end; ) {
    const head = words[at / 4];
    const length = low16(head);
    if (length < HEADER.attribute || at + length > end) return undefined;
    if ((high16(head) & ATTRIBUTE_TYPE) === type) return { start: at + HEADER.attribute, end: at + length };
    at += aligned(length);
  }
  return undefined;
}

/** The u16 at a multiple of 4. */
export const u16At = (words: Uint32Array, at: number): number => low16(words[at / 4]);

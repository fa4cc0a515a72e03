/**
 * From a datagram of the family TASKSTATS to the account of one thread that ended. Never throws: what is not understood is undefined.
 * Copies all it keeps, since the buffer is used again. Pure.
 */
import { LITTLE_ENDIAN } from '../netlink/abi.ts';
import { type Text, textOf } from '../process/text.ts';
import { TASKSTATS } from './abi.ts';
import { attributeIn, attributesOf, type Extent, headerAt, u16At } from './genetlink.ts';
import { FIELD_NAMES, type FieldName, LAYOUT, offsetOf } from './layout.ts';

/** A `struct taskstats`: a field that this version of it has not got is absent. */
export type Stats = { readonly [Name in Exclude<FieldName, 'comm'>]?: number } & { readonly comm?: Text };

export interface ThreadEnd {
  readonly tid: number;
  readonly stats: Stats;
  /** Only with the last thread of a process that had several: the sums of all, times and context switches alone. */
  readonly process: { readonly tgid: number; readonly stats: Stats } | undefined;
}

type Reader = (words: Uint32Array, at: number) => number;
const TWO_32 = 2 ** 32;
const READ: Record<1 | 4 | 8, Reader> = {
  1: (words, at) => new Uint8Array(words.buffer, words.byteOffset + at, 1)[0],
  4: (words, at) => words[at / 4],
  8: LITTLE_ENDIAN
    ? (words, at) => words[at / 4] + words[at / 4 + 1] * TWO_32
    : (words, at) => words[at / 4] * TWO_32 + words[at / 4 + 1],
};

function textAt(words: Uint32Array, at: number, bytes: number): Text {
  const field = new Uint8Array(words.buffer, words.byteOffset + at, bytes);
  const end = field.indexOf(0);
  return textOf(end < 0 ? field : field.subarray(0, end));
}

interface Place {
  readonly name: Exclude<FieldName, 'comm'>;
  readonly read: Reader;
  readonly offset: number;
}

/** Where everything is in a struct of one version and size: worked out once, since a running kernel has one. */
interface Places {
  readonly version: number;
  readonly size: number;
  readonly numbers: readonly Place[];
  readonly comm: number | undefined;
}

function placesOf(version: number, size: number): Places {
  const numbers = FIELD_NAMES.flatMap((name): Place[] => {
    const offset = offsetOf(name, version, size);
    const { bytes } = LAYOUT[name];
    return offset === undefined || name === 'comm' || bytes === 32 ? [] : [{ name, read: READ[bytes], offset }];
  });
  return { version, size, numbers, comm: offsetOf('comm', version, size) };
}

let places: Places | undefined;

function statsIn(words: Uint32Array, { start, end }: Extent): Stats | undefined {
  if (end - start < 4) return undefined;
  const version = u16At(words, start);
  const size = end - start;
  if (places?.version !== version || places.size !== size) places = placesOf(version, size);
  if (places.numbers.length === 0) return undefined;
  const stats: { -readonly [Name in Exclude<FieldName, 'comm'>]?: number } & { comm?: Text } = {};
  for (const { name, read, offset } of places.numbers) stats[name] = read(words, start + offset);
  if (places.comm !== undefined) stats.comm = textAt(words, start + places.comm, LAYOUT.comm.bytes);
  return stats;
}

/** What AGGR_PID and AGGR_TGID hold: whose it is, and the struct. */
function aggregateIn(words: Uint32Array, { start, end }: Extent, idType: number): [number, Stats] | undefined {
  const id = attributeIn(words, start, end, idType);
  const struct = attributeIn(words, start, end, TASKSTATS.attributes.stats);
  const stats = struct && statsIn(words, struct);
  if (id === undefined || id.end - id.start < 4 || stats === undefined) return undefined;
  return [words[id.start / 4], stats];
}

/** `datagram` begins at a multiple of 4. */
export function decodeThreadEnd(words: Uint32Array, datagram: Extent, family: number): ThreadEnd | undefined {
  const { attributes, commands } = TASKSTATS;
  const header = headerAt(words, datagram);
  if (header === undefined || header.type !== family || header.command !== commands.fresh) return undefined;
  const first = attributesOf(datagram.start);
  const ofThread = attributeIn(words, first, header.end, attributes.ofThread);
  const ofProcess = attributeIn(words, first, header.end, attributes.ofProcess);
  const thread = ofThread && aggregateIn(words, ofThread, attributes.pid);
  const process = ofProcess && aggregateIn(words, ofProcess, attributes.tgid);
  if (thread === undefined) return undefined;
  const [tid, stats] = thread;
  return { tid, stats, process: process && { tgid: process[0], stats: process[1] } };
}

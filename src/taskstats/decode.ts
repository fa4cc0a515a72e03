/**
 * From a datagram of the family TASKSTATS to the account of one thread that ended. Never throws: what is not understood is undefined.
 * Copies all it keeps, since the buffer is used again. Pure.
 */
import { LITTLE_ENDIAN } from '../netlink/abi.ts';
import { type Text, textOf } from '../process/text.ts';
import type { Account } from '../usage/account.ts';
import { TASKSTATS } from './abi.ts';
import { attributeIn, attributesOf, type Extent, headerAt, u16At } from './genetlink.ts';
import { FIELD_NAMES, type FieldName, LAYOUT, offsetOf } from './layout.ts';

/**
 * A `struct taskstats`, as the account it is in most cases: that of a process with one thread. A field that this version of it has not got
 * is undefined.
 */
export interface Stats extends Account {
  readonly flag: number;
  readonly tid: number | undefined;
  readonly tgid: number | undefined;
  /** Of this thread, and of its process. */
  readonly elapsedMicros: number | undefined;
  readonly processElapsedMicros: number | undefined;
}

export interface ThreadEnd {
  readonly tid: number;
  readonly stats: Stats;
  /** Only with the last thread of a process that had several: the sums of all, times and context switches alone. */
  readonly process: { readonly tgid: number; readonly stats: Stats } | undefined;
}

type Reader = (words: Uint32Array, at: number) => number;
const TWO_32 = 2 ** 32;
const READ: Record<1 | 4 | 8, Reader> = {
  1: LITTLE_ENDIAN
    ? (words, at) => (words[at >> 2] >>> ((at & 3) * 8)) & 0xff
    : (words, at) => (words[at >> 2] >>> ((3 - (at & 3)) * 8)) & 0xff,
  4: (words, at) => words[at / 4],
  8: LITTLE_ENDIAN
    ? (words, at) => words[at / 4] + words[at / 4 + 1] * TWO_32
    : (words, at) => words[at / 4] * TWO_32 + words[at / 4 + 1],
};

/** The text decoded last, and its words: thousands of processes of one name end one after another. */
let latest: { readonly words: Uint32Array; readonly text: Text } | undefined;

function textAt(words: Uint32Array, at: number, bytes: number): Text {
  if (latest?.words.every((word, i) => word === words[at / 4 + i])) return latest.text;
  const field = new Uint8Array(words.buffer, words.byteOffset + at, bytes);
  const end = field.indexOf(0);
  const text = textOf(end < 0 ? field : field.subarray(0, end));
  latest = { words: words.slice(at / 4, (at + bytes) / 4), text };
  return text;
}

/** Where everything is in a struct of one version and size: worked out once, since a running kernel has one. */
interface Places {
  readonly version: number;
  readonly size: number;
  readonly offsets: { readonly [Name in FieldName]: number | undefined };
}

function placesOf(version: number, size: number): Places {
  const offsets = Object.fromEntries(FIELD_NAMES.map((name) => [name, offsetOf(name, version, size)]));
  return { version, size, offsets: offsets as Places['offsets'] };
}

let places: Places | undefined;

function placesFor(words: Uint32Array, { start, end }: Extent): Places | undefined {
  if (end - start < 4) return undefined;
  const version = u16At(words, start);
  const size = end - start;
  if (places?.version !== version || places.size !== size) places = placesOf(version, size);
  // The oldest field of all: where it is not, nothing is.
  return places.offsets.flag === undefined ? undefined : places;
}

/** One literal, so that all accounts have one shape: they are made by the ten thousand a second. */
function statsIn(words: Uint32Array, struct: Extent): Stats | undefined {
  const offsets = placesFor(words, struct)?.offsets;
  if (offsets?.flag === undefined) return undefined;
  const { start } = struct;
  const u32 = (at: number | undefined) => (at === undefined ? undefined : READ[4](words, start + at));
  const u64 = (at: number | undefined) => (at === undefined ? undefined : READ[8](words, start + at));
  const exeInode = u64(offsets.exeInode);
  return {
    flag: READ[1](words, start + offsets.flag),
    tid: u32(offsets.tid),
    tgid: u32(offsets.tgid),
    elapsedMicros: u64(offsets.elapsedMicros),
    processElapsedMicros: u64(offsets.processElapsedMicros),
    comm: offsets.comm === undefined ? undefined : textAt(words, start + offsets.comm, LAYOUT.comm.bytes),
    uid: u32(offsets.uid),
    ppid: u32(offsets.ppid) || undefined,
    cpuNanos: u64(offsets.cpuNanos),
    cpuIsLowerBound: true,
    userMicros: u64(offsets.userMicros),
    systemMicros: u64(offsets.systemMicros),
    maxRssKib: u64(offsets.maxRssKib),
    minorFaults: u64(offsets.minorFaults),
    majorFaults: u64(offsets.majorFaults),
    readBytes: u64(offsets.readBytes),
    writeBytes: u64(offsets.writeBytes),
    voluntarySwitches: u64(offsets.voluntarySwitches),
    involuntarySwitches: u64(offsets.involuntarySwitches),
    exeInode: Number.isSafeInteger(exeInode) ? exeInode || undefined : undefined,
    ioDelayNanos: u64(offsets.ioDelayNanos),
    gid: u32(offsets.gid),
  };
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

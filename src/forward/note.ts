/** What a forwarder remembers: of each file how far it was read, and of each stream which records are kept by the engine. */

import type { Stream } from '../nats/batcher.ts';
import { Covered } from '../nats/covered.ts';

export interface FilePlace {
  /** After the last line that was sent and acknowledged. */
  readonly offset: number;
  /** Which lines stand there: a file may have got the inode of one that was removed. */
  readonly first: string;
  readonly stream: Stream;
  /** The number of the last record before. */
  readonly seq: number;
}

export interface Note {
  readonly files: Map<string, FilePlace>;
  readonly streams: Map<string, Covered>;
}

export const keyOf = ({ token, bootId, run }: Stream): string => `${token} ${bootId} ${run}`;

/** So many streams are remembered, those that were heard of last: files of older ones are gone, or have their own places. */
const MOST_STREAMS = 1000;
const VERSION = 1;

export function noteText({ files, streams }: Note): string {
  const kept = [...streams].slice(-MOST_STREAMS).map(([key, covered]) => [key, covered.toJSON()]);
  return `${JSON.stringify({ v: VERSION, files: Object.fromEntries(files), streams: Object.fromEntries(kept) })}\n`;
}

/** Undefined for what is no note. */
export function noteFrom(text: string): Note | undefined {
  try {
    const { v, files, streams } = JSON.parse(text);
    if (v !== VERSION) return undefined;
    const ranges = Object.entries<[number, number][]>(streams).map(([key, list]) => [key, Covered.from(list)] as const);
    return { files: new Map(Object.entries<FilePlace>(files)), streams: new Map(ranges) };
  } catch {
    return undefined;
  }
}

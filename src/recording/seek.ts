/**
 * Where in a file a moment stands: plain lines are in the order of time but for a few seconds, so that halving finds it. Our compressed files
 * are hopped through from block to block; those of others are read from their beginning.
 */
import type { ReadableFile } from '../host/files.ts';
import type { Host } from '../host/host.ts';
import { compareMoments, type Moment } from '../process/moment.ts';
import { openToRead } from './file-source.ts';
import { secondsOfMember, sizeOfMember } from './gzip-member.ts';
import { eventAt, wallAt } from './line-head.ts';

/** Looked at in one place: some hundred lines. */
const LOOK_BYTES = 64 * 1024;
/** What is settled late stands that much later at the most. */
const LATE_SECONDS = 10;
const NEWLINE = 10;
const BRACE = 123;

/** A line that begins at this place of the file or behind it, and when that was; undefined where there is none near. */
async function lineFrom(
  file: ReadableFile,
  at: number,
): Promise<{ readonly from: number; readonly wall: Moment } | undefined> {
  const bytes = Buffer.alloc(LOOK_BYTES);
  const count = await file.read(bytes, at);
  let from = at === 0 ? 0 : bytes.indexOf(NEWLINE) + 1;
  if (at > 0 && from === 0) return undefined;
  for (;;) {
    const to = bytes.indexOf(NEWLINE, from);
    if (to < 0 || to >= count) return undefined;
    if (eventAt(bytes, from, to) >= 0) return { from: at + from, wall: wallAt(bytes, from) };
    from = to + 1;
  }
}

/** The beginning of a line that is surely no later than the moment. */
async function find(file: ReadableFile, moment: Moment): Promise<number> {
  const sought = { seconds: moment.seconds - LATE_SECONDS, nanos: moment.nanos };
  let low = 0;
  let lowLine = 0;
  let high = file.size();
  while (high - low > LOOK_BYTES) {
    const middle = Math.floor((low + high) / 2);
    const line = await lineFrom(file, middle);
    if (line !== undefined && compareMoments(line.wall, sought) < 0) {
      low = middle;
      lowLine = line.from;
    } else high = middle;
  }
  return lowLine;
}

const MEMBER_HEAD_BYTES = 32;

/** The last block that begins no later than the moment. */
async function findMember(file: ReadableFile, moment: Moment | 'end'): Promise<number> {
  const sought = moment === 'end' ? Number.POSITIVE_INFINITY : moment.seconds - LATE_SECONDS;
  const head = Buffer.alloc(MEMBER_HEAD_BYTES);
  let place = 0;
  for (let at = 0; ; ) {
    const count = await file.read(head, at);
    const size = count === 0 ? 'cut' : sizeOfMember(head.subarray(0, count));
    if (typeof size === 'string' || secondsOfMember(head) > sought) return place;
    place = at;
    at += size;
  }
}

/** @param moment `end`: of the last lines */
export async function placeOf(host: Pick<Host, 'fileSystem'>, path: string, moment: Moment | 'end'): Promise<number> {
  const file = openToRead(host, path);
  try {
    const first = Buffer.alloc(1);
    if (!file.isRegular || (await file.read(first, 0)) === 0) return 0;
    if (first[0] !== BRACE) return await findMember(file, moment);
    if (moment !== 'end') return await find(file, moment);
    const line = await lineFrom(file, Math.max(0, file.size() - LOOK_BYTES));
    return line?.from ?? 0;
  } finally {
    file.close();
  }
}

/** What a machine that went down left at the end of a file, taken out before something is written behind it: whole lines only, ever. */
import type { AppendedFile } from '../host/files.ts';
import { sizeOfMember } from './gzip-member.ts';

const NEWLINE = 10;
const LOOK_BYTES = 64 * 1024;
const HEAD_BYTES = 32;
/** No line of ours is longer. */
const MOST_BYTES = 16 * 2 ** 20;
const OURS = '{"v":';

type File = Pick<AppendedFile, 'size' | 'readSync' | 'append' | 'truncate'>;

/** The bytes behind the last end of a line. */
function restOf(file: File): Buffer {
  const size = file.size();
  for (let look = LOOK_BYTES; ; look *= 4) {
    const from = Math.max(0, size - look);
    const tail = Buffer.from(file.readSync(from, size - from));
    const end = tail.lastIndexOf(NEWLINE);
    if (end >= 0 || from === 0 || look > MOST_BYTES) return tail.subarray(end + 1);
  }
}

const isZeros = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

/** Half a line of ours goes, and zeros go; what somebody else has written is ended, so that it is a line. */
export function repairLines(file: File): void {
  const rest = restOf(file);
  if (rest.length === 0) return;
  const isOurs = rest.toString('latin1', 0, OURS.length) === OURS.slice(0, rest.length);
  if (isOurs || isZeros(rest)) file.truncate(file.size() - rest.length);
  else file.append(Uint8Array.of(NEWLINE));
}

/**
 * Of a compressed file the last block goes if it is not whole. Returns false for a file that somebody else has compressed: what is cut off
 * there nobody can see without unpacking it.
 */
export function repairMembers(file: File): boolean {
  const size = file.size();
  for (let at = 0; at < size; ) {
    const member = sizeOfMember(file.readSync(at, HEAD_BYTES));
    if (member === 'foreign') return false;
    if (member === 'cut' || at + member > size) {
      file.truncate(at);
      return true;
    }
    at += member;
  }
  return true;
}

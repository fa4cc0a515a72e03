/** The same of compressed recordings. A file of its own: whoever writes plain lines needs no zlib, which takes Node.js some milliseconds to load. */
import { sizeOfMember } from './gzip-member.ts';
import type { File } from './repair.ts';

const HEAD_BYTES = 32;

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

/** What a machine that went down left at the end of a compressed file, taken out before something is written behind it: whole blocks only. */
import type { AppendedFile } from '../host/files.ts';
import { sizeOfMember } from './gzip-member.ts';

const HEAD_BYTES = 32;

type File = Pick<AppendedFile, 'size' | 'readSync' | 'truncate'>;

/**
 * The last block goes if it is not whole. Returns false for a file that somebody else has compressed: what is cut off
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

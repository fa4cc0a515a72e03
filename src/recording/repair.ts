/** What a machine that went down left at the end of a file of lines, taken out before something is written behind it: whole lines only, ever. */
import type { AppendedFile } from '../host/files.ts';

const NEWLINE = 10;
const LOOK_BYTES = 64 * 1024;
/** No line of ours is longer. */
const MOST_BYTES = 16 * 2 ** 20;
const OURS = '{"v":';

export type File = Pick<AppendedFile, 'size' | 'readSync' | 'append' | 'truncate'>;

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

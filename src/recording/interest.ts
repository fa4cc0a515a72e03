/** Which lines of a recording have to be parsed: what is surely not asked for is seen in their bytes. */
import { codeOf, nameCode } from './line-head.ts';

const CLEAN_END = Buffer.from('"wait_status":0,');
const EXIT = codeOf('exit');

/** Records that say what the recording is, and what it lacks, are always read. */
const ALWAYS = ['start', 'end', 'lost'];

/**
 * @param events names of those that may be shown
 * @param ends `failures`: a clean end is not needed
 */
export function interestIn(
  events: readonly string[],
  ends: 'all' | 'failures',
): (bytes: Buffer, from: number, event: number, to: number) => boolean {
  const codes = new Set([...ALWAYS, ...events].map(codeOf));
  return (bytes, _, event, to) => {
    const code = nameCode(bytes, event);
    if (!codes.has(code)) return false;
    if (code !== EXIT || ends === 'all') return true;
    const clean = bytes.indexOf(CLEAN_END, event);
    return clean < 0 || clean >= to;
  };
}

/** Whose a recording is, by its first line: read before anything is shown, since what is shown depends on whether there are several. */

import type { Expected } from './hosts.ts';
import type { LineSource } from './line-source.ts';
import { LineSplitter } from './line-splitter.ts';
import { type ReadRecord, readRecord } from './row.ts';
import { unpacked } from './unpacked.ts';

async function firstOf(source: LineSource): Promise<ReadRecord | undefined> {
  let first: ReadRecord | undefined;
  const splitter = new LineSplitter(
    (bytes, from, to) => {
      first ??= readRecord(bytes.toString('utf8', from, to), 'without usage');
    },
    () => {},
  );
  for await (const piece of unpacked(source.name, source.pieces, () => {})) {
    splitter.push(piece.subarray(0, FIRST_BYTES));
    break;
  }
  return first;
}

/** Of a piece no more is looked at. */
const FIRST_BYTES = 64 * 1024;

/** @param sources opened for this alone */
export async function expectedOf(sources: readonly LineSource[]): Promise<Expected> {
  const firsts = await Promise.all(sources.map(firstOf));
  const hosts = new Set(firsts.flatMap((first) => first?.told.host ?? []));
  return hosts.size > 1 || firsts.some((first) => first?.told.namesHost) ? 'several' : 'unknown';
}

/** Files of a recording that have ended, on the disk: numbered, never overwritten, and no more than are to be kept. */
import type { Files } from '../host/files.ts';
import { directoryOf, numbered, numbersIn } from './file-names.ts';

const numbersOf = (files: Files, path: string): number[] => numbersIn(files.names(directoryOf(path)), path);

/** Higher than any that is there: numbering goes on after a restart. */
export const nextName = (files: Files, path: string): string =>
  numbered(path, (numbersOf(files, path).at(-1) ?? 0) + 1);

/** The next number for the file that has this name. */
export function setAside(files: Files, path: string): void {
  files.rename(path, nextName(files, path));
}

/** @param keep how many stay; all where it is undefined */
export function discardOldest(files: Files, path: string, keep: number | undefined): void {
  if (keep === undefined) return;
  for (const number of numbersOf(files, path).slice(0, -keep)) files.remove(numbered(path, number));
}

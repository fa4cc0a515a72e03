/** Names of the files of a recording: the one that is written has its own name, those that have ended are numbered, from the oldest up. Pure. */

/** What a name ends in stays at its end, so that every tool knows what the file is. */
const ENDINGS = /(?:\.(?:jsonl|json|ndjson|log))?(?:\.(?:gz|zst))?$/;
const DIGITS = 6;

function split(path: string): readonly [stem: string, ending: string] {
  const [ending] = ENDINGS.exec(path) ?? [''];
  // A file that is called `.gz` has no other name.
  const stem = path.slice(0, path.length - ending.length);
  return stem === '' || stem.endsWith('/') ? [path, ''] : [stem, ending];
}

/** `night.jsonl.gz` and 7: `night.000007.jsonl.gz`. */
export function numbered(path: string, number: number): string {
  const [stem, ending] = split(path);
  return `${stem}.${String(number).padStart(DIGITS, '0')}${ending}`;
}

export const directoryOf = (path: string): string => {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? '.' : path.slice(0, slash) || '/';
};

const baseOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** The numbers that are taken, lowest first. */
export function numbersIn(names: readonly string[], path: string): number[] {
  const [stem, ending] = split(baseOf(path));
  const numbers = names.flatMap((name) => {
    if (!name.startsWith(`${stem}.`) || !name.endsWith(ending)) return [];
    const digits = name.slice(stem.length + 1, name.length - ending.length);
    return /^\d{6,12}$/.test(digits) ? [Number(digits)] : [];
  });
  return numbers.sort((a, b) => a - b);
}

export type Packing = 'plain' | 'gzip' | 'zstd';

export const packingOf = (path: string): Packing =>
  path.endsWith('.gz') ? 'gzip' : path.endsWith('.zst') ? 'zstd' : 'plain';

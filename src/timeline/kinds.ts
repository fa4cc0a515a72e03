/** THE table of files a timeline can become: the end of the name chooses. Help, manual and the writers derive from it. */

export const KINDS = {
  html: { suffixes: ['.html', '.htm'], meaning: 'a page of its own that opens anywhere' },
  perfetto: { suffixes: ['.pftrace'], meaning: 'for Perfetto (https://ui.perfetto.dev)' },
  chrome: { suffixes: ['.json', '.json.gz'], meaning: 'Chrome trace events, for most other viewers' },
} as const satisfies Record<string, { readonly suffixes: readonly string[]; readonly meaning: string }>;

export type Kind = keyof typeof KINDS;

export const DEFAULT_FILE = 'procwatch-timeline.html';

/** Undefined for a name that says nothing. */
export function kindOf(path: string): Kind | undefined {
  const found = Object.entries(KINDS).find(([, { suffixes }]) => suffixes.some((suffix) => path.endsWith(suffix)));
  return found?.[0] as Kind | undefined;
}

/** `.html (a page …), .pftrace (…)`. */
export const KINDS_IN_WORDS = Object.values(KINDS)
  .map(({ suffixes, meaning }) => `${suffixes.join(' or ')} (${meaning})`)
  .join(', ');

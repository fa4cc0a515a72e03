/** The name somebody probably meant. Pure. */

/** Edits (insert, delete, replace, swap of neighbours) from one word to the other: the distance of Damerau and Levenshtein. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, i) => i)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = rows[i - 1][j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwap ? rows[i - 2][j - 2] + 1 : replaced;
      row[j] = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, replaced, swapped);
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}

/** Undefined if nothing is close: more than a third of the word would have to change. */
export function nearest<Name extends string>(text: string, names: readonly Name[]): Name | undefined {
  const word = text.toLowerCase();
  const ranked = names
    .map((name) => ({ name, edits: name.startsWith(word) && word.length > 1 ? 0 : distance(word, name) }))
    .sort((a, b) => a.edits - b.edits);
  const [best] = ranked;
  return best !== undefined && best.edits <= Math.ceil(word.length / 3) ? best.name : undefined;
}

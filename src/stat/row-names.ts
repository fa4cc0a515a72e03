/** What a row is called: foreign text made safe, and words of our own, in parentheses, for rows without a name. Pure. */
import { escapeText } from '../format/escape.ts';
import type { Text } from '../process/text.ts';
import type { Row } from './group.ts';
import type { Grouping } from './grouping.ts';

export type UserName = (uid: number) => Text | undefined;

/** The name as text from outside; undefined for what has none. */
export function foreignName({ name }: Row, { isUser }: Grouping, userName: UserName): Text | undefined {
  return isUser && typeof name === 'string' ? (userName(Number(name)) ?? name) : name;
}

/** Safe for a terminal. */
export function shownName(row: Row, grouping: Grouping, userName: UserName): string {
  if (row.folded > 0) return `(${row.folded} others)`;
  const name = foreignName(row, grouping, userName);
  return name === undefined ? '(unknown)' : escapeText(name);
}

/**
 * Titles: a program may write over its arguments what `ps` is to show, and fills the rest of their room with zeros. Read back, each of these
 * looks like an empty argument. Source: setproctitle(3), fs/proc/base.c (`get_mm_cmdline`).
 */
import { readable, type Text } from './text.ts';

const EMPTY = '';
const base = (path: string): string => path.slice(path.lastIndexOf('/') + 1);

/** Whether the first argument is what a program is started by, and not a title. */
function isProgram(
  first: string,
  { comm, exe }: { readonly comm?: Text | undefined; readonly exe?: Text | undefined },
): boolean {
  const program = exe && readable(exe);
  if (first === program) return true;
  if (first.includes(' ')) return false;
  // A login shell has a dash before its name.
  const name = base(first).replace(/^-/, '');
  return (program !== undefined && name === base(program)) || (comm !== undefined && name.startsWith(readable(comm)));
}

/** Whether these could be a title and its padding. */
export const mayBePadded = (args: readonly Text[]): boolean =>
  args.length > 1 && args.every((text, i) => i === 0 || text === EMPTY);

/** Arguments as they are meant: without the padding of a title. Empty arguments of a program stay. */
export function withoutPadding(
  args: readonly Text[],
  who: { readonly comm?: Text | undefined; readonly exe?: Text | undefined },
): readonly Text[] {
  return mayBePadded(args) && !isProgram(readable(args[0]), who) ? args.slice(0, 1) : args;
}

/** What a terminal is told, as text: the alternate screen, frames that replace each other in place, and the way back. Pure. */
import { widthOf } from '../format/width.ts';

const ESC = '\x1b[';

/** The alternate screen, without cursor, and long lines are cut and not wrapped while the window changes its size. */
export const ENTER = `${ESC}?1049h${ESC}?25l${ESC}?7l`;
/** All of it undone. */
export const LEAVE = `${ESC}0m${ESC}?7h${ESC}?25h${ESC}?1049l`;

const HOME = `${ESC}H`;
const CLEAR = `${ESC}2J`;
const CLEAR_LINE = `${ESC}K`;
const CLEAR_BELOW = `${ESC}J`;

const COLOURS = new RegExp(`${ESC.replace('[', '\\[')}[0-9;]*m`, 'g');

/** A frame over the one before. In a window of another size nothing of that one may stay. */
export function frame(lines: readonly string[], width: number, isFresh: boolean): string {
  // A line that fills the window needs no clearing, and clearing there would take its last cell.
  const rows = lines.map((line) => (widthOf(line.replace(COLOURS, '')) < width ? line + CLEAR_LINE : line));
  return `${isFresh ? CLEAR : ''}${HOME}${rows.join('\r\n')}${CLEAR_BELOW}`;
}

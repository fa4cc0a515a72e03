/** Text in terminal cells: wide characters take two, combining ones none. ASCII, which is nearly all, is measured by its length. */
import stringWidth from 'string-width';

const ASCII = /^[ -~]*$/;

export function widthOf(text: string): number {
  return ASCII.test(text) ? text.length : stringWidth(text);
}

export function pad(text: string, width: number, align: 'left' | 'right'): string {
  const missing = width - widthOf(text);
  if (missing <= 0) return text;
  const blanks = ' '.repeat(missing);
  return align === 'left' ? text + blanks : blanks + text;
}

let segmenter: Intl.Segmenter | undefined;

/** Letters that a cell may take (UTF-16): some scripts put any number of them into one. */
const LETTERS_A_CELL = 6;

/** At most `width` cells, and no more letters than fit them; what was cut is marked by an ellipsis. */
export function cut(text: string, width: number): string {
  if (width <= 0) return '';
  if (ASCII.test(text)) return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  const most = width * LETTERS_A_CELL;
  // What does not fit by any measure need not be measured.
  if (text.length > most) return cutToFit(text.slice(0, most), width);
  return stringWidth(text) <= width ? text : cutToFit(text, width);
}

function cutToFit(text: string, width: number): string {
  segmenter ??= new Intl.Segmenter();
  let out = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += Math.max(stringWidth(segment), segment.length / LETTERS_A_CELL);
    if (used > width - 1) break;
    out += segment;
  }
  return `${out}…`;
}

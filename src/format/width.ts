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

/** At most `width` cells; what was cut is marked by an ellipsis. */
export function cut(text: string, width: number): string {
  if (width <= 0) return '';
  if (ASCII.test(text)) return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
  if (stringWidth(text) <= width) return text;
  segmenter ??= new Intl.Segmenter();
  let out = '';
  let used = 0;
  for (const { segment } of segmenter.segment(text)) {
    used += stringWidth(segment);
    if (used > width - 1) break;
    out += segment;
  }
  return `${out}…`;
}

/** The findings as text for a terminal. */
import { plainTable } from '../format/plain-table.ts';
import { cut, widthOf } from '../format/width.ts';
import type { Findings, Section } from './findings.ts';

const FREE_WIDTH = 120;
const LEAST_TEXT = 24;
/** Between two columns. */
const GAP = 2;

function figureLine({ figures }: Findings): string {
  return figures
    .map(({ label, value, note }) => `${label} ${value}${note === undefined ? '' : ` (${note})`}`)
    .join(', ');
}

/** The last column is the one that may be long: it gets what the others leave. */
function sectionText({ title, about, columns, rows }: Section, width: number): string {
  const others = columns
    .slice(0, -1)
    .map((column, i) => rows.reduce((most, { cells }) => Math.max(most, widthOf(cells[i])), widthOf(column.title)));
  const room = Math.max(LEAST_TEXT, width - others.reduce((sum, cells) => sum + cells + GAP, 0));
  const table = plainTable(
    columns.map((column) => column.title.toUpperCase()),
    columns.map(({ align }) => align),
  );
  for (const { cells } of rows) table.push([...cells.slice(0, -1), cut(cells[cells.length - 1], room)]);
  return `${title}\n${about}\n${table.toString().replace(/ +$/gm, '')}`;
}

/** Ends with a newline. `width` is that of the window, where it is one. */
export function findingsText(findings: Findings, width = FREE_WIDTH): string {
  const parts = [figureLine(findings), ...findings.sections.map((section) => sectionText(section, width))];
  const missing = findings.missing.length === 0 ? [] : [findings.missing.join('\n')];
  return `${[...parts, ...missing].join('\n\n')}\n`;
}

/** What a measurement gives back, and how it is written as Markdown. Pure. */
import { figure, type Spread } from './statistics.ts';

/** One aim of the project, and what was measured against it: met when not above the limit. */
export interface Aim {
  readonly aim: number;
  readonly text: string;
  readonly limit: number;
  readonly unit: string;
  readonly measured: number | undefined;
  /** What stands between it and the limit, told where it is missed. */
  readonly why?: string;
}

export interface Result {
  /** As `--only` takes it. */
  readonly name: string;
  readonly title: string;
  /** What is measured, and how. */
  readonly what: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The figures of the table, for programs. */
  readonly figures: Readonly<Record<string, Readonly<Record<string, Spread | number | undefined>>>>;
  readonly aims: readonly Aim[];
  /** What was missing, and what a reader must know. */
  readonly notes: readonly string[];
}

export const isMet = ({ measured, limit }: Aim): boolean | undefined =>
  measured === undefined ? undefined : measured <= limit;

export function verdict(aim: Aim): string {
  const { measured, limit, unit } = aim;
  if (measured === undefined) return 'not measured';
  if (isMet(aim)) return 'met';
  return limit === 0 ? `missed by ${figure(measured)}${unit}` : `missed: ${figure(measured / limit)} times the aim`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');
const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = columns.map((_, index) => (index === 0 ? '---' : '---:'));
  return [line(columns), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n');
}

export function aimTable(aims: readonly Aim[]): string {
  const rows = aims.map((aim) => [
    `${aim.aim}. ${aim.text}`,
    `≤ ${figure(aim.limit)}${aim.unit}`,
    aim.measured === undefined ? '–' : `${figure(aim.measured)}${aim.unit}`,
    verdict(aim),
  ]);
  return table(['aim', 'limit', 'measured', 'verdict'], rows);
}

/** Why what is missed is missed, as far as it is known. */
function reasons(aims: readonly Aim[]): string[] {
  const missed = aims.filter((aim) => isMet(aim) === false);
  return missed.flatMap(({ aim, text, why }) => (why === undefined ? [] : [`- ${aim}. ${text}: ${why}`]));
}

export function section({ title, what, columns, rows, notes }: Result): string {
  const parts = [`## ${title}`, what, table(columns, rows), ...notes.map((note) => `- ${note}`)];
  return parts
    .join('\n\n')
    .replaceAll('\n\n- ', '\n- ')
    .replace(/\|\n- /, '|\n\n- ');
}

export function document(facts: readonly (readonly [string, string])[], results: readonly Result[]): string {
  const intro =
    'Written by `npm run bench`. Figures are medians of rounds that took turns, with the least and the most in parentheses.';
  const aims = results.flatMap((result) => result.aims).toSorted((a, b) => a.aim - b.aim);
  return `${[
    '# Results of the benchmark',
    intro,
    table(['where', 'what'], facts),
    '## Aims',
    aimTable(aims),
    ...(reasons(aims).length > 0 ? [reasons(aims).join('\n')] : []),
    ...results.map(section),
  ].join('\n\n')}\n`;
}

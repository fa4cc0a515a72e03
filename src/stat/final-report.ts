/** The census as it stands at the end: a plain table for people, or one JSON object a row. Pure. */
import { quotedText } from '../format/json-text.ts';
import { plainTable } from '../format/plain-table.ts';
import type { Text } from '../process/text.ts';
import type { Losses } from './census.ts';
import { type Column, columnsFor, sorted } from './columns.ts';
import type { Row } from './group.ts';
import type { GroupingName } from './grouping.ts';

export interface Report {
  readonly by: GroupingName;
  readonly sort: string;
  readonly withUsage: boolean;
  readonly rows: readonly Row[];
  readonly total: Row;
  readonly losses: Losses;
  readonly refused: number;
}

/** A rate stands behind what it is the rate of, so its head needs no more than that; alone it would. */
const headOf = ({ head, name }: Column): string => (head === '/S' ? name.replace('_per_s', '/s').toUpperCase() : head);

export function asTable(report: Report, nameOf: (row: Row) => string): string {
  const columns = columnsFor(report.withUsage);
  const table = plainTable([report.by.toUpperCase(), ...columns.map(headOf)]);
  for (const row of sorted(report.rows, report.sort)) {
    table.push([nameOf(row), ...columns.map(({ cell }) => cell(row))]);
  }
  table.push(['all', ...columns.map(({ cell }) => cell(report.total))]);
  return `${table.toString()}\n${lossLine(report.losses)}refused: ${report.refused}\n`;
}

function lossLine({ counted, uncounted }: Losses): string {
  const sum = Object.values(counted).reduce((a, b) => a + b, 0);
  const reasons = Object.entries(counted).map(([reason, count]) => `${count} ${reason}`);
  const gap = uncounted ? ['an unknown number while the kernel sent nothing'] : [];
  const details = [...reasons, ...gap];
  return `lost: ${sum}${details.length === 0 ? '' : ` (${details.join(', ')})`}\n`;
}

/**
 * The members are the columns; what is unknown is left out, the name among it. A row of folded names has none and says how many they are.
 */
export function asJson(report: Report, nameOf: (row: Row) => Text | undefined): string {
  const columns = columnsFor(report.withUsage);
  return sorted(report.rows, report.sort)
    .map((row) => {
      const name = row.folded > 0 ? undefined : nameOf(row);
      const members = [
        ...(name === undefined ? [] : quotedText(report.by, name)),
        ...(row.folded > 0 ? [`"folded":${row.folded}`] : []),
        ...columns.flatMap((column) => member(column, row)),
      ];
      return `{${members.join(',')}}\n`;
    })
    .join('');
}

function member({ name, value }: Column, row: Row): string[] {
  const found = value(row);
  if (found === undefined) return [];
  const bound = name === 'cpu_s' && row.cpuIsLowerBound ? ['"cpu_is_lower_bound":true'] : [];
  return [`${JSON.stringify(name)}:${found}`, ...bound];
}

/** Medians, ranges and percentiles, and how a figure is written. Pure. */

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly rounds: number;
}

/** The smallest value that at least this share of the values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Undefined where there is nothing to sum up, or a round gave no figure. */
export function spread(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined && Number.isFinite(value)) as number[];
  if (known.length === 0 || known.length < values.length) return undefined;
  return { median: median(known), least: Math.min(...known), most: Math.max(...known), rounds: known.length };
}

export function ratio(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined || b === 0 ? undefined : a / b;
}

/** `0.52 ×`, of something else. */
export const times = (factor: number | undefined, decimals = 2): string =>
  factor === undefined ? 'not measured' : `${factor.toFixed(decimals)} ×`;

/** Three digits that mean something: 0.0123, 1.23, 12.3, 123, 12,345. */
export function figure(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 100 || Number.isInteger(value)) return Math.round(value).toLocaleString('en-US');
  return size < 1e-4 ? value.toExponential(1) : value.toPrecision(3);
}

/** `1.52 (1.40–1.71)`; one round has no range. */
export function written(found: Spread | undefined): string {
  if (found === undefined) return '–';
  const { median, least, most } = found;
  return least === most ? figure(median) : `${figure(median)} (${figure(least)}–${figure(most)})`;
}

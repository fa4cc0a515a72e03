/** A diagnosis as text for people, and as one JSON object. Pure. */
import { EXIT } from '../errors.ts';
import { escapeText } from '../format/escape.ts';
import type { Checked, Diagnosis } from './checks.ts';

const CONCLUSION = {
  ok: 'watch works fully here.',
  degraded: 'watch works here, within the limits named above.',
  unavailable: 'watch cannot work here.',
  permission: 'watch needs more privilege here.',
} as const satisfies Record<Diagnosis['verdict'], string>;

/** As wide as the longest verdict, and the longest name. */
const VERDICT_WIDTH = 'unavailable'.length;
const nameWidth = (checks: readonly Checked[]): number => Math.max(...checks.map(({ name }) => name.length));

export function asText({ verdict, checks }: Diagnosis): string {
  const width = nameWidth(checks);
  const indent = ' '.repeat(VERDICT_WIDTH + width + 4);
  const lines = checks.flatMap(({ name, verdict: each, answer, fix }) => [
    `${each.padEnd(VERDICT_WIDTH)}  ${name.padEnd(width)}  ${escapeText(answer)}`,
    ...(fix === undefined ? [] : [`${indent}fix: ${escapeText(fix)}`]),
  ]);
  return `${lines.join('\n')}\n\n${CONCLUSION[verdict]}\n`;
}

export function asJson({ verdict, checks }: Diagnosis): string {
  return `${JSON.stringify({ v: 1, verdict, exit_code: EXIT[verdict].code, checks })}\n`;
}

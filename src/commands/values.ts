/** Readers for the values of options: text in, value out, or a usage failure that says what is allowed. Pure. */
import { Failure } from '../errors.ts';
import { nearest } from './nearest.ts';

const bad = (flag: string, text: string, allowed: string): Failure =>
  new Failure('usage', `${flag}: "${text}" is not valid`, `expected ${allowed}`);

const UNIT_MS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** `10`, `10s`, `2m`, `1h`, `500ms`, `1.5s` to milliseconds. */
export function readTime(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text);
  const milliseconds = match ? Number(match[1]) * UNIT_MS[match[2] ?? 's'] : Number.NaN;
  if (!Number.isFinite(milliseconds)) throw bad(flag, text, 'a time such as 10, 10s, 2m or 500ms');
  return milliseconds;
}

const UNIT_BYTES: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };

/** `64M`, `65536`, `1G`, `64MiB` to bytes; at most 2^30, since the kernel doubles what it gets and counts in an int. */
export function readSize(flag: string, text: string): number {
  const match = /^(\d+)\s*([kmg]?)(?:i?b)?$/i.exec(text);
  const bytes = match ? Number(match[1]) * UNIT_BYTES[match[2].toLowerCase()] : Number.NaN;
  if (!(bytes >= 1 && bytes <= 2 ** 30)) throw bad(flag, text, 'a size from 1 to 1G, such as 64M or 512K');
  return bytes;
}

const LARGE_UNITS: Record<string, number> = { ...UNIT_BYTES, t: 2 ** 40 };

/** As `readSize`, of disks: up to what a number holds. */
export function readAmount(flag: string, text: string): number {
  const match = /^(\d+)\s*([kmgt]?)(?:i?b)?$/i.exec(text);
  const bytes = match ? Number(match[1]) * LARGE_UNITS[match[2].toLowerCase()] : Number.NaN;
  if (!Number.isSafeInteger(bytes)) throw bad(flag, text, 'a size such as 500M, 50G or 2T, or 0 for no limit');
  return bytes;
}

/** A whole number from `least` up. */
export function readCount(flag: string, text: string, least = 1, most = Number.MAX_SAFE_INTEGER): number {
  const count = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  const range = most === Number.MAX_SAFE_INTEGER ? `${least} or more` : `${least} to ${most}`;
  if (!(count >= least && count <= most)) throw bad(flag, text, `a whole number, ${range}`);
  return count;
}

export function readCounts(flag: string, texts: readonly string[], least: number, most?: number): number[] {
  return splitList(texts).map((text) => readCount(flag, text, least, most));
}

/** Comma separated and repeatable. */
export function splitList(texts: readonly string[]): string[] {
  return texts.flatMap((text) => text.split(',')).map((item) => item.trim());
}

/** One of `names`, or a failure that names the nearest and lists all. */
export function readName<Name extends string>(flag: string, text: string, names: readonly Name[]): Name {
  const found = names.find((name) => name === text);
  if (found !== undefined) return found;
  const close = nearest(text, names);
  throw new Failure(
    'usage',
    `${flag}: unknown name "${text}"${close === undefined ? '' : `; did you mean "${close}"?`}`,
    `expected ${names.join(', ')}`,
  );
}

export function readNames<Name extends string>(flag: string, texts: readonly string[], names: readonly Name[]): Name[] {
  return splitList(texts).map((text) => readName(flag, text, names));
}

/** What could not be executed, and why, in words for people; foreign text in them is escaped. */
import { constants } from 'node:os';
import type { FailedExec } from '../attempts/walks.ts';
import { escapeText } from './escape.ts';

/** The kernel says the same of a script whose interpreter is missing, and of a program whose loader is. */
const IN_WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'not found, or its interpreter',
  EACCES: 'not executable',
  EPERM: 'not permitted',
  ENOEXEC: 'no format that can be executed',
  ETXTBSY: 'open for writing',
  E2BIG: 'too many arguments',
  ENOTDIR: 'no directory on the way',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'name too long',
  EISDIR: 'a directory',
  ENOMEM: 'not enough memory',
  EFAULT: 'bad address',
  EMFILE: 'too many open files',
};

/** Where two share a number (EAGAIN, EWOULDBLOCK) the first is kept. */
const NAME_OF = new Map<number, string>();
for (const [name, errno] of Object.entries(constants.errno)) if (!NAME_OF.has(errno)) NAME_OF.set(errno, name);

/** `ENOENT`; `errno 80` for one that has no name here. */
export const errorName = (errno: number): string => NAME_OF.get(errno) ?? `errno ${errno}`;

/** The number of a name, as `errorName` writes it; undefined where it is none. */
export function errorNumber(name: unknown): number | undefined {
  for (const [number, known] of NAME_OF) if (known === name) return number;
  const [, digits] = /^errno (\d+)$/.exec(String(name)) ?? [];
  return digits === undefined ? undefined : Number(digits);
}

/** `/usr/bin/shop: not found, or its interpreter (17 tried)` */
export function failedInWords({ attempt, tried }: FailedExec): string {
  const name = errorName(attempt.errno);
  const path = attempt.path === undefined ? '?' : escapeText(attempt.path);
  return `${path === '' ? '(a descriptor)' : path}: ${IN_WORDS[name] ?? name}${tried > 1 ? ` (${tried} tried)` : ''}`;
}

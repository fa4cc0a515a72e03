/** What the tests of run share: procwatch as it is started, a program that tells all it can find out about itself, and comparisons. */
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scratch } from './fixtures.ts';
import { BIN } from './watcher.ts';

/**
 * By its name it is a shell that becomes Node.js; by another shell the same; or Node.js itself is named, and only traces are left of what
 * it was given.
 */
export const WAYS = {
  'by its name': [BIN],
  'by bash': ['bash', BIN],
  'by Node.js': [process.execPath, BIN],
} as const satisfies Record<string, readonly string[]>;
export type Way = keyof typeof WAYS;

/** A command that is run as if alone: nothing but its own output is seen. */
export const under = (way: Way, ...command: readonly string[]): string[] => [
  ...WAYS[way],
  'run',
  '--quiet',
  '--no-summary',
  '--',
  ...command,
];

let compiled: string | undefined;

/** The program of fixtures-for-run, compiled when first asked for. */
export function selfTeller(): string {
  if (compiled === undefined) {
    compiled = join(scratch(), 'self');
    const source = fileURLToPath(new URL('../fixtures-for-run/self.c', import.meta.url));
    execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-o', compiled, source]);
  }
  return compiled;
}

let reports = 0;

/** A file that any user may write. */
export function reportFile(): string {
  const directory = join(scratch(), 'reports');
  mkdirSync(directory, { recursive: true });
  chmodSync(directory, 0o777);
  return join(directory, `report-${++reports}`);
}

/** A report without what is different each time it is made. */
export function readReport(file: string): string[] {
  return readFileSync(file, 'latin1')
    .replace(/\b(pipe|socket):\[\d+\]/g, '$1')
    .replace(/autogroup-\d+/g, 'autogroup')
    .split('\n')
    .filter((line) => !/^variable IN_(?:GROUP|SESSION)=/.test(line));
}

/** Runs a script of bash whose arguments are a command, and gives back what became of it. */
export function inBash(script: string, command: readonly string[], env: NodeJS.ProcessEnv = process.env) {
  const { status, signal, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...command], {
    cwd: '/',
    env,
    encoding: 'latin1',
  });
  return { status, signal, stdout, stderr };
}

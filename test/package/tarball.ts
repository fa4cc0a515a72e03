/** The package as npm would publish it, packed once for each file of tests, and installed where a test wants it. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../docs/need.ts';

const directory = mkdtempSync(join(tmpdir(), 'procwatch-package-'));
process.on('exit', () => rmSync(directory, { recursive: true, force: true }));

export const place = (name: string): string => join(directory, name);

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function run(command: string, args: readonly string[], options: { cwd?: string; env?: object } = {}): Outcome {
  const env = { ...process.env, ...options.env };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: options.cwd ?? '/', env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

let packed: string | undefined;

/** Path of the tarball. */
export function tarball(): string {
  if (packed === undefined) {
    const { status, stderr } = run('npm', ['pack', '--pack-destination', directory, '--loglevel=error'], { cwd: root });
    if (status !== 0) throw new Error(`npm pack: ${stderr}`);
    const [name] = readdirSync(directory).filter((file) => file.endsWith('.tgz'));
    packed = join(directory, name);
  }
  return packed;
}

const QUIET = ['--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];

/** Installs it as a user would, without any script; undefined if that worked, else why it did not. */
export function install(...args: readonly string[]): string | undefined {
  const { status, stderr } = run('npm', ['install', ...QUIET, ...args, tarball()], { cwd: directory });
  return status === 0 ? undefined : `npm install: ${stderr}`;
}

/** The C programs of test/kernel/fixtures, compiled when first asked for and removed at the end of the run. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

let directory: string | undefined;
const compiled = new Map<string, string>();

/** A directory of this run's own, which every user may enter. */
export function scratch(): string {
  if (directory === undefined) {
    const made = mkdtempSync(join(tmpdir(), 'procwatch-test-'));
    chmodSync(made, 0o755);
    process.on('exit', () => rmSync(made, { recursive: true, force: true }));
    directory = made;
  }
  return directory;
}

export function fixture(name: 'life' | 'storm' | 'connector' | 'costs' | 'deaths' | 'tries' | 'stuck'): string {
  let program = compiled.get(name);
  if (program === undefined) {
    program = join(scratch(), name);
    const source = fileURLToPath(new URL(`../fixtures/${name}.c`, import.meta.url));
    execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-pthread', '-o', program, source]);
    compiled.set(name, program);
  }
  return program;
}

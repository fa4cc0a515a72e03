/** The C program of test/bpf/fixtures and a target that does nothing, compiled when first asked for; and how they are run. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { scratch } from '../kernel/support/fixtures.ts';

let programs: { readonly execs: string; readonly target: string } | undefined;

export function compiled(): { readonly execs: string; readonly target: string } {
  if (programs === undefined) {
    const source = fileURLToPath(new URL('fixtures/execs.c', import.meta.url));
    const execs = join(scratch(), 'execs');
    const target = join(scratch(), 'target');
    execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-pthread', '-static', '-o', execs, source]);
    // As a target it has no mode, and does nothing.
    execFileSync('gcc', ['-O1', '-static', '-x', 'c', '-o', target, '-'], { input: 'int main(void) { return 0; }\n' });
    programs = { execs, target };
  }
  return programs;
}

/** Runs the fixture in one mode to its end; gives its pid and what it printed. */
export async function execs(mode: string, ...args: (string | number)[]): Promise<{ pid: number; output: string }> {
  const { execs: program, target } = compiled();
  const child = spawn(program, [mode, target, ...args.map(String)], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => {
    output += text;
  });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`execs ${mode}: ${code}`);
  return { pid: child.pid ?? 0, output };
}

/** Another name for the target. */
export function targetNamed(name: string): string {
  const path = join(scratch(), name);
  copyFileSync(compiled().target, path);
  return path;
}

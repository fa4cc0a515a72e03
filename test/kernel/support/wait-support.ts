/** What the tests of wait and run share: procwatch started without waiting for it, processes to wait for, and programs a test needs. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { scratch } from './fixtures.ts';
import { register } from './leftovers.ts';
import { kernelTest, type Requirement } from './requirements.ts';
import { BIN } from './watcher.ts';

let compiled: string | undefined;

/** The program of fixtures-for-wait, compiled when first asked for. */
export function targets(): string {
  if (compiled === undefined) {
    compiled = join(scratch(), 'targets');
    const source = fileURLToPath(new URL('../fixtures-for-wait/targets.c', import.meta.url));
    execFileSync('gcc', ['-O1', '-Wall', '-Wextra', '-Werror', '-pthread', '-o', compiled, source]);
  }
  return compiled;
}

/** A program as it runs, with all it says. */
export class Running {
  readonly child: ChildProcess;
  readonly pid: number;
  stdout = '';
  stderr = '';
  private readonly closed: Promise<unknown[]>;

  constructor(command: string, args: readonly string[], options: { uid?: number; env?: Record<string, string> } = {}) {
    const { uid, env } = options;
    this.child = register(
      spawn(command, args, {
        stdio: 'pipe',
        cwd: '/',
        env: { ...process.env, ...env },
        ...(uid !== undefined && { uid, gid: uid }),
      }),
    );
    this.pid = this.child.pid ?? 0;
    // A command that is gone does not read what it is told.
    this.child.stdin?.on('error', () => {});
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.closed = once(this.child, 'close');
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  write(text: string): void {
    this.child.stdin?.write(text);
  }

  /** How it ended, once all its output is read. */
  async end(): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
    const [code, signal] = (await this.closed) as [number | null, NodeJS.Signals | null];
    return { code, signal };
  }

  /** Its exit code, once all its output is read; fails if it was killed. */
  async code(): Promise<number> {
    const [code, signal] = await this.closed;
    if (typeof code !== 'number') throw new Error(`ended by ${signal}: ${this.stderr}`);
    return code;
  }

  /** As a shell shows how it ended, once all its output is read. */
  async status(): Promise<number> {
    const { code, signal } = await this.end();
    return signal === null ? Number(code) : 128 + constants.signals[signal];
  }
}

/** procwatch as a user starts it. */
export function procwatch(
  args: readonly (string | number)[],
  options: { uid?: number; env?: Record<string, string> } = {},
) {
  return new Running(process.execPath, [BIN, ...args.map(String)], options);
}

/** As a shell shows a wait status. */
export function inShell(waitStatus: number): number {
  const signal = waitStatus & 0x7f;
  return signal === 0 ? waitStatus >> 8 : 128 + signal;
}

const MUST_RUN = process.env.PROCWATCH_REQUIRE_KERNEL === '1';

/** A test on the real kernel that also needs programs. */
export function programTest(
  name: string,
  needs: readonly Requirement[],
  programs: readonly string[],
  body: (t: TestContext) => Promise<void>,
): void {
  kernelTest(name, needs, async (t) => {
    const missing = programs.filter((program) => spawnSync('which', [program]).status !== 0);
    if (missing.length === 0) return body(t);
    if (MUST_RUN) throw new Error(`PROCWATCH_REQUIRE_KERNEL=1, but there is no ${missing.join(', ')}`);
    t.skip(`no ${missing.join(', ')}`);
  });
}

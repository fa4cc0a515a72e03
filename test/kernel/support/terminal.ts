/** A terminal as a user has it: script(1) gives a pseudo terminal with a session of its own, and the keys typed go through it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Running } from './wait-support.ts';
import { until } from './watcher.ts';

export const KEYS = { interrupt: '\x03', suspend: '\x1a', quit: '\x1c', end: '\x04' } as const;

export class Terminal {
  private readonly script: Running;
  /** Up to here the screen was looked at. */
  private seen = 0;

  /** Runs a command line of the shell on a new terminal. */
  constructor(command: string, env: Record<string, string> = {}) {
    // script(1) asks $SHELL, and falls back to sh. dash, though it only waits, dies of a Ctrl-C that its command has survived.
    const plain = { SHELL: '/bin/bash', TERM: 'dumb', PS1: '', PS2: '', HISTFILE: '', ...env };
    this.script = new Running('script', ['--quiet', '--return', '--command', command, '/dev/null'], { env: plain });
  }

  get screen(): string {
    return this.script.stdout.replaceAll('\r\n', '\n');
  }

  type(text: string): void {
    this.script.write(text);
  }

  /** Waits for text that was not there the last time. */
  async shows(text: RegExp): Promise<RegExpExecArray> {
    const match = await until(
      `the terminal shows ${text}`,
      () => text.exec(this.screen.slice(this.seen)) ?? undefined,
    ).catch((error: Error) => {
      throw new Error(`${error.message}\n${this.screen}`);
    });
    this.seen += match.index + match[0].length;
    return match;
  }

  /** The exit code of the command. */
  async code(): Promise<number> {
    await sleep(0);
    return this.script.code();
  }
}

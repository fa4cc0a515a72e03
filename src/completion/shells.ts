/** The registry of shells: what completes for each is a file of its own, loaded when asked for. */
import type { CommandLine } from './command-line.ts';

export const SHELLS = {
  bash: async () => (await import('./bash.ts')).bashScript,
  zsh: async () => (await import('./zsh.ts')).zshScript,
  fish: async () => (await import('./fish.ts')).fishScript,
} as const satisfies Record<string, () => Promise<(line: CommandLine) => string>>;

export type ShellName = keyof typeof SHELLS;
export const SHELL_NAMES = Object.keys(SHELLS) as ShellName[];

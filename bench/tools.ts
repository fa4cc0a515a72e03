/** The tools that are compared: how each is called, when it listens, how it ends, and who reads its output. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Bench, cleanEnvironment } from './bench.ts';
import { extraceTold, forkstatTold, procwatchTold, readerTold, type Told } from './parse.ts';

export interface Tool {
  readonly name: string;
  /** `file` is where its output goes, for a tool that opens it itself. */
  readonly command: (file: string) => readonly string[];
  /** Sockets of a subscription, or a time to wait for a tool whose readiness cannot be seen. */
  readonly listens: { readonly sockets: number } | { readonly afterMs: number };
  readonly stop: NodeJS.Signals;
  readonly told: (parents: ReadonlySet<number>) => Told;
}

export const BIN = fileURLToPath(new URL('../bin/procwatch.js', import.meta.url));

export const procwatch = (args: readonly string[], name = `procwatch ${args.join(' ')}`): Tool => ({
  name,
  command: (file) => [process.execPath, BIN, 'watch', '--json', '--meta', ...args, '-o', file],
  listens: { sockets: 2 },
  stop: 'SIGTERM',
  told: procwatchTold,
});

/** Root still, but no BPF program of its own may run in the kernel. */
export const withoutPrograms = (tool: Tool): Tool => ({
  ...tool,
  name: `${tool.name}, no programs in the kernel`,
  command: (file) => ['setpriv', '--bounding-set=-bpf,-perfmon,-sys_admin', ...tool.command(file)],
});

export const isInstalled = (program: string): boolean =>
  spawnSync('sh', ['-c', 'command -v "$1"', 'sh', program]).status === 0;

export const forkstat = (args: readonly string[], name = `forkstat ${args.join(' ')}`): Tool => ({
  name,
  command: () => ['forkstat', ...args],
  listens: { sockets: 1 },
  stop: 'SIGINT',
  told: forkstatTold,
});

export const extrace = (args: readonly string[]): Tool => ({
  name: ['extrace', ...args].join(' '),
  command: () => ['extrace', ...args],
  listens: { sockets: 1 },
  stop: 'SIGTERM',
  told: extraceTold,
});

export const execsnoop = (): Tool => ({
  name: 'execsnoop',
  command: () => ['execsnoop'],
  listens: { afterMs: 1500 },
  stop: 'SIGINT',
  told: extraceTold,
});

export const ALL_EVENTS = '0xE00003C7';

export const reader = (bench: Bench, mode: 'wake' | 'sleep', mask = ALL_EVENTS): Tool => ({
  name: mode === 'wake' ? 'C, woken for each event' : 'C, 5 ms of sleep between looks',
  command: () => [bench.program('reader'), mode, mask],
  listens: { sockets: 1 },
  stop: 'SIGTERM',
  told: readerTold,
});

export type Compared = 'forkstat' | 'extrace' | 'execsnoop';

/** Why a tool cannot take part, if so. */
export function lack(name: Compared, bench: Bench): string | undefined {
  if (bench.isSmoke) return `${name}: left out of a smoke run`;
  if (!isInstalled(name)) return `${name}: not installed`;
  if (name !== 'execsnoop') return undefined;
  const { stderr } = spawnSync('execsnoop', { timeout: 2500, killSignal: 'SIGINT', encoding: 'utf8' });
  return /failed to/.test(stderr) ? `execsnoop: does not work here (${stderr.trim().split('\n').at(-1)})` : undefined;
}

/** What the built program says of a command's options; empty where it has no such command. */
export function procwatchHelp(command: string): string {
  const { status, stdout } = spawnSync(process.execPath, [BIN, command, '--help'], {
    encoding: 'utf8',
    env: cleanEnvironment(),
  });
  return status === 0 ? stdout : '';
}

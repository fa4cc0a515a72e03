/** The tools that are compared: how each is called, when it listens, how it ends, and who reads its output. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Bench, cleanEnvironment } from './bench.ts';
import { extraceTold, forkstatTold, procwatchTold, readerTold, shownTold, snoopsTold, type Told } from './parse.ts';

export interface Tool {
  readonly name: string;
  /** `file` is where its output goes, for a tool that opens it itself. */
  readonly command: (file: string) => readonly string[];
  /** Sockets of a subscription, or a time to wait for a tool whose readiness cannot be seen. */
  readonly listens: { readonly sockets: number } | { readonly afterMs: number };
  readonly stop: NodeJS.Signals;
  /** Node.js compiles what has become hot, and cleans up once some eight seconds after its start: it is warm only then. */
  readonly runtime: 'native' | 'Node.js';
  readonly told: (parents: ReadonlySet<number>) => Told;
}

export const BIN = fileURLToPath(new URL('../bin/procwatch.js', import.meta.url));

/** Default settings, JSON into a file, but for what is asked. */
export const procwatch = (args: readonly string[], name = ['procwatch --json', ...args].join(' ')): Tool => ({
  name,
  command: (file) => [process.execPath, BIN, 'watch', '--json', ...args, '-o', file],
  listens: { sockets: 2 },
  stop: 'SIGTERM',
  runtime: 'Node.js',
  told: procwatchTold,
});

/** The same, as people read it. */
export const procwatchShown = (format: 'pretty' | 'table', args: readonly string[]): Tool => ({
  ...procwatch(args, ['procwatch --format', format, ...args].join(' ')),
  command: (file) => [process.execPath, BIN, 'watch', '--format', format, ...args, '-o', file],
  told: shownTold,
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
  runtime: 'native',
  told: forkstatTold,
});

export const extrace = (args: readonly string[]): Tool => ({
  name: ['extrace', ...args].join(' '),
  command: () => ['extrace', ...args],
  listens: { sockets: 1 },
  stop: 'SIGTERM',
  runtime: 'native',
  told: extraceTold,
});

/** They want tracefs, which is mounted for them alone where it is not. */
const withTracefs = (script: string, ...args: readonly string[]): readonly string[] => {
  const mounted = 'mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing';
  return ['unshare', '--mount', 'sh', '-c', `${mounted}; ${script}`, 'sh', ...args];
};

export const execsnoop = (): Tool => ({
  name: 'execsnoop',
  command: () => withTracefs('exec execsnoop'),
  listens: { afterMs: 2000 },
  stop: 'SIGINT',
  runtime: 'native',
  told: snoopsTold,
});

/** Programs by the one and ends by the other; a file each, because neither writes whole lines. */
const BOTH = `trap : INT
execsnoop & exitsnoop > "$1.ends" &
wait; wait
cat "$1.ends" && rm "$1.ends"`;

export const snoops = (): Tool => ({
  ...execsnoop(),
  name: 'execsnoop and exitsnoop',
  command: (file) => withTracefs(BOTH, file),
});

export const ALL_EVENTS = '0xE00003C7';

type Reading = 'wake' | 'sleep' | { readonly windowMs: number };

function readerName(reading: Reading): string {
  if (reading === 'wake') return 'C, woken for each event';
  return reading === 'sleep' ? 'C, 5 ms of sleep between looks' : `C, a look every ${reading.windowMs} ms`;
}

export const reader = (bench: Bench, reading: Reading, mask = ALL_EVENTS): Tool => ({
  name: readerName(reading),
  command: () => [
    bench.program('reader'),
    ...(typeof reading === 'string' ? [reading] : ['window', String(reading.windowMs)]),
    mask,
  ],
  listens: { sockets: 1 },
  stop: 'SIGTERM',
  runtime: 'native',
  told: readerTold,
});

export type Compared = 'forkstat' | 'extrace' | 'execsnoop' | 'exitsnoop';

/** Why it does not work here, by trying. */
function troubleWith(name: 'execsnoop' | 'exitsnoop'): string | undefined {
  const [command, ...args] = withTracefs(`exec ${name}`);
  const { stderr } = spawnSync(command, args, { timeout: 2500, killSignal: 'SIGINT', encoding: 'utf8' });
  return /failed|denied|not permitted/i.test(stderr)
    ? `${name}: does not work here (${stderr.trim().split('\n').at(-1)})`
    : undefined;
}

const tried = new Map<Compared, string | undefined>();

/** Why a tool cannot take part, if so. */
export function lack(name: Compared, bench: Bench): string | undefined {
  if (bench.isSmoke) return `${name}: left out of a smoke run`;
  if (!isInstalled(name)) return `${name}: not installed`;
  if (name !== 'execsnoop' && name !== 'exitsnoop') return undefined;
  if (!tried.has(name)) tried.set(name, troubleWith(name));
  return tried.get(name);
}

/** What the built program says of a command's options; empty where it has no such command. */
export function procwatchHelp(command: string): string {
  const { status, stdout } = spawnSync(process.execPath, [BIN, command, '--help'], {
    encoding: 'utf8',
    env: cleanEnvironment(),
  });
  return status === 0 ? stdout : '';
}

/** A command as a child of ours: started, signalled, waited for and reaped. */
import { constants as access, accessSync, statSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { reap } from '../linux/child.ts';
import type { Given } from '../linux/given.ts';
import { openPidfd } from '../linux/pidfd.ts';
import { type Command, spawn } from '../linux/spawn.ts';
import { SystemError } from '../linux/system-error.ts';
import { bytesOfRaw } from '../process/text.ts';
import type { Child } from './host.ts';

const EINVAL = 22;
const ENOEXEC = 8;
const SLASH = '/'.charCodeAt(0);
const SHELL = '/bin/sh';
/** Where nobody has set a PATH. Source: execvp(3). */
const DEFAULT_PATH = '/bin:/usr/bin';

const isProgram = (path: Uint8Array): boolean => {
  try {
    accessSync(Buffer.from(path), access.X_OK);
    return statSync(Buffer.from(path)).isFile();
  } catch {
    return false;
  }
};

const beginsWith = (bytes: Uint8Array, text: string): boolean =>
  Buffer.from(bytes.subarray(0, text.length)).toString('latin1') === text;

/** Its value, to the byte. */
const variable = (environment: readonly Uint8Array[], name: string): Uint8Array | undefined =>
  environment.find((one) => beginsWith(one, `${name}=`))?.subarray(name.length + 1);

/** Where execvp(3) finds a program. */
function found({ args, environment }: Command): Uint8Array {
  const [file] = args;
  if (file.includes(SLASH)) return file;
  const path = Buffer.from(variable(environment, 'PATH') ?? Buffer.from(DEFAULT_PATH)).toString('latin1');
  const candidates = path
    .split(':')
    .map((folder) => Buffer.concat([Buffer.from(folder === '' ? '' : `${folder}/`, 'latin1'), file]));
  return candidates.find(isProgram) ?? file;
}

/** Whose value is the number of the process that is meant: a service's, and ours where the command should be it. Source: sd_listen_fds(3). */
const MEANT = ['LISTEN_PID', 'WATCHDOG_PID'];
/** What a shell adds to an environment that has it not. */
const OF_SHELL = ['PWD', 'OLDPWD', 'SHLVL', '_'];

/** Only the process itself knows its number before it becomes the command: a shell, which writes it down. */
function meant(command: Command): Command {
  const { args, environment } = command;
  const numberIn = (name: string): string => Buffer.from(variable(environment, name) ?? []).toString('latin1');
  const names = MEANT.filter((name) => numberIn(name) === String(process.pid));
  if (names.length === 0 || !isProgram(found(command))) return command;
  const added = OF_SHELL.filter((name) => variable(environment, name) === undefined);
  const script = `${names.map((name) => `${name}=$$`).join(' ')}; unset ${added.join(' ')}; exec "$@"`;
  return { args: [...[SHELL, '-c', script, SHELL].map((word) => Buffer.from(word)), ...args], environment };
}

/** A script that names no interpreter is the shell's, as for execvp(3). */
function spawnOrInterpret(command: Command, given: Given): number {
  try {
    return spawn(meant(command), given);
  } catch (error) {
    if (!(error instanceof SystemError) || error.errno !== ENOEXEC) throw error;
    return spawn({ ...command, args: [Buffer.from(SHELL), found(command), ...command.args.slice(1)] }, given);
  }
}

/** The variables of an environment with some of them changed, in their places; new ones come last. */
export function changed(environment: readonly Uint8Array[], changes: Readonly<Record<string, string>>): Uint8Array[] {
  const entries = Object.entries(changes).map(([name, value]) => [name, bytesOfRaw(`${name}=${value}`)] as const);
  const isThere = (name: string): boolean => variable(environment, name) !== undefined;
  const kept = environment.map((one) => entries.find(([name]) => variable([one], name) !== undefined)?.[1] ?? one);
  return [...kept, ...entries.filter(([name]) => !isThere(name)).map(([, entry]) => entry)];
}

/** Calls back as soon as the child may have ended, until it is told to stop. */
function onNews(pid: number, onSignal: (listener: () => void) => { cancel(): void }, listener: () => void): () => void {
  const pidfd = openPidfd(pid);
  if (typeof pidfd === 'string') {
    // A kernel before 5.3. The signal may have come already.
    setImmediate(listener);
    const { cancel } = onSignal(listener);
    return cancel;
  }
  pidfd.onEnd(listener);
  return () => pidfd.close();
}

interface World {
  readonly given: Given;
  /** What becomes of SIGCHLD. */
  readonly onChild: (listener: () => void) => { cancel(): void };
  /** What our own change of user has changed. */
  readonly changes: Readonly<Record<string, string>>;
}

/** Throws an error with a `code`: ENOENT, EACCES … */
export function startChild(words: readonly string[], { given, onChild, changes }: World): Child {
  const command = { args: words.map(bytesOfRaw), environment: changed(given.environment, changes) };
  let pid: number;
  try {
    pid = spawnOrInterpret(command, given);
  } catch (error) {
    const [code] = getSystemErrorMap().get(-(error instanceof SystemError ? error.errno : EINVAL)) ?? [];
    throw Object.assign(error as Error, { code });
  }
  let isReaped = false;
  const ended = new Promise<number>((resolve) => {
    const stop = onNews(pid, onChild, () => {
      const status = reap(pid);
      if (status === 'running') return;
      stop();
      isReaped = true;
      // Nobody but the kernel reaps our children, and only where SIGCHLD was ignored: the event of the end has the status.
      resolve(status === 'lost' ? 0 : status);
    });
  });
  return {
    pid,
    ended,
    kill(signal) {
      if (isReaped) return;
      try {
        process.kill(pid, signal);
      } catch {
        // It has become another user's by now, who is not ours to signal: nor would it be the sender's.
      }
    },
  };
}

/**
 * The closed table of exit codes, and the one kind of error that ends the program on purpose: what failed, why, what to do
 * next, and the code to end with. Everything else that is thrown is a bug of ours.
 */
import { getSystemErrorMap } from 'node:util';

/** `sysexits.h` where a row names it. */
export const EXIT = {
  ok: { code: 0, meaning: 'normal end: count or duration reached, Ctrl-C, or the reader of a pipe went away' },
  degraded: {
    code: 1,
    meaning: 'doctor: watch works here, but not fully; with --strict: a recording could not be read whole',
  },
  usage: { code: 2, meaning: 'the command line is wrong, or asks for events that the source at hand does not tell' },
  loss: { code: 3, meaning: 'with --fail-on-loss: events were lost' },
  noUser: { code: 67, meaning: 'under sudo: SUDO_USER names a user who does not exist (EX_NOUSER)' },
  timeout: { code: 124, meaning: 'wait, run: the time given with --timeout is over' },
  unknown: { code: 125, meaning: 'wait: it has ended, but its status cannot be known' },
  notExecutable: { code: 126, meaning: 'run: the command is there, but cannot be run' },
  notFound: {
    code: 127,
    meaning: 'wait, ps: there is no such process, or a pid file that names none; run: there is no such command',
  },
  unavailable: {
    code: 69,
    meaning: 'there is no proc connector here, and no program may run in the kernel in its place (EX_UNAVAILABLE)',
  },
  internal: { code: 70, meaning: 'a bug in procwatch (EX_SOFTWARE)' },
  output: { code: 74, meaning: 'output could not be written (EX_IOERR)' },
  permission: { code: 77, meaning: 'this kernel wants more privilege (EX_NOPERM)' },
  hangup: { code: 129, meaning: 'SIGHUP, after the flush' },
  interrupted: { code: 130, meaning: 'a second Ctrl-C, which does not wait for the flush; wait: the first' },
  terminated: { code: 143, meaning: 'SIGTERM, after the flush' },
} as const;

export type ExitName = keyof typeof EXIT;

/** As another process has ended: with a code, or by a signal. */
export type End = { readonly status: number } | { readonly signal: number };

/** How a command ends: by a row of the table, or as the process it waited for. */
export type Result = ExitName | End;

const SIGNAL_BASE = 128;

/** A signal as shells tell it. */
export function exitCodeOf(result: Result): number {
  if (typeof result === 'string') return EXIT[result].code;
  return 'signal' in result ? SIGNAL_BASE + result.signal : result.status;
}

export class Failure extends Error {
  readonly exit: ExitName;
  /** What to do next; one line, without "hint:". */
  readonly hint: string | undefined;

  constructor(exit: ExitName, message: string, hint?: string) {
    super(message);
    this.name = 'Failure';
    this.exit = exit;
    this.hint = hint;
  }
}

/** `EPERM (operation not permitted)` for an errno value. */
export function describeErrno(errno: number): string {
  const [name, text] = getSystemErrorMap().get(-errno) ?? [`errno ${errno}`, 'unknown error'];
  return `${name} (${text})`;
}

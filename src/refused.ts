/**
 * What the system refuses where nobody thought of it: an error of a system call is a fact about the place we run in, and no bug. Every
 * command ends with it as one sentence.
 */
import { Failure } from './errors.ts';

const HINTS: Readonly<Record<string, string>> = {
  EMFILE: 'raise the limit of open files: ulimit -n 256, or LimitNOFILE= of the service',
  ENFILE: 'the machine has no more open files: raise fs.file-max, or find who holds them',
  ENOMEM: 'there is no memory left, or a limit of it is reached',
  EAGAIN: 'a limit of processes or threads is reached (ulimit -u, TasksMax= of the service)',
  ENOENT: 'is /proc mounted here? procwatch reads it',
  EACCES: 'a sandbox may hide it: procwatch doctor tells what is in the way',
  EPERM: 'a sandbox may forbid it: procwatch doctor tells what is in the way',
};

/** The errors that Node.js makes of system calls, and our own, have a call and an errno. */
interface OfSystem extends Error {
  readonly code?: unknown;
  readonly syscall?: unknown;
}

export const hintFor = (code: string): string | undefined => HINTS[code];

/** Undefined for what is no error of the system. */
export function refusedBySystem(error: unknown): Failure | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall, message } = error as OfSystem;
  if (typeof code !== 'string' || typeof syscall !== 'string' || !/^E[A-Z0-9]+$/.test(code)) return undefined;
  return new Failure('unavailable', message, hintFor(code));
}

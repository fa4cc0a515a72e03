/** The start of the command of `procwatch run`: as whom, and what it means if it cannot be started. */
import { Failure } from '../errors.ts';
import type { Child, Host } from '../host/host.ts';

/** As root by way of sudo, which says who called it: whoever wants to stay root says so. */
function callerOf(host: Host): string | undefined {
  const { SUDO_USER: caller } = host.env;
  return host.isRoot && caller !== 'root' && caller !== '' ? caller : undefined;
}

/** Becomes the user the command is to run as, and says so where nobody asked for it. */
export async function becomeUserFor(host: Host, as: string | undefined): Promise<void> {
  const caller = as === undefined ? callerOf(host) : undefined;
  const user = as ?? caller;
  if (user === undefined) return;
  try {
    await host.becomeUser(user, 'nothing');
  } catch (error) {
    if (!(error instanceof Failure) || error.exit !== 'noUser') throw error;
    if (as !== undefined) throw new Failure('usage', `--as: ${error.message}`);
    throw new Failure('noUser', `SUDO_USER: ${error.message}`, '--as root runs the command as root');
  }
  if (caller !== undefined) {
    host.stderr.write(`procwatch: the command runs as ${caller}, who called sudo; --as root keeps it root\n`);
  }
}

export async function begin(host: Host, operands: readonly string[]): Promise<Child> {
  const [command, ...args] = operands;
  try {
    return await host.spawn(command, args);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    // A shell looks for an empty name too, and finds nothing.
    if (command === '') throw new Failure('notFound', 'the name of the command is empty');
    const why = code === 'ENOENT' ? 'there is no such command' : `it cannot be run (${code})`;
    throw new Failure(code === 'ENOENT' ? 'notFound' : 'notExecutable', `${command}: ${why}`);
  }
}

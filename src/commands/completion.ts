/** `procwatch completion`: the script for a shell, static: completing starts no program. */
import { commandLine } from '../completion/command-line.ts';
import { SHELL_NAMES, SHELLS } from '../completion/shells.ts';
import { type ExitName, Failure } from '../errors.ts';
import type { Host } from '../host.ts';
import { COMMANDS, DEFAULT_COMMAND } from './commands.ts';
import { readName } from './values.ts';

export async function printCompletion(host: Host, operands: readonly string[]): Promise<ExitName> {
  const [shell, ...rest] = operands;
  if (shell === undefined || rest.length > 0) {
    throw new Failure('usage', 'completion is printed for one shell', `procwatch completion ${SHELL_NAMES.join('|')}`);
  }
  const scriptFor = await SHELLS[readName('completion', shell, SHELL_NAMES)]();
  host.stdout.write(scriptFor(commandLine(COMMANDS, DEFAULT_COMMAND)));
  return 'ok';
}

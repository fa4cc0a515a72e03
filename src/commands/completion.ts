/** `procwatch completion`: the script for a shell, static: completing starts no program. */
import { type CommandRow, commandLine } from '../completion/command-line.ts';
import { SHELL_NAMES, SHELLS } from '../completion/shells.ts';
import { type ExitName, Failure } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { readName } from './values.ts';

/** Of the commands in this table, one of which may be left out. */
export interface Completed {
  readonly commands: Readonly<Record<string, CommandRow>>;
  readonly defaultCommand: string;
}

export async function printCompletion(
  host: Pick<Host, 'stdout'>,
  operands: readonly string[],
  { commands, defaultCommand }: Completed,
): Promise<ExitName> {
  const [shell, ...rest] = operands;
  if (shell === undefined || rest.length > 0) {
    throw new Failure('usage', 'completion is printed for one shell', `procwatch completion ${SHELL_NAMES.join('|')}`);
  }
  const scriptFor = await SHELLS[readName('completion', shell, SHELL_NAMES)]();
  host.stdout.write(scriptFor(commandLine(commands, defaultCommand)));
  return 'ok';
}

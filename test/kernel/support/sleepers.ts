/** Very many processes that do nothing, for the tests of those who list them. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { register } from './leftovers.ts';

export const NOBODY = 65534;

/** A shell of nobody's with so many children, all of them born when this resolves. */
export async function sleepers(count: number): Promise<ChildProcess & { readonly pid: number }> {
  const script = `i=0; while [ $i -lt ${count} ]; do sleep 1000 & i=$((i+1)); done; echo ready; wait`;
  const shell = register(
    spawn('/bin/sh', ['-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      detached: true,
      uid: NOBODY,
      gid: NOBODY,
    }),
  );
  const { pid, stdout } = shell;
  if (pid === undefined || stdout === null) throw new Error('no shell');
  await once(createInterface({ input: stdout }), 'line');
  return Object.assign(shell, { pid });
}

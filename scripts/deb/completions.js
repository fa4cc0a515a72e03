// The completion scripts, as the built program prints them.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export function completionScript(root, shell) {
  const args = [join(root, 'dist/cli.cjs'), 'completion', shell];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`completion ${shell}: ${stderr}`);
  return stdout;
}

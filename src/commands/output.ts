/** Where a command writes: the file it was told to, or why that cannot be; and what becomes of the command when a write fails. */
import { Failure } from '../errors.ts';
import type { Host, OutputStream } from '../host/host.ts';
import { repairLines } from '../recording/repair.ts';
import type { Plan } from './plan.ts';

export function openOutput(host: Host, path: string, where: 'anew' | 'at its end' = 'anew'): OutputStream {
  try {
    if (where === 'at its end') repairFile(host, path);
    return host.openFile(path, where);
  } catch (error) {
    throw new Failure('output', `cannot write ${path}: ${(error as Error).message}`);
  }
}

/** A machine that went down may have left half a line. */
function repairFile(host: Host, path: string): void {
  const file = host.fileSystem.openToAppend(path);
  try {
    if (file.isRegular) repairLines(file);
  } finally {
    file.close();
  }
}

/** Where records go: to the engines and the file that are named, else to where they would go without. */
export async function openRecordOutput(host: Host, plan: Plan, otherwise: OutputStream): Promise<OutputStream> {
  if (plan.far.to.length > 0) return (await import('./far-output.ts')).openFar(host, plan);
  return plan.output === undefined ? otherwise : openOutput(host, plan.output, plan.appends ? 'at its end' : 'anew');
}

/** Says why a write failed. A reader that went away had what it wanted. */
export function onUnwritten(
  host: Pick<Host, 'stderr'>,
  output: OutputStream,
  end: (as: 'ok' | 'output') => void,
): void {
  output.onError((code) => {
    if (code !== 'EPIPE') host.stderr.write(`procwatch: cannot write: ${code}\n`);
    end(code === 'EPIPE' ? 'ok' : 'output');
  });
}

/** Where a command writes: the file it was told to, or why that cannot be; and what becomes of the command when a write fails. */
import { Failure } from '../errors.ts';
import type { Host, OutputStream } from '../host/host.ts';
import type { Plan } from './plan.ts';

export function openOutput(host: Host, path: string): OutputStream {
  try {
    return host.openFile(path);
  } catch (error) {
    throw new Failure('output', `cannot write ${path}: ${(error as Error).message}`);
  }
}

/** Where records go: to the engines and the file that are named, else to where they would go without. */
export async function openRecordOutput(host: Host, plan: Plan, otherwise: OutputStream): Promise<OutputStream> {
  if (plan.far.to.length > 0) return (await import('./far-output.ts')).openFar(host, plan);
  return plan.output === undefined ? otherwise : openOutput(host, plan.output);
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

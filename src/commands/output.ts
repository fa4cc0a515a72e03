/** The file records go to, or why it cannot be. */
import { Failure } from '../errors.ts';
import type { Host, OutputStream } from '../host.ts';

export function openOutput(host: Host, path: string): OutputStream {
  try {
    return host.openFile(path);
  } catch (error) {
    throw new Failure('output', `cannot write ${path}: ${(error as Error).message}`);
  }
}

/** The file in which the running kernel describes its types. */
import { readFileSync } from 'node:fs';
import { Btf } from './btf.ts';
import { UnknownLayout } from './offsets.ts';

export const KERNEL_TYPES = '/sys/kernel/btf/vmlinux';

/** Takes some 8 ms. Throws UnknownLayout, whose message is a reason for people. */
export function readKernelTypes(path: string = KERNEL_TYPES): Btf {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') throw new UnknownLayout(`this kernel does not describe its types (no ${path})`);
    throw new UnknownLayout(`cannot read ${path}: ${code ?? error}`);
  }
  try {
    return new Btf(bytes);
  } catch (error) {
    throw new UnknownLayout(`${path}: ${error instanceof Error ? error.message : error}`);
  }
}

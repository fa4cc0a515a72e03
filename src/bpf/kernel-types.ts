/** The file in which the running kernel describes its types. */
import { readFileSync } from 'node:fs';
import { Btf } from './btf.ts';
import { UnknownLayout } from './offsets.ts';

export const KERNEL_TYPES = '/sys/kernel/btf/vmlinux';

/** Programs are opened one right after the other, and then none for hours: kept as long as nobody wants the room. */
let latest: { readonly path: string; readonly types: WeakRef<Btf> } | undefined;

/** Takes some 8 ms the first time. Throws UnknownLayout, whose message is a reason for people. */
export function readKernelTypes(path: string = KERNEL_TYPES): Btf {
  const known = latest?.path === path ? latest.types.deref() : undefined;
  if (known !== undefined) return known;
  const types = parsed(path);
  latest = { path, types: new WeakRef(types) };
  return types;
}

function parsed(path: string): Btf {
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

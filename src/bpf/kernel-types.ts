/** The file in which the running kernel describes its types. */
import { readFileSync } from 'node:fs';
import { Btf } from './btf.ts';
import { UnknownLayout } from './offsets.ts';
import { mapFile } from './syscalls.ts';

export const KERNEL_TYPES = '/sys/kernel/btf/vmlinux';

/** Programs are opened one right after the other, and then none for hours: what was read is kept as long as nobody wants the room. */
let latest: { readonly path: string; readonly types: WeakRef<Btf> } | undefined;
/** Takes no room. */
let mapped: Btf | undefined;

/** Throws UnknownLayout, whose message is a reason for people. */
export function readKernelTypes(path: string = KERNEL_TYPES): Btf {
  if (path === KERNEL_TYPES && mapped !== undefined) return mapped;
  const known = latest?.path === path ? latest.types.deref() : undefined;
  if (known !== undefined) return known;
  const memory = path === KERNEL_TYPES ? reading(path, mapFile) : undefined;
  if (memory !== undefined) {
    mapped = parsed(path, memory);
    return mapped;
  }
  const types = parsed(
    path,
    reading(path, (of) => readFileSync(of)),
  );
  latest = { path, types: new WeakRef(types) };
  return types;
}

function reading<Bytes>(path: string, read: (path: string) => Bytes): Bytes {
  try {
    return read(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT') throw new UnknownLayout(`this kernel does not describe its types (no ${path})`);
    throw new UnknownLayout(`cannot read ${path}: ${code ?? error}`);
  }
}

function parsed(path: string, bytes: Uint8Array): Btf {
  try {
    return new Btf(bytes);
  } catch (error) {
    throw new UnknownLayout(`${path}: ${error instanceof Error ? error.message : error}`);
  }
}

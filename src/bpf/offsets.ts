/**
 * Where the kernel that is running keeps what a program reads: offsets by BTF, never guessed. A member that is there but has another
 * size is another member, since a load must fit exactly.
 */
import type { Btf } from './btf.ts';

/** The struct, the member in it, and its size in bytes: `['task_struct', 'tgid', 4]`. */
export type Wanted = readonly [struct: string, member: string, bytes: number];

/** The kernel's types are not the ones procwatch knows. The message is a reason for people. */
export class UnknownLayout extends Error {}

/** The offset of a load is an i16; a member of 16 bytes takes two loads. */
const FARTHEST = 0x7fff - 8;

/** Each wanted member's offset; throws UnknownLayout on the first that is not there. */
export function offsetsOf<K extends string>(btf: Btf, wanted: Readonly<Record<K, Wanted>>): Record<K, number> {
  const found: Partial<Record<K, number>> = {};
  for (const name of Object.keys(wanted) as K[]) {
    const [struct, path, bytes] = wanted[name];
    const member = btf.member(struct, path);
    if (member === undefined) throw new UnknownLayout(`this kernel's BTF has no ${struct}.${path}`);
    if (member.bytes !== bytes) {
      throw new UnknownLayout(`${struct}.${path} has ${member.bytes} bytes in this kernel, not ${bytes}`);
    }
    if (member.offset > FARTHEST) throw new UnknownLayout(`${struct}.${path} lies too far inside for one load`);
    found[name] = member.offset;
  }
  return found as Record<K, number>;
}

/** All of them, or undefined: for what a program can do without. */
export function optionalOffsets<K extends string>(
  btf: Btf,
  wanted: Readonly<Record<K, Wanted>>,
): Record<K, number> | undefined {
  try {
    return offsetsOf(btf, wanted);
  } catch (error) {
    if (error instanceof UnknownLayout) return undefined;
    throw error;
  }
}

/** The id by which the kernel knows a type, or what to attach to; throws UnknownLayout. */
export function typeId(btf: Btf, kind: 'struct' | 'typedef' | 'func', name: string): number {
  const id = btf.idOf(kind, name);
  if (id === undefined) throw new UnknownLayout(`this kernel's BTF has no ${name}`);
  return id;
}

/**
 * A walk from a file up to the root of its mount tree, as instructions: name by name, leaf first, each ended by a slash ("true/bin/usr/").
 * No lock is taken. Each name is copied between two looks at the sequence count of its dentry: one that was changed meanwhile ends the
 * walk as torn, before the position moves, since a torn copy may hold whatever the kernel keeps beside it.
 *
 * Two forms. `typed` loads through pointers that the verifier knows, and has its loop bounded by the kernel (6.9; long names 6.17).
 * `read` copies by address: for kernels that do not know the former, where lockdown does not forbid it, with a loop of fixed bounds.
 *
 * Source: fs/d_path.c (`prepend_path`), include/linux/dcache.h, fs/mount.h.
 */
import type { Btf } from './btf.ts';
import type { Register, Row } from './instructions.ts';
import { offsetsOf, typeId, UnknownLayout } from './offsets.ts';
import { readWalk } from './path-walk-read.ts';
import { typedWalk } from './path-walk-typed.ts';

/** Kept by the walk's caller: the file's dentry and vfsmount go in (and are clobbered), the record stays. r0 is the state at the end. */
export const DENTRY: Register = 6;
export const MOUNT: Register = 7;
export const RECORD: Register = 8;
/** Clobbered too, besides the registers that every call clobbers. */
export const COUNT: Register = 9;

export interface WalkRequest {
  /** Makes the labels of this walk its own. */
  readonly tag: string;
  /** Where the record keeps how far it is written. */
  readonly position: number;
  /** Beyond this nothing more is begun. */
  readonly limit: number;
}

export type PathWalk = (request: WalkRequest) => readonly Row[];

export type WalkForm = 'typed' | 'read';

/** Bytes before the record, in which the form `read` keeps copies of what it looks at: behind a long record no offset reaches. */
export const READ_ROOM = 160;

const NEEDED = {
  parent: ['dentry', 'd_parent', 8],
  nameLength: ['dentry', 'd_name.len', 4],
  name: ['dentry', 'd_name.name', 8],
  operations: ['dentry', 'd_op', 8],
  hashed: ['dentry', 'd_hash.pprev', 8],
  namesItself: ['dentry_operations', 'd_dname', 8],
  inMount: ['vfsmount', 'mnt_root', 8],
  mountParent: ['mount', 'mnt_parent', 8],
  mountPoint: ['mount', 'mnt_mountpoint', 8],
} as const;

/** Where the running kernel keeps what a walk looks at. */
export interface PathLayout extends Record<keyof typeof NEEDED, number> {
  /** Short names lie in the dentry itself. */
  readonly shortName: number;
  readonly shortNameBytes: number;
  readonly sequence: number;
  /** The vfsmount inside of its mount. */
  readonly vfsmount: number;
}

/** Names of members that changed in the course of time: the first that is there. */
function firstOf(btf: Btf, struct: string, ...paths: readonly string[]) {
  for (const path of paths) {
    const member = btf.member(struct, path);
    if (member !== undefined) return member;
  }
  throw new UnknownLayout(`this kernel's BTF has no ${struct}.${paths[0]}`);
}

export function pathLayout(btf: Btf): PathLayout {
  const short = firstOf(btf, 'dentry', 'd_shortname.words', 'd_iname');
  return {
    ...offsetsOf(btf, NEEDED),
    shortName: short.offset,
    shortNameBytes: short.bytes,
    sequence: firstOf(btf, 'dentry', 'd_seq.seqcount.sequence', 'd_seq.sequence').offset,
    vfsmount: firstOf(btf, 'mount', 'mnt').offset,
  };
}

/** Throws UnknownLayout. */
export function pathWalk(btf: Btf, form: WalkForm): PathWalk {
  const layout = pathLayout(btf);
  if (form === 'read') return readWalk(layout);
  const types = { cast: typeId(btf, 'func', 'bpf_rdonly_cast'), mount: typeId(btf, 'struct', 'mount') };
  return typedWalk(layout, types);
}

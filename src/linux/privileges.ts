/**
 * Giving up root for good: the ids of another user, and of all capabilities at most the one that lets us see the programs and
 * directories of others. Source: capabilities(7), prctl(2), capset(2).
 */
import { capset, errno, prctl } from './libc.ts';
import { SystemError } from './system-error.ts';

const PR_SET_KEEPCAPS = 8;
/** `_LINUX_CAPABILITY_VERSION_3`: two sets of 32 bits each. */
const VERSION_3 = 0x20080522;
const CAP_SYS_PTRACE = 19;

/** Node's types leave it out. */
interface Groups {
  initgroups(user: string, extraGroup: number): void;
}

interface Identity {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Throws what Node or the kernel refuses. */
export function becomeUser({ name, uid, gid }: Identity, keeps: 'nothing' | 'seeing others'): void {
  if (keeps === 'seeing others' && prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0) throw new SystemError('prctl', errno());
  (process as NodeJS.Process & Groups).initgroups(name, gid);
  process.setgid?.(gid);
  process.setuid?.(uid);
  if (keeps === 'seeing others') keepOnly(CAP_SYS_PTRACE);
}

/** `struct __user_cap_data_struct[2]`: effective, permitted, inheritable, for each 32 capabilities. */
function keepOnly(capability: number): void {
  const header = Uint32Array.of(VERSION_3, 0);
  const bit = 1 << capability;
  const sets = Uint32Array.of(bit, bit, 0, 0, 0, 0);
  if (capset(header, sets) < 0) throw new SystemError('capset', errno());
}

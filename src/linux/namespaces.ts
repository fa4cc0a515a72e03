/** Whether this process lives in the initial namespaces, where numbers are those of the kernel. */
import { readlinkSync } from 'node:fs';

/** Inode numbers of the initial namespaces: constants of the kernel (include/linux/proc_ns.h). */
const INITIAL = { pid: 'pid:[4026531836]', user: 'user:[4026531837]' } as const;

export function isInitial(namespace: keyof typeof INITIAL): boolean {
  try {
    return readlinkSync(`/proc/self/ns/${namespace}`) === INITIAL[namespace];
  } catch {
    // A kernel without this kind of namespace has only the initial one.
    return true;
  }
}

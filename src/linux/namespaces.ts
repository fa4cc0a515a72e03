/** Whether this process lives in the initial namespaces, where numbers are those of the kernel. */
import { existsSync, readFileSync, readlinkSync } from 'node:fs';

/** Inode numbers of the initial namespaces: constants of the kernel (include/linux/proc_ns.h). */
const INITIAL = { pid: 'pid:[4026531836]', user: 'user:[4026531837]', time: 'time:[4026531834]' } as const;

export function isInitial(namespace: keyof typeof INITIAL): boolean {
  try {
    return readlinkSync(`/proc/self/ns/${namespace}`) === INITIAL[namespace];
  } catch {
    // A kernel without this kind of namespace has only the initial one.
    return true;
  }
}

/** Its inode number is a constant only on recent kernels. A setting of all devices together is shown nowhere else (net/core/sysctl_net_core.c). */
const OF_INITIAL_NETWORK = '/proc/sys/net/core/netdev_max_backlog';

export function isInitialNetwork(): boolean {
  return existsSync(OF_INITIAL_NETWORK) || !existsSync('/proc/sys/net/core');
}

/** Whether we live in a time namespace whose monotonic clocks are ahead of the kernel's own, or behind. Source: time_namespaces(7). */
export function hasOtherClocks(): boolean {
  if (isInitial('time')) return false;
  try {
    return /^(?:monotonic|boottime)\s+(?!0\s+0$)/m.test(readFileSync('/proc/self/timens_offsets', 'latin1'));
  } catch {
    return false;
  }
}

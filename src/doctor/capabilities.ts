/** The capabilities that change what procwatch can do, as /proc/PID/status tells them. Source: linux/capability.h. Pure. */

const BIT = {
  CAP_NET_ADMIN: 12,
  CAP_SYS_PTRACE: 19,
  CAP_SYS_ADMIN: 21,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;
export type Capability = keyof typeof BIT;

/** Those in the effective set. */
export function capabilitiesIn(status: string): ReadonlySet<Capability> {
  const set = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`);
  const names = Object.keys(BIT) as Capability[];
  return new Set(names.filter((name) => ((set >> BigInt(BIT[name])) & 1n) === 1n));
}

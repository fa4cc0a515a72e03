/** The real answers to doctor's questions, each found by trying: versions and file names would be guesses. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Answers, Probes } from '../doctor/probes.ts';
import { KOFFI_VERSION } from '../linux/libc.ts';
import type { Kernel } from './host.ts';
import { askTaskstats } from './taskstats-probe.ts';

/** Ends when its input does, with a code that nothing else would give. */
const CHILD = 'read -r line; exit 7';
const CHILD_STATUS = 7 << 8;

/** Watches a child of our own end: its status must still be known after Node has reaped it. */
async function askPidfd(kernel: Kernel): Promise<Answers['pidfd']> {
  const child = spawn('/bin/sh', ['-c', CHILD], { stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    await once(child, 'spawn');
  } catch {
    return 'absent';
  }
  const pidfd = kernel.openPidfd(child.pid ?? 0);
  const ended = once(child, 'exit');
  child.stdin.end();
  await ended;
  if (typeof pidfd === 'string') return 'absent';
  const status = pidfd.waitStatus();
  pidfd.close();
  return status === CHILD_STATUS ? 'with status' : 'without status';
}

/** What `watch` asks of the kernel where whole lives are heard. */
const LIVES = {
  births: false,
  execs: true,
  ends: 'status',
  onlyFailures: false,
  args: 'with',
  wakes: 'untold',
} as const;

/** Loads the programs as `watch` does, and takes them away again. */
async function askCapture(): Promise<Answers['capture']> {
  const { openFactPrograms } = await import('../bpf/fact-programs.ts');
  const opened = openFactPrograms(LIVES);
  if ('reason' in opened) return { impossible: opened.reason };
  opened.programs.close();
  return 'possible';
}

/** Smaller than that of a watch, since nobody reads it. */
const RING_BYTES = 64 * 1024;

async function askRing({ openRing }: Kernel): Promise<Answers['ring']> {
  const opened = await openRing({ ...LIVES, births: true, wakes: 'others read' }, RING_BYTES);
  if ('reason' in opened) return { impossible: opened.reason };
  opened.close();
  return 'possible';
}

async function askCauses(kernel: Kernel): Promise<Answers['causes']> {
  const opened = await kernel.openCauses();
  if ('reason' in opened) return { impossible: opened.reason };
  opened.close();
  return 'possible';
}

/** Likewise, for `--usage`. */
async function askAccounts({ accounts }: Kernel): Promise<Answers['accounts']> {
  const opened = await accounts.openExact({ onlyFailures: false });
  if ('reason' in opened) return { impossible: opened.reason };
  opened.close();
  return 'exact';
}

export const probes: Probes = {
  versions: { node: process.versions.node, koffi: KOFFI_VERSION },
  ask: async (kernel) => ({
    accounts: await askAccounts(kernel),
    taskstats: askTaskstats(),
    pidfd: await askPidfd(kernel),
    ring: await askRing(kernel),
    capture: await askCapture(),
    causes: await askCauses(kernel),
  }),
};

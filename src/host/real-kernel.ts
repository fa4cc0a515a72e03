/** The real kernel behind the `Kernel` interface, and the facts about where this process runs. */
import { kill } from '../linux/libc.ts';
import { isInitial } from '../linux/namespaces.ts';
import { openPidfd } from '../linux/pidfd.ts';
import { accountDoors } from './account-doors.ts';
import { clocks } from './clocks.ts';
import type { Kernel } from './host.ts';
import { listening } from './listening.ts';
import { procReader } from './proc-reader.ts';
import { users } from './users.ts';

const OWN_PID_NAMESPACE = "this is a pid namespace of its own (run it in the host's: --pid=host)";

export const kernel: Kernel = {
  ...listening,
  reader: procReader({ args: true }),
  readerWithoutArgs: procReader({ args: false }),
  users,
  openPidfd,
  kill(pid, signal) {
    kill(pid, signal);
  },
  clocks,
  async openFacts(wishes) {
    // Programs in the kernel tell the numbers of the host.
    if (!isInitial('pid')) return { reason: OWN_PID_NAMESPACE };
    const { openFactPrograms } = await import('../bpf/fact-programs.ts');
    const opened = openFactPrograms(wishes);
    if ('reason' in opened) return opened;
    const { programs, mayRepeatEnds } = opened;
    return {
      mayRepeatEnds,
      bytes: programs.bytes,
      get held() {
        return programs.held;
      },
      look: (take) => programs.look(take),
      release: (position) => programs.release(position),
      takeLost: () => programs.takeLost(),
      onReadable: (listener) => programs.onReadable(listener),
      close: () => programs.close(),
    };
  },
  openCauses: async () => (await import('../bpf/cause-programs.ts')).openCausePrograms(),
  openAttempts: async (args) => (await import('../bpf/attempt-programs.ts')).openAttemptPrograms({ args }),
  openWalk: async () => (await import('./process-walk.ts')).openWalk(),
  accounts: accountDoors,
};

/** The real kernel behind the `Kernel` interface, and the facts about where this process runs. */
import { existsSync, readFileSync } from 'node:fs';
import { Failure } from '../errors.ts';
import { kill } from '../linux/libc.ts';
import { hasOtherClocks, isInitial } from '../linux/namespaces.ts';
import { openPidfd } from '../linux/pidfd.ts';
import type { Circumstances } from '../netlink/diagnose.ts';
import { accountDoors } from './account-doors.ts';
import { clocks } from './clocks.ts';
import type { Kernel } from './host.ts';
import { openConnector } from './netlink-socket.ts';
import { procReader } from './proc-reader.ts';
import { users } from './users.ts';

function connectorListed(): boolean {
  try {
    return readFileSync('/proc/net/connector', 'latin1').includes('cn_proc');
  } catch {
    return false;
  }
}

function circumstances(): Circumstances {
  return {
    connectorListed: connectorListed(),
    initialPidNamespace: isInitial('pid'),
    initialUserNamespace: isInitial('user'),
    hidesProcesses: !existsSync('/proc/self/stat'),
  };
}

/** The clocks of a time namespace are others than those of the events, and start times below /proc are told by them. */
function openOnOurClock(): ReturnType<typeof openConnector> {
  if (hasOtherClocks()) {
    throw new Failure(
      'unavailable',
      'this is a time namespace of its own, whose clocks are not those of the events',
      'run procwatch outside of it: nsenter --time=/proc/1/ns/time procwatch ...',
    );
  }
  return openConnector();
}

export const kernel: Kernel = {
  openConnector: openOnOurClock,
  reader: procReader({ args: true }),
  readerWithoutArgs: procReader({ args: false }),
  users,
  openPidfd,
  kill(pid, signal) {
    kill(pid, signal);
  },
  circumstances,
  clocks,
  async openFacts(wishes) {
    // Programs in the kernel tell the numbers of the host.
    if (!isInitial('pid')) return { reason: "this is a pid namespace of its own (run it in the host's: --pid=host)" };
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
  openWalk: async () => (await import('./process-walk.ts')).openWalk(),
  accounts: accountDoors,
};

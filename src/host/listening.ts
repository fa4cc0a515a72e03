/** What hearing of events needs of the system, and nothing else: it is loaded first, so that as little as possible is missed of the start. */
import { existsSync, readFileSync } from 'node:fs';
import { Failure } from '../errors.ts';
import { hasOtherClocks, isInitial } from '../linux/namespaces.ts';
import type { Circumstances } from '../netlink/diagnose.ts';
import type { OpenConnector } from '../netlink/socket.ts';
import type { Listening } from './host.ts';
import { openConnector } from './netlink-socket.ts';

function connectorListed(): boolean {
  try {
    return readFileSync('/proc/net/connector', 'latin1').includes('cn_proc');
  } catch {
    return false;
  }
}

function circumstances(): Circumstances {
  return {
    get connectorListed() {
      return connectorListed();
    },
    initialPidNamespace: isInitial('pid'),
    initialUserNamespace: isInitial('user'),
    hidesProcesses: !existsSync('/proc/self/stat'),
  };
}

const OTHER_CLOCKS = 'this is a time namespace of its own, whose clocks are not those of the events';

/** The clocks of a time namespace are others than those of the events, and start times below /proc are told by them. */
const openOnOurClock: OpenConnector = (datagrams) => {
  if (hasOtherClocks()) {
    throw new Failure(
      'unavailable',
      OTHER_CLOCKS,
      'run procwatch outside of it: nsenter --time=/proc/1/ns/time procwatch ...',
    );
  }
  return openConnector(datagrams);
};

/** Loaded only where there is no connector, or somebody wants it so. */
async function openRing(...args: Parameters<Listening['openRing']>): ReturnType<Listening['openRing']> {
  if (hasOtherClocks()) return { reason: OTHER_CLOCKS };
  return (await import('./ring.ts')).openRing(...args);
}

export const listening: Listening = { openConnector: openOnOurClock, openRing, circumstances };
